"""The checks of an installation: each is a line that is fine, worth a look, or broken with its cure."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core import db, queue, storage
from core.db import migrate
from core.db.tables import TaskRow
from core.errors import AppError, counted
from core.settings import Settings

LOW_ROOM_BYTES = 1_000_000_000
LONG_WAIT_S = 300.0
N_FAILURES = 20


class State(StrEnum):
    """OK; WARN: it works, but somebody should look; BROKEN: something can't be done until it is mended."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """One line. says: what was found. cure: what to do; empty when all is well."""

    part: str
    name: str
    state: State
    says: str
    cure: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Failure:
    """A task that failed lately, as whoever runs the app wants to see it."""

    task_id: str
    kind: str
    at: datetime
    message: str
    traceback: str


def run(settings: Settings, *, now: datetime | None = None) -> list[Check]:
    """Every check, worst first within the order of the parts. Never raises: what goes wrong is a line."""
    now = now or datetime.now(UTC)
    found = [
        *_lines("Database", "Database", lambda: _database(settings)),
        *_lines("Storage", "Files", lambda: _storage(settings)),
    ]
    if not any(check.part == "Database" and check.state is State.BROKEN for check in found):
        found += _lines("Queue", "Queue", lambda: _queue(now))
        found += _lines("Workers", "Workers", lambda: _workers(now))
    return sorted(found, key=lambda check: check.state is not State.BROKEN)


def worst(found: Sequence[Check]) -> State:
    """The state of the whole."""
    states = {check.state for check in found}
    return next((state for state in (State.BROKEN, State.WARN) if state in states), State.OK)


def failures(*, limit: int = N_FAILURES) -> list[Failure]:
    """The newest failed tasks of all users, newest first. Raises DatabaseUnavailable."""
    rows = sa.select(TaskRow).where(TaskRow.state == queue.TaskState.FAILED)
    with db.session_scope(db.WORKER) as session:
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


def _database(settings: Settings) -> Iterator[Check]:
    database = db.connect(settings.database) if not db.is_connected() else db.current()
    with db.session_scope(db.WORKER) as session:
        session.execute(sa.select(1))
    yield Check("Database", "Reachable", State.OK, database.label)
    at, head = migrate.revision(database), migrate.head()
    if at == head:
        yield Check("Database", "Schema", State.OK, f"At revision {at}, the newest.")
    else:
        says = f"At revision {at}, but this version needs {head}." if at else "It has no tables yet."
        cure = "Run: python -m core.db upgrade (starting the app does the same)."
        yield Check("Database", "Schema", State.BROKEN, says, cure)


def _storage(settings: Settings) -> Iterator[Check]:
    files = storage.from_settings(settings)
    files.check()
    yield Check("Storage", "Writable", State.OK, files.label)
    folder = settings.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:,.1f} GB free in {folder}."
    if free < LOW_ROOM_BYTES:
        yield Check(
            "Storage", "Room", State.WARN, says, "Free some space, or point DATA_DIR to a larger disk."
        )
    else:
        yield Check("Storage", "Room", State.OK, says)


def _queue(now: datetime) -> Iterator[Check]:
    with db.session_scope(db.WORKER) as session:
        backlog = queue.backlog(session)
        n_workers = len(queue.workers.alive(session))
    says = (
        f"{backlog.n_queued:,} waiting, {backlog.n_running:,} running; carried by the database's own table."
    )
    if backlog.oldest_at is None:
        yield Check("Queue", "Backlog", State.OK, says)
        return
    waited_s = (now - backlog.oldest_at).total_seconds()
    says = f"{says} The oldest has waited {_span(waited_s)}."
    if n_workers == 0:
        cure = "Start a worker (make worker), or start the app with WORKERS=1, or process them by hand."
        yield Check("Queue", "Backlog", State.BROKEN, f"{says} No worker takes them.", cure)
    elif waited_s > LONG_WAIT_S:
        cure = "Start more workers: make worker, on this machine or another."
        yield Check("Queue", "Backlog", State.WARN, says, cure)
    else:
        yield Check("Queue", "Backlog", State.OK, says)
    if backlog.n_abandoned:
        says = f"{counted(backlog.n_abandoned, 'task was|tasks were')} abandoned by a worker that is gone."
        yield Check(
            "Queue",
            "Abandoned",
            State.WARN,
            says,
            "The next worker takes them up; start one if none is alive.",
        )


def _workers(now: datetime) -> Iterator[Check]:
    with db.session_scope(db.WORKER) as session:
        alive = queue.workers.alive(session)
        last_seen = queue.workers.last_seen(session)
    for worker in alive:
        where = "inside the app" if worker.is_embedded else "on its own"
        says = f"{worker.host}, process {worker.pid}, {where}; {worker.slots} at a time, version {worker.version}."
        yield Check("Workers", "Alive", State.OK, says)
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


def _span(seconds: float) -> str:
    """A stretch of time in the one unit that says enough."""
    for unit, length_s in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
