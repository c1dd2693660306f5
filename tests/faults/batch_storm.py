"""A storm over one batch job: its workers are killed, stopped and frozen at random, and all else goes away once."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.tasks import TaskRow, WorkerRow
from core.errors import Conflict
from core.generation.jobs import jobs
from core.generation.jobs.states import SETTLED, JobStatus
from tests.batches import without_storage
from tests.faults.batch_desk import LEASE_S, Desk
from tests.faults.batch_invariant import wrongs
from tests.faults.worker_process import WorkerProcess
from tests.servers.waiting import wait_for


@dataclass(frozen=True)
class BatchStorm:
    """How much is asked for, and what is done meanwhile. A stop is a SIGTERM or a SIGSTOP past the lease."""

    n_items: int = 2_000
    at_once: int = 10
    n_kills: int = 20
    n_stops: int = 10
    n_cancels: int = 10
    away_s: float = 3.0
    seed: int = 1
    deadline_s: float = 900.0


@dataclass
class BatchOutcome:
    """What a storm left.

    wrong: what does not hold, in words. lost: items without a conversation. again: replies that were paid for twice, as
    the provider counts them; maybe_twice: as the job does. in_flight: requests that nobody had answered at each fault
    that cost an attempt its life. paused_s: from the revoked key to the last job that was paused.
    """

    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    again: int = 0
    maybe_twice: int = 0
    in_flight: int = 0
    attempts: int = 0
    cancelled: int = 0
    paused_s: float = 0.0
    seconds: float = 0.0
    n_workers_started: int = 0

    @property
    def clean(self) -> bool:
        return not self.wrong and not self.lost and self.again <= min(self.maybe_twice, self.in_flight)


def rage(storm: BatchStorm, desk: Desk, *, crash: Callable[[], None] | None) -> BatchOutcome:
    """Run a storm with this desk's workers. crash: of the database's server, which is there again when it returns."""
    run = _Run(storm, desk)
    try:
        run.rage(crash)
    except (TimeoutError, AssertionError) as error:
        run.outcome.wrong.append(str(error))
    finally:
        run.end()
    return run.outcome


class _Run:
    def __init__(self, storm: BatchStorm, desk: Desk) -> None:
        self.storm, self.desk, self.outcome = storm, desk, BatchOutcome()
        self.chance = random.Random(storm.seed)
        self.frozen: list[tuple[WorkerProcess, list[int], float]] = []

    def rage(self, crash: Callable[[], None] | None) -> None:
        storm, desk, began = self.storm, self.desk, time.monotonic()
        faults: list[Callable[[UUID], None]] = [
            *(self.chance.choice([self._kill_child, self._kill_worker]) for _ in range(storm.n_kills)),
            *([self._terminate, self._freeze] * storm.n_stops)[: storm.n_stops],
        ]
        self.chance.shuffle(faults)
        faults.insert(len(faults) // 3, self._take_storage)
        faults.insert(len(faults) // 2, self._revoke)
        if crash is not None:
            faults.insert(2 * len(faults) // 3, lambda _: crash())
        for _ in range(2):
            self._start()
        job_id = desk.begin(storm.n_items, at_once=storm.at_once)
        for fault in faults:
            self._go_on(job_id)
            fault(job_id)
        self._wait(lambda: desk.bench.job(job_id).status in SETTLED, "the job to end")
        self._thaw(all_of_them=True)
        told = desk.told(job_id)
        self.outcome.wrong += wrongs(job_id, storage=desk.storage)
        self.outcome.lost = storm.n_items - told.completed
        self.outcome.again, self.outcome.maybe_twice = desk.claude.ask("again"), told.n_maybe_twice
        self.outcome.attempts = desk.task(job_id).attempt
        self._cancel()
        self.outcome.seconds = time.monotonic() - began

    def end(self) -> None:
        self._thaw(all_of_them=True)
        self.desk.end()

    def _start(self) -> None:
        self.desk.start()
        self.outcome.n_workers_started += 1

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        """Until it is so; meanwhile the database may be away, and who was frozen for long enough thaws."""

        def is_so() -> bool:
            self._thaw()
            with contextlib.suppress(db.DatabaseUnavailable):
                return bool(condition())
            return False

        wait_for(is_so, what=what, deadline_s=self.storm.deadline_s, every_s=0.05)

    def _go_on(self, job_id: UUID) -> None:
        """Let some more items be done, and a moment pass."""
        self._wait(lambda: self.desk.told(job_id), "the database")
        before = self.desk.told(job_id).completed
        enough = min(before + self.storm.at_once // 2, self.storm.n_items)
        self._wait(lambda: self.desk.told(job_id).completed >= enough, "the job to go on")
        ends_at = time.monotonic() + self.chance.uniform(0.0, 0.5)
        self._wait(lambda: time.monotonic() > ends_at, "a moment to pass")

    def _victim(self, job_id: UUID) -> WorkerProcess:
        """The worker that has the job, or any."""
        with contextlib.suppress(db.DatabaseUnavailable), db.session_scope(db.WORKER) as session:
            has_it = sa.select(WorkerRow.pid).join(TaskRow, TaskRow.lease_owner == WorkerRow.id)
            of_job = BatchJobRow.task_id == TaskRow.id, BatchJobRow.id == job_id
            pid = session.execute(has_it.join(BatchJobRow, of_job[0]).where(of_job[1])).scalar_one_or_none()
            for worker in self.desk.workers:
                if worker.pid == pid:
                    return worker
        return self.chance.choice(self.desk.workers)

    def _count_in_flight(self, job_id: UUID) -> None:
        with contextlib.suppress(db.DatabaseUnavailable):
            self.outcome.in_flight += self.desk.told(job_id).processing

    def _kill_child(self, job_id: UUID) -> None:
        self._count_in_flight(job_id)
        for worker in self.desk.workers:
            worker.kill_children()

    def _kill_worker(self, job_id: UUID) -> None:
        self._count_in_flight(job_id)
        victim = self._victim(job_id)
        self.desk.workers.remove(victim)
        victim.kill()
        self._start()

    def _terminate(self, job_id: UUID) -> None:
        victim = self._victim(job_id)
        self.desk.workers.remove(victim)
        self._start()
        if code := victim.end():
            self.outcome.wrong.append(f"a worker that was told to end ended with {code}")

    def _freeze(self, job_id: UUID) -> None:
        """Worker and children, until the lease is over and another has the job."""
        self._count_in_flight(job_id)
        victim = self._victim(job_id)
        children = victim.children()
        for pid in children:
            _signal(pid, signal.SIGSTOP)
        victim.signal(signal.SIGSTOP)
        self.desk.workers.remove(victim)
        self.frozen.append((victim, children, time.monotonic() + LEASE_S + self.chance.uniform(1.0, 4.0)))
        if len(self.desk.workers) < 2:
            self._start()

    def _thaw(self, *, all_of_them: bool = False) -> None:
        for one in list(self.frozen):
            worker, children, thaws_at = one
            if all_of_them or time.monotonic() > thaws_at:
                self.frozen.remove(one)
                for pid in children:
                    _signal(pid, signal.SIGCONT)
                worker.signal(signal.SIGCONT)
                self.desk.workers.append(worker)

    def _take_storage(self, job_id: UUID) -> None:
        del job_id
        with without_storage(self.desk.settings):
            ends_at = time.monotonic() + self.storm.away_s
            self._wait(lambda: time.monotonic() > ends_at, "storage to be away for a while")

    def _revoke(self, job_id: UUID) -> None:
        """With another job beside it: both are paused, and go on once the key works again."""
        other = self.desk.begin(50 * self.storm.at_once, n_done=1, at_once=self.storm.at_once)
        both = (job_id, other)
        began = time.monotonic()
        self.desk.claude.revoke_key()
        self._wait(
            lambda: all(self.desk.bench.job(one).status == JobStatus.PAUSED for one in both),
            "both jobs to be paused",
        )
        self.outcome.paused_s = time.monotonic() - began
        for one in both:
            reason = self.desk.bench.job(one).reason
            if reason is None or reason["code"] != "llm_key_refused":
                self.outcome.wrong.append(f"a job of a refused key is paused because of {reason}")
            self.outcome.wrong += wrongs(one, storage=self.desk.storage)
        self.desk.claude.restore_key()
        with db.session_scope(self.desk.bench.user, write=True) as session:
            jobs.resume(session, batch_job_id=job_id)
            jobs.cancel(session, batch_job_id=other)

    def _cancel(self) -> None:
        """Around the moment in which the last reply is there, and the job's end is not."""
        for n in range(self.storm.n_cancels):
            job_id = self.desk.begin(1)
            self._wait(lambda: self.desk.claude.ask("in flight"), "the only item to be asked")
            if n % 2:
                wait_for(lambda: not self.desk.claude.ask("in flight"), what="its reply", every_s=0.001)
            ends_at = time.monotonic() + self.chance.uniform(0.0, 0.2)
            wait_for(lambda at=ends_at: time.monotonic() > at, every_s=0.001)  # type: ignore[misc]
            with contextlib.suppress(Conflict), db.session_scope(self.desk.bench.user, write=True) as session:
                jobs.cancel(session, batch_job_id=job_id)
            self._wait(lambda one=job_id: self.desk.bench.job(one).status in SETTLED, "its end")  # type: ignore[misc]
            self.outcome.cancelled += self.desk.bench.job(job_id).status == JobStatus.CANCELLED
            self.outcome.wrong += wrongs(job_id, storage=self.desk.storage)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended first
        os.kill(pid, number)
