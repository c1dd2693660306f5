"""One engine a process, and `session_scope`: the only way into a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.errors import AppError

BUSY_TIMEOUT_MS = 15_000
DEADLOCKS = ("40P01", "40001")  # deadlock detected, serialization failure
BETWEEN_ROWS = (
    *("23503", "23505"),  # foreign key, unique
    *("SQLITE_CONSTRAINT_FOREIGNKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"),
)


class DatabaseUnavailable(AppError):
    """The database can't be reached, is locked for too long, or can't write."""

    code = "database_unavailable"
    says = "The database can't be used right now: {problem}."
    cure = "Check that it runs and has room, then try again."
    problem: str


class Deadlocked(DatabaseUnavailable):
    """The database ended this transaction because it and another one waited for each other."""

    code = "deadlocked"
    says = "Somebody else was changing the same things at the same moment, so nothing was done."
    cure = "Try again."


class Collided(AppError):
    """What was to be written builds on a row that is gone, or repeats one that must be unique."""

    code = "collided"
    says = "Somebody else changed the same thing at the same moment, so nothing was done."
    cure = "Look at its present state, then try again."


@dataclass(frozen=True)
class User:
    """Who a transaction runs for; sees what is theirs.

    via, address: by what they came in (session, token, jwt, local or shell) and from where, for the audit trail.
    """

    id: UUID
    name: str
    role: str = "analyst"
    email: str | None = field(default=None, compare=False)
    via: str = field(default="", compare=False)
    address: str = field(default="", compare=False)


@dataclass(frozen=True)
class WorkerRole:
    """The role of workers and of the installation itself: sees every user's rows."""


@dataclass(frozen=True)
class Nobody:
    """Before it is known who asks: a session or token may be looked up by its hash, and a refusal be noted."""


WORKER = WorkerRole()
NOBODY = Nobody()


@dataclass(frozen=True)
class Database:
    """An engine and what is known about it. `writing` begins SQLite transactions IMMEDIATE."""

    engine: sa.Engine
    writing: sa.Engine

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


_current: Database | None = None


def connect(url: str) -> Database:
    """Make `url` this process's database and return it; an earlier one is disposed of."""
    global _current
    if _current is not None:
        _current.engine.dispose()
    engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgres_engine(url)
    _current = Database(engine=engine, writing=engine.execution_options(write=True))
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
        problem = f"its folder {path.parent} can't be made ({error.strerror}); is DATA_DIR right?"
        raise DatabaseUnavailable(problem=problem) from error
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    opened: list[tuple[int, int]] = []  # the file that this engine's first connection opened

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if not opened and (identity := _identity(path)) is not None:
            opened.append(identity)

    # What is written to a file without a name is lost, and other processes open another one.
    @event.listens_for(engine, "do_connect")
    @event.listens_for(engine, "checkout")
    def _require_file(*_: Any) -> None:
        if opened and _identity(path) != opened[0]:
            raise DatabaseUnavailable(
                problem=f"{path} was removed or replaced under the app; restart the app"
            )

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes later fails at once when another has written
        # in between, whatever the timeout: so writers take the lock at the start.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """What stays the same while `path` names the same file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgres_engine(url: str) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=20,
        connect_args={
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
        },
    )


@contextmanager
def session_scope(user: User | WorkerRole | Nobody, *, write: bool = False) -> Iterator[Session]:
    """One transaction as `user`: committed at the end, rolled back on an error.

    With `write=False` nothing may be changed: a flush raises RuntimeError, so that a forgotten
    `write=True` is found by its first test. No session may be open while bytes move, a model
    predicts or another server is called. Raises DatabaseUnavailable, Deadlocked, Collided.

    Who locks rows does so in this order: user, upload, model, task, prediction.
    """
    database = current()
    session = Session(database.writing if write else database.engine, expire_on_commit=False)
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
        raise DatabaseUnavailable(problem="all of its connections are busy") from error
    except sa.exc.IntegrityError as error:
        if _lost_a_race(error.orig):
            raise Collided from error
        raise
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlstate", None) in DEADLOCKS:
            raise Deadlocked(problem=str(error.orig).splitlines()[0]) from error
        # SQLite raises the base class itself for a file that is damaged, or no database at all
        if type(error) in (sa.exc.DatabaseError, sa.exc.OperationalError, sa.exc.InternalError):
            raise DatabaseUnavailable(problem=str(error.orig).splitlines()[0]) from error
        raise


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
