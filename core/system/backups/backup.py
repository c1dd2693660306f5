"""Making a backup while the app runs and writes."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

import core
from core import db, storage
from core.db import migrate
from core.db.row_rules import SCHEMA
from core.errors import AppError, Clash, Unavailable
from core.settings import Settings
from core.storage import Listed, LocalStorage, Storage
from core.storage.protocol import translated
from core.system import database_checks, installation, storage_consistency, unreferenced_files
from core.system.backups import manifest
from core.system.backups.manifest import BackedUpFile, Manifest

N_SNAPSHOTS: Final = 5  # more than two are needed only where somebody deletes again and again

Tell = Callable[[str], object]


class FolderTaken(Clash):
    """A backup is made in a folder of its own."""

    code = "folder_taken"
    message = "{folder} is not empty, so no backup was made there."
    hint = "Name a folder that does not exist yet."
    folder: str


class FolderInside(AppError):
    """A backup among the files that it is of would be part of the next one."""

    code = "folder_inside"
    message = "{folder} is inside the folder of the app's own files ({files})."
    hint = "Name a folder elsewhere, best on another disk."
    folder: str
    files: str


class NothingToBackUp(Unavailable):
    """There is no database."""

    code = "nothing_to_back_up"
    message = "{problem}"
    hint = "Run this with the settings of the app: the same .env, DATA_DIR and DATABASE_URL."
    problem: str


def make(settings: Settings, target: Path, *, tell: Tell) -> Manifest:
    """Back everything up to `target`, which appears as a whole. tell: takes lines for whoever asked.

    Raises FolderTaken, FolderInside, NothingToBackUp, NewerSchema, OlderSchema, DiskFull, StorageUnavailable,
    DatabaseUnavailable.
    """
    target, files = target.resolve(), storage.from_settings(settings)
    if isinstance(files, LocalStorage) and target.is_relative_to(files.root):
        raise FolderInside(folder=str(target), files=str(files.root))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FolderTaken(folder=str(target))
    if missing := next(database_checks.missing(settings), None):
        raise NothingToBackUp(problem=missing.message)
    database = db.connect_configured(settings) if not db.is_connected() else db.current()
    migrate.require_head(database)
    with _made_whole(target) as folder:
        made = _with_sqlite(folder, files) if database.is_sqlite else _with_postgres(folder, files)
    if not database.is_sqlite:
        tell("Postgres is copied by its own command. Run it before each backup: rows point to files.")
        tell(f"  {dump_line(settings, target)}")
    if not made.has_files:
        tell(f"The files stay in {files.label}: turn on versioning or backups there. The backup lists them.")
    return made


def dump_line(settings: Settings, target: Path) -> str:
    """The command that copies Postgres, without a password: it asks for that, or finds it where Postgres looks."""
    schemas = [
        f"--schema={name}" for name in ("public", SCHEMA)
    ]  # in a project of Supabase others' are beside them
    to = f"--file={dump_of(target)}"
    return shlex.join(["pg_dump", "--format=custom", *schemas, to, f"--dbname={address(settings)}"])


def dump_of(folder: Path) -> Path:
    """Where Postgres's own copy lies: beside the backup, as it is made first."""
    return folder.with_name(f"{folder.name}.dump")


def address(settings: Settings) -> str:
    """Of Postgres, without a password."""
    url = sa.make_url(settings.database)
    bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.difference_update_query(["password"]).render_as_string(hide_password=False)


@contextmanager
def _made_whole(target: Path) -> Iterator[Path]:
    """A folder that gets its name at the end, and is gone if that does not come."""
    folder = target.with_name(f"{target.name}.unfinished-{uuid4().hex}")
    with translated(target.parent):
        folder.mkdir(parents=True)
    try:
        yield folder
        with translated(target.parent):
            folder.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _with_sqlite(folder: Path, files: Storage) -> Manifest:
    """Snapshot and files, until no row of the snapshot misses a file that a newer snapshot does not miss too."""
    copied: dict[str, BackedUpFile] = {}
    missing: set[str] = set()
    for _ in range(N_SNAPSHOTS):
        sha256 = snapshot(folder / manifest.SNAPSHOT)
        engine = sa.create_engine(f"sqlite:///{folder / manifest.SNAPSHOT}", poolclass=sa.NullPool)
        with Session(engine) as session:
            copied = _copied(session, folder, files, before=copied)
            before, missing = missing, storage_consistency.every_key(session) - set(copied)
        engine.dispose()
        if missing <= before:
            break
    return _written(folder, files, copied, missing, database="sqlite", database_sha256=sha256)


def _with_postgres(folder: Path, files: Storage) -> Manifest:
    with db.session_scope(db.WORKER) as session:
        expected = storage_consistency.every_key(session)
    copied = _copied(None, folder, files, before={})
    return _written(folder, files, copied, expected - set(copied), database="postgres", database_sha256=None)


def snapshot(path: Path) -> str:
    """Copy the database as it is at one moment, over an earlier copy; its hash. Writers go on meanwhile.

    Raises DatabaseUnavailable, DiskFull.
    """
    path.unlink(missing_ok=True)
    with db.translated(), db.current().engine.connect() as connection:
        live = connection.connection.driver_connection
        assert isinstance(live, sqlite3.Connection)
        with _copy_to(path) as copy:
            live.rollback()  # the backup reads in a transaction of its own
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    with path.open("rb") as stream:
        return manifest.hashed(stream)[1]


@contextmanager
def _copy_to(path: Path) -> Iterator[sqlite3.Connection]:
    copy = sqlite3.connect(path)
    try:
        yield copy
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise storage.DiskFull(place=str(path.parent)) from error
        raise db.DatabaseUnavailable(problem=str(error)) from error
    except sqlite3.DatabaseError as error:  # it is damaged
        raise db.DatabaseUnavailable(problem=str(error)) from error
    finally:
        copy.close()


def _copied(
    session: Session | None, folder: Path, files: Storage, *, before: dict[str, BackedUpFile]
) -> dict[str, BackedUpFile]:
    """What rows own, by key, copied where it was not before; what they own no more is removed from the copy."""
    found: dict[str, BackedUpFile] = {}
    of_ours = (one for one in files.entries("") if not one.key.startswith(installation.PLACE))
    for one in unreferenced_files.owned_among(of_ours, session):
        copy = before.get(one.key) or _copy(one, folder, files)
        if copy is not None:
            found[one.key] = copy
    for key in set(before) - set(found):
        (folder / manifest.FILES / key).unlink(missing_ok=True)
    return found


def _copy(one: Listed, folder: Path, files: Storage) -> BackedUpFile | None:
    """None where it was deleted just now."""
    if not isinstance(files, LocalStorage):
        return BackedUpFile(one.key, one.size_bytes, None)
    path = folder / manifest.FILES / one.key
    try:
        source = files.open(one.key)
    except storage.NotStored:
        return None
    with source, translated(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            size_bytes, sha256 = manifest.hashed(source, stream.write)
    return BackedUpFile(one.key, size_bytes, sha256)


def _written(
    folder: Path,
    files: Storage,
    copied: dict[str, BackedUpFile],
    missing: set[str],
    *,
    database: str,
    database_sha256: str | None,
) -> Manifest:
    made = Manifest(
        format=manifest.FORMAT,
        version=core.__version__,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        database=database,
        revision=migrate.head(),
        database_sha256=database_sha256,
        storage=files.label,
        has_files=isinstance(files, LocalStorage),
        n_files=len(copied),
        size_bytes=sum(one.size_bytes for one in copied.values()),
        list_sha256=manifest.write_list(folder, (copied[key] for key in sorted(copied))),
        missing=tuple(sorted(missing)),
    )
    os.sync()  # what says that all is there comes to the disk behind all the rest
    manifest.write(folder, made)
    return made
