"""One engine a process, and `session_scope`: the only way into a transaction."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from core import logs
from core.db import postgres, row_level_security
from core.db.errors import Collided, DatabaseFull, DatabaseUnavailable, Deadlocked, NotYours, PoolerUnnamed
from core.db.postgres import Link
from core.db.principals import Principal, User, WorkerRole, require_allowed
from core.settings import Settings, WrongSetting

log = logs.get("db")

BUSY_TIMEOUT_MS = 15_000
BUSY_PAUSE_S = 0.01
LITTLE_ROOM_BYTES = 1_000_000  # with less than this, SQLite can't make the files that it keeps beside its own
DEADLOCKS = ("40P01", "40001")  # deadlock detected, serialization failure
UNPREPARED = ("26000", "42P05")  # a prepared statement is not there, or is there already
BETWEEN_ROWS = (
    *("23503", "23505"),  # foreign key, unique
    *("SQLITE_CONSTRAINT_FOREIGNKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"),
)


@dataclass(frozen=True)
class Database:
    """Engines, and what is known about what they lead to.

    `writing` begins SQLite transactions IMMEDIATE. `users` runs the transactions of users and of nobody: on Postgres
    it may have a login of its own, which can't become anything else.
    """

    engine: sa.Engine
    users: sa.Engine
    given_link: Link | None = None

    @property
    def writing(self) -> sa.Engine:
        return self.engine.execution_options(write=True)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def label(self) -> str:
        """What the database is, without any secret: `SQLite …` or `Postgres at host/name`."""
        url = self.engine.url
        if self.is_sqlite:
            return f"SQLite, {url.database}"
        return f"Postgres at {url.host or 'local socket'}/{url.database}"

    @cached_property
    def has_row_security(self) -> bool:
        """Whether each transaction needs a role; asked again after a migration. Raises DatabaseUnavailable."""
        if self.is_sqlite:
            return False
        with translated(), self.engine.connect() as connection:
            return row_level_security.applied(connection) is not None

    @cached_property
    def link(self) -> Link:
        """What stands before Postgres, as DATABASE_POOLER says or as found. Raises DatabaseUnavailable."""
        if self.given_link is not None or self.is_sqlite:
            return self.given_link or Link.DIRECT
        return postgres.find_link(self.engine.url.render_as_string(hide_password=False))

    def of(self, principal: Principal, *, write: bool = False) -> sa.Engine:
        """The engine whose transactions run as `principal`. Raises RuntimeError where a page asks for the worker's."""
        require_allowed(principal)
        engine = self.engine if isinstance(principal, WorkerRole) else self.users
        opening = postgres.opening(principal, has_row_security=self.has_row_security)
        return engine.execution_options(write=write, opening=opening)

    def changed(self) -> None:
        """A migration has run: what was known of roles is asked again."""
        self.__dict__.pop("has_row_security", None)

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self.users.dispose()


_current: Database | None = None


def connect_configured(config: Settings) -> Database:
    """Make the configured database this process's own and return it. Raises WrongSetting."""
    if config.user_database_url and config.database.startswith("sqlite"):
        raise WrongSetting(name="USER_DATABASE_URL", problem="it requires a DATABASE_URL that is Postgres")
    return connect(config.database, user_url=config.user_database, pooler=config.database_pooler)


def connect(url: str, *, user_url: str = "", pooler: str = "") -> Database:
    """Make `url` this process's database and return it; an earlier one is disposed of.

    user_url: the same Postgres by a login that may do what users may, and no more. pooler: "transaction", or what
    stands in between is found out.
    """
    global _current
    if _current is not None:
        _current.dispose()
    link = Link.TRANSACTION if pooler == "transaction" else None
    engine = _sqlite_engine(url) if url.startswith("sqlite") else postgres.engine(url, link=link)
    users = postgres.engine(user_url, link=link) if user_url else engine
    _current = Database(engine=engine, users=users, given_link=link)
    return _current


def is_connected() -> bool:
    """Whether `connect` was called in this process."""
    return _current is not None


def current() -> Database:
    """This process's database; `connect` comes first."""
    if _current is None:
        raise RuntimeError("core.db.connect(url) has not been called in this process")
    return _current


def _sqlite_engine(url: str) -> sa.Engine:
    path = Path(sa.make_url(url).database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"its folder {path.parent} can't be created ({error.strerror}); is DATA_DIR right?"
        raise DatabaseUnavailable(problem=problem) from error
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    opened: list[tuple[int, int]] = []  # the file that this engine's first connection opened

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        _write_ahead(connection)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if not opened and (identity := _identity(path)) is not None:
            opened.append(identity)

    # What is written to a file without a name is lost, and other processes open another one.
    @event.listens_for(engine, "do_connect")
    @event.listens_for(engine, "checkout")
    def _require_file(*_: Any) -> None:
        if opened and _identity(path) != opened[0]:
            raise DatabaseUnavailable(
                problem=f"{path} was removed or replaced while the app was running; restart the app"
            )

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes later fails at once when another has written
        # in between, whatever the timeout: so writers take the lock at the start.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, as often as it takes where others that start now do so too.

    SQLite refuses all but one of them at once, whatever the timeout: each holds the lock that another waits for.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= give_up_at:
                raise
            time.sleep(BUSY_PAUSE_S)
        else:
            return


def _identity(path: Path) -> tuple[int, int] | None:
    """What stays the same while `path` names the same file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def session_scope(user: Principal, *, write: bool = False) -> Iterator[Session]:
    """One transaction as `user`: committed at the end, rolled back on an error.

    Where the database has roles, it runs as the user's and is held to what they may do.

    With `write=False` nothing may be changed: a flush raises RuntimeError, so that a forgotten
    `write=True` is found by its first test. No session may be open while bytes move, a model
    predicts or another server is called. Raises DatabaseUnavailable, Deadlocked, Collided, NotYours.

    Who locks rows does so in this order: user, upload, model, task, prediction or batch job.
    """
    session = Session(current().of(user, write=write), expire_on_commit=False)
    session.info["user"] = user
    if not write:
        event.listen(session, "before_flush", _refuse_flush)
    with translated(), session:
        yield session
        if write:
            session.commit()


@contextmanager
def translated() -> Iterator[None]:
    """What the driver raises when the database is gone, locked or damaged becomes DatabaseUnavailable.

    And what it raises when another transaction was first becomes Deadlocked or Collided.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise DatabaseUnavailable(problem="all of its connections are in use") from error
    except sa.exc.IntegrityError as error:
        if _lost_a_race(error.orig):
            raise Collided from error
        raise
    except sa.exc.DatabaseError as error:
        sqlstate, problem = getattr(error.orig, "sqlstate", None), str(error.orig).partition("\n")[0]
        if sqlstate in DEADLOCKS:
            raise Deadlocked(problem=problem) from error
        if sqlstate in UNPREPARED:
            raise PoolerUnnamed(problem=problem) from error
        if sqlstate == postgres.NO_RIGHT:
            log.warning("the database refused a statement", problem=problem)
            raise NotYours from error
        if (full := _full(error.orig)) is not None:
            raise full from error
        # SQLite raises the base class itself for a file that is damaged, or no database at all
        if type(error) in (sa.exc.DatabaseError, sa.exc.OperationalError, sa.exc.InternalError):
            raise DatabaseUnavailable(problem=problem) from error
        raise


def _full(error: BaseException | None) -> DatabaseFull | None:
    """What to say where SQLite could not write, or not even open, a file because its disk has no room."""
    result = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if result not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return None
    path = Path(current().engine.url.database or "")
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return None
    if result != sqlite3.SQLITE_FULL and free >= LITTLE_ROOM_BYTES:
        return None  # it has another reason
    return DatabaseFull(problem=f"the disk of the database {path} has {free / 1e6:,.1f} MB free")


def _lost_a_race(error: BaseException | None) -> bool:
    """Whether a constraint was broken that holds between rows, so that another transaction may be why."""
    name = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return name in BETWEEN_ROWS


def _refuse_flush(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("this session_scope reads only; open it with write=True")


def owner(session: Session) -> UUID:
    """The id of the user this transaction runs for. Raises RuntimeError for any other role."""
    user = session.info["user"]
    if not isinstance(user, User):
        raise RuntimeError("a user's verb was called in another role")  # noqa: TRY004
    return user.id
