"""A desk with runners in this process and real children, on each kind of database."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core import db, queue, storage
from core.db.tables.tasks import TaskRow
from core.settings import Settings
from core.worker.runner import Runner
from core.worker.slots import Slot
from tests.clocks import JumpingClock
from tests.faults import steps
from tests.servers.waiting import PATIENCE_S, wait_for

MODULES = ("tests.faults.steps",)


class Desk:
    """Tasks and the runners that do them."""

    def __init__(self, settings: Settings, user: db.User, note: Path) -> None:
        self.settings = settings
        self.user = user
        self._note = note
        self.time = JumpingClock()
        self._runners: list[Runner] = []

    def runner(self, *, slots: int = 1, modules: Sequence[str] = MODULES, **settings: Any) -> Runner:
        """A started runner; `settings` differ from the desk's."""
        config = self.settings.model_copy(update=settings)
        runner = Runner(config, slots=slots, is_embedded=True, modules=modules, now=self.time.now)
        runner.start()
        self._runners.append(runner)
        return runner

    def stop(self) -> None:
        for runner in self._runners:
            assert runner.stop(timeout_s=PATIENCE_S), "a runner did not end"

    def add(self, **options: Any) -> UUID:
        options.setdefault("note", str(self._note))
        with db.session_scope(self.user, write=True) as session:
            return steps.enqueue(session, user=self.user, **options)

    def cancel(self, task_id: UUID) -> queue.Task:
        with db.session_scope(self.user, write=True) as session:
            return queue.cancel(session, task_id=task_id)

    def row(self, task_id: UUID) -> TaskRow:
        with db.session_scope(db.WORKER) as session:
            row = session.get(TaskRow, task_id)
            assert row is not None
            return row

    def wait(self, task_id: UUID, *states: str, deadline_s: float = PATIENCE_S) -> TaskRow:
        """The task's row once it is in one of `states`, or settled."""
        wanted = states or tuple(queue.SETTLED)
        wait_for(
            lambda: self.row(task_id).state in wanted,
            deadline_s=deadline_s,
            what=f"task to be {' or '.join(wanted)}",
        )
        return self.row(task_id)

    def wait_done(self, task_id: UUID, done: int) -> TaskRow:
        """The task's row once at least `done` steps are noted."""
        wait_for(lambda: self.row(task_id).done >= done, what=f"{done} steps")
        return self.row(task_id)

    def is_idle(self, pid: int) -> bool:
        """Whether the child with this process id has nothing to do."""
        slots = [slot for runner in self._runners for slot in runner._pools]
        return any(slot.is_idle for slot in slots if slot.pid == pid)

    def stored(self) -> list[str]:
        """Every key that storage holds."""
        return list(storage.from_settings(self.settings).keys(""))

    def starts(self) -> list[tuple[int, int]]:
        """Process id and attempt of each time that a task was begun."""
        if not self._note.exists():
            return []
        lines = [line.split() for line in self._note.read_text().splitlines()]
        return [(int(pid), int(attempt)) for _, pid, attempt in lines]


@pytest.fixture
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children are started as a worker starts them, and not forked off a process that has loaded all of them."""
    monkeypatch.setattr(Slot, "start", subprocess.Popen)


@pytest.fixture
def desk(database: db.Database, settings: Settings, user: db.User, tmp_path: Path) -> Iterator[Desk]:
    """An empty desk with a short lease; its runners are stopped at the end."""
    with desk_of(settings, user, tmp_path) as desk:
        yield desk


@pytest.fixture
def postgres_desk(
    postgres_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> Iterator[Desk]:
    """The same, only on Postgres."""
    with desk_of(settings, user, tmp_path) as desk:
        yield desk


@contextmanager
def desk_of(settings: Settings, user: db.User, folder: Path) -> Iterator[Desk]:
    """A desk on the connected database."""
    steps.make_tables()
    desk = Desk(settings.model_copy(update={"lease_s": 3.0}), user, folder / "starts")
    try:
        yield desk
    finally:
        desk.stop()
