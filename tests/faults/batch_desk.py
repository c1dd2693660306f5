"""An installation whose workers ask a provider for batch jobs, all in processes of their own."""

from __future__ import annotations

from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.tasks import TaskRow
from core.generation.jobs import progress
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import JobStatus
from core.settings import Settings
from core.storage import Storage
from tests.batches import Bench, with_provider
from tests.faults.batch_invariant import wrongs
from tests.faults.worker_process import WorkerProcess
from tests.servers.claude_process import ClaudeProcess
from tests.servers.waiting import PATIENCE_S, wait_for

AT_ONCE = 4
LEASE_S = 2.0


class Desk:
    """Workers that were started, a provider, and somebody who creates jobs."""

    def __init__(self, settings: Settings, user: db.User, claude: ClaudeProcess, storage: Storage) -> None:
        self.settings = with_provider(settings, claude.url, lease_s=LEASE_S, log_level="error")
        self.bench, self.claude, self.storage = Bench(self.settings, user), claude, storage
        self.workers: list[WorkerProcess] = []

    def start(self) -> None:
        """One more worker."""
        self.workers.append(WorkerProcess(self.settings, drain_s=20.0, modules=["core.generation.room"]))

    def end(self) -> None:
        for worker in self.workers:
            worker.end()

    def begin(self, n_items: int, *, n_done: int = 0, at_once: int = AT_ONCE) -> UUID:
        """A job of which so many items are done."""
        rows = [{"topic": f"{n} of {uuid4()}"} for n in range(n_items)]  # no two jobs ask the same
        job_id = self.bench.create(parameters={"rows": rows}, concurrency=at_once)
        wait_for(lambda: self.told(job_id).completed >= n_done, what="a job to be in the middle")
        return job_id

    def told(self, job_id: UUID) -> Progress:
        with db.session_scope(db.WORKER) as session:
            return progress.of(session, batch_job_id=job_id)

    def n_kept(self, job_id: UUID) -> int:
        """How many replies wait in their rows for storage."""
        with db.session_scope(db.WORKER) as session:
            of_job = BatchCallRow.batch_job_id == job_id, BatchCallRow.raw.is_not(None)
            return session.execute(sa.select(sa.func.count()).where(*of_job)).scalar_one()

    def rests(self, job_id: UUID, *statuses: JobStatus, deadline_s: float = PATIENCE_S) -> BatchJobRow:
        """The job, once it is one of these, and all that must hold does."""
        wait_for(
            lambda: self.bench.job(job_id).status in statuses,
            what=f"a job to be {statuses}",
            deadline_s=deadline_s,
        )
        assert wrongs(job_id, storage=self.storage) == []
        return self.bench.job(job_id)

    def task(self, job_id: UUID) -> TaskRow:
        with db.session_scope(db.WORKER) as session:
            return session.get_one(TaskRow, self.bench.job(job_id).task_id)
