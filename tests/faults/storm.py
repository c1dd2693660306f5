"""A storm: real workers at work while others kill and freeze them at random."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from core import db, queue
from core.db.tables.tasks import TaskRow, WorkerRow
from core.settings import Settings
from tests.faults import steps
from tests.faults.invariant import Findings, examine
from tests.faults.worker_process import WorkerProcess
from tests.servers.waiting import wait_for


@dataclass(frozen=True)
class Storm:
    """How much work there is, and what is done to the workers."""

    n_tasks: int
    n_steps: int
    n_kills: int
    n_stops: int
    n_workers: int = 3
    step_s: float = 0.1
    lease_s: float = 2.0
    seed: int = 1
    deadline_s: float = 300.0


@dataclass
class Outcome:
    """What a storm left. `resume_s`: from each fault that hit a task to its next attempt or its end."""

    findings: Findings
    n_kills: int
    n_stops: int
    n_workers_started: int
    seconds: float
    resume_s: list[float] = field(default_factory=list)


def rage(
    storm: Storm, settings: Settings, user: db.User, *, midway: Callable[[], None] | None = None
) -> Outcome:
    """Run a storm on the connected database. midway: called once, after half of the faults."""
    return _Run(storm, settings.model_copy(update={"lease_s": storm.lease_s}), user).rage(midway)


@dataclass(frozen=True)
class _Hit:
    task_id: UUID
    attempt: int
    at: float


class _Run:
    def __init__(self, storm: Storm, settings: Settings, user: db.User) -> None:
        self.storm, self.settings, self.user = storm, settings, user
        self.chance = random.Random(storm.seed)
        self.workers: list[WorkerProcess] = []
        self.frozen: dict[int, tuple[WorkerProcess, list[int], float]] = {}
        self.hits: list[_Hit] = []
        self.resume_s: list[float] = []
        self.n_started = 0

    def rage(self, midway: Callable[[], None] | None) -> Outcome:
        started_at = time.monotonic()
        with db.session_scope(self.user, write=True) as session:
            task_ids = [
                steps.enqueue(
                    session,
                    user=self.user,
                    max_attempts=1_000,
                    n_steps=self.storm.n_steps,
                    step_s=self.storm.step_s,
                    lease_s=self.storm.lease_s,
                )
                for _ in range(self.storm.n_tasks)
            ]
        faults = ["kill"] * self.storm.n_kills + ["stop"] * self.storm.n_stops
        self.chance.shuffle(faults)
        try:
            for _ in range(self.storm.n_workers):
                self._start()
            for n, fault in enumerate(faults):
                if midway is not None and n == len(faults) // 2:
                    midway()
                self._strike(fault)
            wait_for(
                lambda: self._look() and self._settled(task_ids),
                deadline_s=self.storm.deadline_s,
                what="all tasks to be settled",
            )
        except TimeoutError:
            pass  # the findings say what is stuck
        finally:
            self._end()
        return Outcome(
            findings=examine(task_ids, n_steps=self.storm.n_steps),
            n_kills=self.storm.n_kills,
            n_stops=self.storm.n_stops,
            n_workers_started=self.n_started,
            seconds=time.monotonic() - started_at,
            resume_s=sorted(self.resume_s),
        )

    def _start(self) -> None:
        self.workers.append(WorkerProcess(self.settings))
        self.n_started += 1

    def _strike(self, fault: str) -> None:
        """Wait until some worker is at work, let it go on for a moment, and strike."""

        def busy() -> list[WorkerProcess]:
            self._look()
            return [worker for worker in self.workers if self._tasks_of(worker)]

        wait_for(busy, what="a worker at work")
        moment_ends_at = time.monotonic() + self.chance.uniform(0.0, 3 * self.storm.step_s)
        wait_for(lambda: time.monotonic() > moment_ends_at, what="a moment to pass", every_s=0.005)
        victim = self.chance.choice(busy() or self.workers)
        self.hits += [_Hit(*task, at=time.monotonic()) for task in self._tasks_of(victim)]
        if fault == "kill":
            victim.kill()
            self.workers.remove(victim)
            self._start()
            return
        # Sometimes all of it freezes, sometimes only the one that beats while its child works on.
        children = victim.children() if self.chance.random() < 0.5 else []
        for pid in children:
            _signal(pid, signal.SIGSTOP)
        victim.signal(signal.SIGSTOP)
        self.workers.remove(victim)
        thaws_at = time.monotonic() + self.storm.lease_s + self.chance.uniform(0.2, 1.5)
        self.frozen[victim.pid] = (victim, children, thaws_at)
        if len(self.workers) < 2:
            self._start()

    def _look(self) -> bool:
        """Thaw what has been frozen for long enough, note what was resumed. Always True."""
        for pid, (worker, children, thaws_at) in list(self.frozen.items()):
            if time.monotonic() > thaws_at:
                self._thaw(worker, children)
                self.workers.append(worker)
                del self.frozen[pid]
        if self.hits:
            with contextlib.suppress(db.DatabaseUnavailable):  # it is being restarted
                self._note_resumed()
        return True

    def _note_resumed(self) -> None:
        with db.session_scope(db.WORKER) as session:
            ids = [hit.task_id for hit in self.hits]
            query = sa.select(TaskRow.id, TaskRow.attempt, TaskRow.state).where(TaskRow.id.in_(ids))
            now = {row.id: (row.attempt, row.state) for row in session.execute(query)}
        for hit in list(self.hits):
            attempt, state = now[hit.task_id]
            if attempt > hit.attempt or state in queue.SETTLED:
                self.resume_s.append(time.monotonic() - hit.at)
                self.hits.remove(hit)

    def _tasks_of(self, worker: WorkerProcess) -> Sequence[tuple[UUID, int]]:
        query = (
            sa.select(TaskRow.id, TaskRow.attempt)
            .join(WorkerRow, WorkerRow.id == TaskRow.lease_owner)
            .where(WorkerRow.pid == worker.pid, TaskRow.state == "RUNNING")
        )
        try:
            with db.session_scope(db.WORKER) as session:
                return [(row.id, row.attempt) for row in session.execute(query)]
        except db.DatabaseUnavailable:
            return []

    def _settled(self, task_ids: Sequence[UUID]) -> bool:
        query = sa.select(sa.func.count()).where(TaskRow.state.in_(queue.SETTLED))
        try:
            with db.session_scope(db.WORKER) as session:
                return session.execute(query).scalar_one() == len(task_ids)
        except db.DatabaseUnavailable:
            return False

    def _thaw(self, worker: WorkerProcess, children: Sequence[int]) -> None:
        for pid in children:
            _signal(pid, signal.SIGCONT)
        worker.signal(signal.SIGCONT)

    def _end(self) -> None:
        """Thaw everybody first, so that a zombie gets its chance to do harm before we look."""
        for worker, children, _ in self.frozen.values():
            self._thaw(worker, children)
            self.workers.append(worker)
        for worker in self.workers:
            worker.end()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended first
        os.kill(pid, number)
