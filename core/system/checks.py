"""The checks of an installation: each is a line that is fine, worth a look, or broken with its cure."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from core import db, queue, storage
from core.check import Check as Check
from core.check import State as State
from core.db import migrate
from core.db.tables.tasks import TaskRow
from core.errors import AppError, counted
from core.settings import Settings
from core.system import external_services, sign_in_check, storage_consistency

LOW_ROOM_BYTES = 1_000_000_000
LONG_WAIT_S = 300.0
RETRIED_S = 3_600.0
N_FAILURES = 20
KINDS = {"predictions.score": "scores", "models.train": "trains"}


@dataclass(frozen=True)
class Failure:
    """A task that failed lately, as whoever runs the app wants to see it."""

    task_id: str
    kind: str
    at: datetime
    message: str
    traceback: str


def run(
    settings: Settings, *, principal: db.Principal = db.WORKER, now: datetime | None = None
) -> list[Check]:
    """Every check, worst first within the order of the parts. Never raises: what goes wrong is a line.

    asker: of tasks and files only what they may see is counted; depth and workers are everybody's to know.
    Makes nothing: where there is no database, that alone is told.
    """
    now = now or datetime.now(UTC)
    if missing := list(_lines("Database", "Database", lambda: missing_database(settings))):
        return missing
    found = list(_lines("Database", "Database", lambda: _database(settings, principal)))
    has_database = worst(found) is not State.BROKEN
    lost = list(_lines("Storage", "Kept", lambda: _kept(settings, principal))) if has_database else []
    # The check of the folder would make it anew: where it is gone, that is for a backup to do.
    found += lost or _lines("Storage", "Files", lambda: _storage(settings))
    found += _lines("Storage", "Room", lambda: _room(settings))
    if has_database:
        found += _lines("Queue", "Queue", lambda: _queue(settings, now, principal))
    found += _lines("Sign-in", "Provider", lambda: sign_in_check.sign_in(settings))
    found += _lines("SQS", "Reachable", lambda: external_services.sqs(settings))
    found += _lines("Keys", "Keys", lambda: external_services.keys(settings))
    if has_database:
        found += _lines("Workers", "Workers", lambda: _workers(now, principal))
    return sorted(found, key=lambda check: check.state is not State.BROKEN)


def worst(found: Sequence[Check]) -> State:
    """The state of the whole."""
    states = {check.state for check in found}
    return next((state for state in (State.BROKEN, State.WARN) if state in states), State.OK)


def failures(*, principal: db.Principal = db.WORKER, limit: int = N_FAILURES) -> list[Failure]:
    """The newest failed tasks, newest first: the asker's own, an admin's and the shell's of all users.

    Raises DatabaseUnavailable.
    """
    rows = sa.select(TaskRow).where(TaskRow.state == queue.TaskState.FAILED)
    if isinstance(principal, db.User) and principal.role != "admin":
        rows = rows.where(TaskRow.user_id == principal.id)
    with db.session_scope(principal) as session:
        found = session.execute(rows.order_by(TaskRow.finished_at.desc()).limit(limit)).scalars().all()
    return [
        Failure(
            task_id=str(row.id),
            kind=row.kind,
            at=row.finished_at or row.created_at,
            message=(row.error or {}).get("message", ""),
            traceback=(row.error or {}).get("traceback", ""),
        )
        for row in found
    ]


def _lines(part: str, name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except AppError as error:
        yield Check(part, name, State.BROKEN, error.message, error.hint)
    except OSError as error:
        message = f"{error.filename or 'A file'} can't be looked at ({error.strerror or error})."
        yield Check(
            part, name, State.BROKEN, message, "Let the user that runs this read it, then check again."
        )


def missing_database(settings: Settings) -> Iterator[Check]:
    """A line when this process has no database yet and would make an empty one by connecting."""
    url = sa.make_url(settings.database)
    if db.is_connected() or url.get_backend_name() != "sqlite" or not url.database:
        return
    if not Path(url.database).exists():
        setting = "DATABASE_URL" if settings.database_url else "DATA_DIR"
        message = f"There is no database at {url.database}; is {setting} right?"
        hint = "`make run` makes one. If there was one, stop the app and restore it from a backup."
        yield Check("Database", "Reachable", State.BROKEN, message, hint)


def _database(settings: Settings, principal: db.Principal) -> Iterator[Check]:
    database = db.connect_configured(settings) if not db.is_connected() else db.current()
    with db.session_scope(principal) as session:
        session.execute(sa.select(1))
    yield Check("Database", "Reachable", State.OK, database.label)
    yield from _link(database)
    at, head = migrate.revision(database), migrate.head()
    if at == head:
        yield Check("Database", "Schema", State.OK, f"At revision {at}, the newest.")
    else:
        message = f"At revision {at}, but this version needs {head}." if at else "It has no tables yet."
        hint = "Run: python -m core.db upgrade (starting the app does the same)."
        yield Check("Database", "Schema", State.BROKEN, message, hint)


def _link(database: db.Database) -> Iterator[Check]:
    """Of Postgres alone: what stands before it, and whether it holds users apart by itself."""
    if database.is_sqlite:
        return
    message = {
        db.Link.DIRECT: "Straight to the server; workers hear of new work at once.",
        db.Link.SESSION: "Through a pooler, with a connection for each session; workers hear of new work at once.",
        db.Link.TRANSACTION: "Through a pooler, with a connection for one transaction: nothing is prepared, and it "
        f"passes on no word of new work, so workers ask for it every {queue.ASK_S:g} s.",
    }
    yield Check("Database", "Connection", State.OK, message[database.link])
    if not database.has_row_security:
        rows = "This Postgres has none of Supabase's roles: the app alone keeps users apart."
    elif database.users is database.engine:
        rows = "Row-level security. Pages share the workers' login; USER_DATABASE_URL would part them."
    else:
        rows = "Row-level security. Pages have a login of their own."
    yield Check("Database", "Rows", State.OK, rows)


def _storage(settings: Settings) -> Iterator[Check]:
    files = storage.from_settings(settings)
    files.check()
    yield Check("Storage", "Writable", State.OK, files.label)


def _kept(settings: Settings, principal: db.Principal) -> Iterator[Check]:
    """A line only when files are gone that there must be."""
    files = storage.from_settings(settings)
    if lost := storage_consistency.missing(files, principal):
        what = " and ".join(f"the newest {resource}" for resource in lost)
        message = f"{what[0].upper()}{what[1:]} {'is' if len(lost) == 1 else 'are'} gone ({files.label})."
        hint = "Stop the app, restore the folder from a backup, and start it again."
        yield Check("Storage", "Kept", State.BROKEN, message, hint)


def _room(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir.resolve()
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:,.1f} GB free in {folder}."
    if free < LOW_ROOM_BYTES:
        yield Check(
            "Storage", "Room", State.WARN, message, "Free some space, or point DATA_DIR to a larger disk."
        )
    else:
        yield Check("Storage", "Room", State.OK, message)


def _queue(settings: Settings, now: datetime, principal: db.Principal) -> Iterator[Check]:
    with db.session_scope(principal) as session:
        backlog = queue.backlog(session)
        n_workers = len(queue.workers.alive(session))
        retried = queue.retried(session, within_s=RETRIED_S)
    if retried.last_at is not None:
        ago = _span((now - retried.last_at).total_seconds())
        told = counted(retried.n, "task of the last hour was|tasks of the last hour were")
        message = f"{told} not done at the first attempt; the newest such attempt began {ago} ago."
        hint = (
            "A process was killed, or a part did not answer: the app's log says which, and when. "
            "Where it was killed, there may be too little memory."
        )
        yield Check("Queue", "Attempts", State.WARN, message, hint)
    carrier = "messages of SQS" if settings.predictions_queue_url else "the database's own table"
    message = f"{backlog.n_queued:,} waiting, {backlog.n_running:,} running; carried by {carrier}."
    if backlog.oldest_at is None:
        yield Check("Queue", "Backlog", State.OK, message)
        return
    waited_s = (now - backlog.oldest_at).total_seconds()
    message = f"{message} The oldest has waited {_span(waited_s)}."
    if n_workers == 0:
        hint = "Start a worker (make worker), or start the app with WORKERS=1, or process them by hand."
        yield Check("Queue", "Backlog", State.BROKEN, f"{message} No worker takes them.", hint)
    elif waited_s > LONG_WAIT_S:
        hint = "Start more workers: make worker, on this machine or another."
        yield Check("Queue", "Backlog", State.WARN, message, hint)
    else:
        yield Check("Queue", "Backlog", State.OK, message)
    if backlog.n_abandoned:
        message = f"{counted(backlog.n_abandoned, 'task was|tasks were')} abandoned by a worker that is gone."
        yield Check(
            "Queue",
            "Abandoned",
            State.WARN,
            message,
            "The next worker takes them up; start one if none is alive.",
        )


def _workers(now: datetime, principal: db.Principal) -> Iterator[Check]:
    with db.session_scope(principal) as session:
        alive, doing = queue.workers.alive(session), queue.workers.doing(session)
        last_seen = queue.workers.last_seen(session)
    for worker in alive:
        where = "inside the app" if worker.is_embedded else "on its own"
        since = f"alive for {_span((now - worker.started_at).total_seconds())}"
        does = _does(worker, [one for one in doing if one.worker_id == worker.id], now)
        message = f"{worker.host}, process {worker.pid}, {where}, version {worker.version}, {since}: {does}."
        yield Check("Workers", "Alive", State.OK, message)
    if not alive:
        since = (
            f"The last was seen {_span((now - last_seen).total_seconds())} ago."
            if last_seen
            else "None ever was."
        )
        yield Check(
            "Workers",
            "Alive",
            State.WARN,
            f"No worker is running. {since}",
            "Start one: make worker, or start the app with WORKERS=1. Until then work is done by hand.",
        )


def _does(worker: queue.workers.Worker, doing: Sequence[queue.workers.Doing], now: datetime) -> str:
    """What a worker does now and since when, and how much it could."""
    told = [
        f"{KINDS.get(one.kind, one.kind)} for {_span((now - one.since).total_seconds())}"
        + (f" ({one.done:,} of {one.total:,})" if one.total else "")
        for one in doing
    ]
    if worker.slots:
        return f"{', '.join(told) or 'waits for work'}; {worker.slots} at a time"
    return f"{', '.join(told)}; nothing more, for it is told to end" if told else "its process is starting"


def _span(seconds: float) -> str:
    """A stretch of time in the one unit that says enough."""
    for unit, length_s in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
