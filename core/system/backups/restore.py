"""Bringing a backup back, into an installation that is empty; what is there already and the same is left."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core import db, queue, storage
from core.db import migrate
from core.db.tables.users import UserRow
from core.errors import AppError, Clash
from core.settings import Settings
from core.storage import Storage
from core.storage.protocol import translated
from core.system import installation
from core.system.backups import manifest
from core.system.backups.backup import address, dump_of
from core.system.backups.manifest import BackedUpFile, Manifest, NotABackup

LOGS: Final = ("-wal", "-shm")  # what SQLite keeps beside a database's file

Tell = Callable[[str], object]


class NotEmpty(Clash):
    """A restore writes over nothing."""

    code = "installation_not_empty"
    message = "{problem}, so nothing was restored."
    hint = "Stop the app, move what is there to another place, and restore again."
    problem: str


class OtherDatabase(AppError):
    """The settings name a database of another kind than the backup is of."""

    code = "backup_of_another_database"
    message = "The backup is of {of}, but the settings name {found}. Nothing was restored."
    hint = "Set DATABASE_URL as it was when the backup was made."
    of: str
    found: str


@dataclass
class Restored:
    """What a restore has done. missing: keys of files that rows own and that neither backup nor storage has.

    n_written, n_kept: files that were written, and that were there with the same bytes. n_others: files in storage that
    are not in the backup.
    """

    made: Manifest
    missing: list[str] = field(default_factory=list)
    n_written: int = 0
    n_kept: int = 0
    n_others: int = 0


def restore(settings: Settings, source: Path, *, tell: Tell) -> Restored:
    """Files first and the database last, so that one which was broken off can be begun again.

    Raises NotABackup, OtherDatabase, NotEmpty, NewerSchema, DiskFull, StorageUnavailable, DatabaseUnavailable.
    """
    source = source.resolve()
    made = manifest.read(source)
    migrate.require_known(made.revision)
    kind = "sqlite" if settings.database.startswith("sqlite") else "postgres"
    if kind != made.database:
        raise OtherDatabase(of=made.database, found=kind)
    database = Path(sa.make_url(settings.database).database or "") if kind == "sqlite" else None
    if database is not None:
        _require_no_database(settings, database)
    files = storage.from_settings(settings)
    there = {
        one.key: one.size_bytes
        for one in files.entries("")
        if not one.key.startswith(installation.PLACE) and one.key.startswith(_places())
    }
    listed = list(manifest.read_list(source))
    _require_nothing_in_the_way(listed, there, source, files, made)
    restored = Restored(
        made, missing=list(made.missing), n_others=len(set(there) - {one.key for one in listed})
    )
    for one in listed:
        _restore_file(one, source, files, restored, is_there=one.key in there)
    if database is not None:
        _put_in_place(source / manifest.SNAPSHOT, database, sha256=str(made.database_sha256), source=source)
    else:
        tell("Restore Postgres with its own command, before you start the app:")
        tell(f"  {restore_line(settings, source)}")
    return restored


def restore_line(settings: Settings, source: Path) -> str:
    """The command that brings Postgres back, without a password."""
    command = ("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={address(settings)}")
    return shlex.join([*command, str(dump_of(source))])


def _places() -> tuple[str, ...]:
    return tuple(f"{place}/" for place in storage.PLACES)


def _require_no_database(settings: Settings, path: Path) -> None:
    """Raises NotEmpty for a database that somebody has worked with, or that an app is running on."""
    if not path.exists() or not path.stat().st_size:
        return
    db.connect_configured(settings)
    with db.session_scope(db.WORKER) as session:
        has_tables = sa.inspect(session.connection()).has_table(UserRow.__tablename__)
        has_people = has_tables and session.execute(sa.select(UserRow.id).limit(1)).first() is not None
        is_running = has_tables and bool(queue.workers.alive(session))
    db.current().dispose()
    if has_people:
        raise NotEmpty(problem=f"There is a database with data at {path}")
    if is_running:
        raise NotEmpty(problem=f"An app is running on the database at {path}")


def _require_nothing_in_the_way(
    listed: list[BackedUpFile], there: dict[str, int], source: Path, files: Storage, made: Manifest
) -> None:
    """Raises NotEmpty where storage has other bytes under a key of the backup."""
    others = [one.key for one in listed if one.key in there and not _is_same(one, there[one.key], files)]
    if others:
        problem = (
            f"Storage ({files.label}) has other files under {len(others):,} of the names, such as {others[0]}"
        )
        raise NotEmpty(problem=problem)
    if made.has_files and (lost := [one.key for one in listed if not _of(source, one).is_file()]):
        some = f"{len(lost):,} of its files are missing, such as {lost[0]}"
        raise NotABackup(folder=str(source), problem=some)


def _is_same(one: BackedUpFile, size_bytes: int, files: Storage) -> bool:
    if size_bytes != one.size_bytes:
        return False
    if one.sha256 is None:
        return True
    with files.open(one.key) as stream:
        return manifest.hashed(stream)[1] == one.sha256


def _restore_file(
    one: BackedUpFile, source: Path, files: Storage, restored: Restored, *, is_there: bool
) -> None:
    if is_there:
        restored.n_kept += 1
    elif not restored.made.has_files:
        restored.missing.append(one.key)
    else:
        with _of(source, one).open("rb") as stream:
            if manifest.hashed(stream) != (one.size_bytes, one.sha256):
                raise NotABackup(folder=str(source), problem=f"its file {one.key} was changed")
        files.put(one.key, _of(source, one))
        restored.n_written += 1


def _of(source: Path, one: BackedUpFile) -> Path:
    return source / manifest.FILES / one.key


def _put_in_place(snapshot: Path, database: Path, *, sha256: str, source: Path) -> None:
    """Give the copy its name when it is whole; an empty database that an app has made goes."""
    copy = database.with_name(f"{database.name}.restoring")
    with translated(database.parent):
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(snapshot, copy)
        with copy.open("rb+") as stream:
            if manifest.hashed(stream)[1] != sha256:
                raise NotABackup(folder=str(source), problem=f"its {manifest.SNAPSHOT} can't be read")
            os.fsync(stream.fileno())
        for log in LOGS:
            database.with_name(database.name + log).unlink(missing_ok=True)
        copy.replace(database)
