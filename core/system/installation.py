"""Whose files these are: each database leaves a mark in the storage that it uses.

A database whose file was removed is made anew at the next start, empty. Beside the files of the one before, that is no
new installation: whatever is written to it would be lost with the restore of a backup, and all files would look as if
nothing referred to them. So a new database is begun only beside an empty storage, and files without rows are removed
only where the database's mark is the only one. The id of the local user, which the first start makes at random, names
the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from core import db, storage
from core.check import Check, State
from core.db.tables.users import UserRow
from core.errors import Unavailable
from core.room import CheckContext
from core.storage import Storage

PLACE: Final = "installations/"
N_COUNTED: Final = 10_000
NOTE: Final = (
    b"The files here belong to the Model Desk whose database has a local user with this name as id.\n"
)


class FilesOfAnotherDatabase(Unavailable):
    """The database is new, the storage is not."""

    code = "files_of_another_database"
    message = "The database is new and empty, but storage has {n:file} of an earlier one ({place}). Nothing was added."
    hint = (
        "Stop the app and restore the database from its backup: `python -m core.system restore FOLDER`. To begin anew "
        "instead, choose an empty place for files with DATA_DIR or STORAGE_URL."
    )
    n: int
    place: str


class StorageShared(Unavailable):
    """The storage is not the database's alone, or it is not known whether it is."""

    code = "storage_shared"
    message = "It is not certain that all files in {place} belong to this database, so none was removed."
    hint = "Start the app once with these settings; then the System page says what else uses that storage."
    place: str


class Belonging(Enum):
    """How database and storage go together."""

    OURS = "ours"
    SHARED = "shared"  # another database has left its mark, too
    UNMARKED = "unmarked"  # as with an earlier version, or before the first start


def database_id(principal: db.Principal = db.WORKER) -> UUID | None:
    """What names the database; None where its first start is yet to come. Raises DatabaseUnavailable."""
    with db.session_scope(db.NOBODY if isinstance(principal, db.User) else principal) as session:
        return session.execute(sa.select(UserRow.id).where(UserRow.is_local)).scalar_one_or_none()


def belonging(files: Storage, database: UUID | None) -> Belonging:
    """Raises StorageUnavailable."""
    marks = {key.removeprefix(PLACE) for key in files.keys(PLACE)}
    if marks - {str(database)}:
        return Belonging.SHARED
    return Belonging.OURS if marks else Belonging.UNMARKED


def require_ours(files: Storage, principal: db.Principal = db.WORKER) -> None:
    """Raises FilesOfAnotherDatabase for a database without people beside a storage with files, StorageUnavailable."""
    if _has_people(principal):
        return
    n = sum(1 for place in (PLACE, *storage.PLACES) for _ in islice(files.entries(place), N_COUNTED))
    if n and not _has_people(principal):  # another process may have begun this very installation meanwhile
        raise FilesOfAnotherDatabase(n=n, place=files.label)


def require_alone(files: Storage) -> None:
    """Raises StorageShared, FilesOfAnotherDatabase, StorageUnavailable."""
    require_ours(files)
    database = database_id()
    if database is None or belonging(files, database) is not Belonging.OURS:
        raise StorageShared(place=files.label)


def mark(files: Storage, database: UUID, *, staging_dir: Path) -> None:
    """Leave the database's mark where it is missing. Raises StorageUnavailable, DiskFull."""
    key = f"{PLACE}{database}"
    try:
        files.stat(key)
    except storage.NotStored:
        with storage.stage(staging_dir) as staged:
            staged.write(NOTE)
            staged.close()
            files.replace(key, staged.path)


def check(context: CheckContext) -> Iterator[Check]:
    """A line only where database and storage don't go together."""
    files = storage.from_settings(context.settings)
    try:
        require_ours(files, context.principal)
        found = belonging(files, database_id(context.principal))
    except FilesOfAnotherDatabase as error:
        yield Check("Database", "Files", State.BROKEN, error.message, error.hint)
    except storage.StorageUnavailable:
        return  # as another line says
    else:
        if found is Belonging.SHARED:
            message = f"Another database has used the same storage ({files.label})."
            hint = (
                "Give each a place of its own (STORAGE_URL). Until then, files that nothing refers to are kept. "
                f"If the other database is gone for good, remove its mark below {PLACE}."
            )
            yield Check("Storage", "Shared", State.WARN, message, hint)


def _has_people(principal: db.Principal) -> bool:
    """Whether anybody is known; nobody sees the local user alone."""
    if isinstance(principal, db.User):
        return True
    with db.session_scope(principal) as session:
        return session.execute(sa.select(UserRow.id).limit(1)).first() is not None
