"""Workers of trainings in processes of their own, what is done to them, and what must hold afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import sqlalchemy as sa

from core import db, storage
from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingMetricRow, TrainingPredictionRow
from core.errors import Conflict
from core.settings import Settings
from core.training import jobs
from core.training.states import SETTLED, Status
from tests.faults.worker_process import WorkerProcess
from tests.servers.waiting import wait_for
from tests.trainings import TINY, Bench

LEASE_S, GONE_S = 2.0, 5.0
ENDLESS = "import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.05)\n"
SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(2)\n" + TINY


def sandboxes_of(data_dir: Path) -> list[int]:
    """Processes of sandboxes of the installation with this folder."""
    mark = str(data_dir / "sandboxes")
    found = []
    for process in psutil.process_iter():
        try:
            if "bwrap" in process.name() and any(mark in word for word in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


class Desk:
    """Workers of trainings, and somebody who triggers them. gone_s: within which a sandbox that is not wanted ends."""

    gone_s = GONE_S

    def __init__(self, settings: Settings, user: db.User) -> None:
        given = {**settings.model_dump(), "lease_s": LEASE_S, "log_level": "error"}
        self.settings = type(settings)(**given)
        self.bench = Bench(self.settings, user)
        self.workers: list[WorkerProcess] = []

    def start(self) -> WorkerProcess:
        self.workers.append(WorkerProcess(self.settings, drain_s=20.0, modules=["core.training.room"]))
        return self.workers[-1]

    def end(self) -> None:
        for worker in self.workers:
            worker.end()

    def at(self, training_job_id: UUID, *states: Status) -> None:
        """Wait until a training is in one of these states."""
        wait_for(
            lambda: self.bench.job(training_job_id).status in states,
            what=f"a training to be {states}",
        )

    def holds(self, training_job_id: UUID) -> None:
        """What must be so of a training that has ended."""
        self.bench.agree()
        self.bench.events(training_job_id)
        wait_for(lambda: not self.sandboxes(), deadline_s=self.gone_s, what="its sandboxes to be gone")
        with db.session_scope(db.WORKER) as session:
            points = session.execute(
                sa.select(
                    TrainingMetricRow.attempt,
                    TrainingMetricRow.name,
                    TrainingMetricRow.split,
                    TrainingMetricRow.step,
                ).where(TrainingMetricRow.training_job_id == training_job_id)
            ).all()
            rows = session.scalars(
                sa.select(TrainingPredictionRow.row).where(
                    TrainingPredictionRow.training_job_id == training_job_id
                )
            ).all()
            apps = session.scalars(sa.select(DeploymentRow.model_id)).all()
        assert [one for one, n in Counter(points).items() if n > 1] == []
        assert [one for one, n in Counter(rows).items() if n > 1] == []
        assert [one for one, n in Counter(apps).items() if n > 1] == []
        if self.bench.job(training_job_id).status == Status.SUCCEEDED:
            files = storage.from_settings(self.settings)
            model = self.bench.model(training_job_id)
            assert model.artifact_key is not None
            assert files.stat(model.artifact_key).size_bytes > 0
            assert len(rows) > 0

    def sandboxes(self) -> Sequence[object]:
        """What there is of sandboxes of this installation."""
        return sandboxes_of(Path(self.settings.data_dir))

    def kill(self, stage: Status) -> None:
        """kill -9 of the child that trains; the next attempt goes through."""
        training_job_id = self.begun(SLOW, stage)
        for worker in self.workers:
            worker.kill_children()
        self.at(training_job_id, Status.SUCCEEDED)
        self.holds(training_job_id)

    def stop(self, stage: Status) -> None:
        """A worker that is asked to end hands the training back, or finishes it; another goes on."""
        training_job_id = self.begun(SLOW, stage)
        assert self.workers.pop().end() == 0
        self.bench.agree()
        self.start()
        self.at(training_job_id, Status.SUCCEEDED)
        self.holds(training_job_id)

    def cancel(self, stage: Status) -> None:
        """What was cancelled ends, and its sandbox within GONE_S."""
        training_job_id = self.begun(ENDLESS if stage is Status.TRAINING else SLOW, stage)
        with suppress(Conflict), db.session_scope(self.bench.user, write=True) as session:
            jobs.cancel(session, training_job_id=training_job_id)
        wait_for(lambda: not self.sandboxes(), deadline_s=self.gone_s, what="the sandbox to be gone")
        self.at(training_job_id, Status.CANCELLED, Status.SUCCEEDED)
        self.holds(training_job_id)

    def freeze(self, stage: Status) -> None:
        """A worker and its child that stand still past the lease, and go on once another has done their work."""
        training_job_id = self.begun(SLOW, stage)
        still = [psutil.Process(pid) for pid in (self.workers[0].pid, *self.workers[0].children())]
        for process in still:
            process.suspend()
        self.start()
        self.at(training_job_id, Status.SUCCEEDED)
        for process in still:
            process.resume()
        self.holds(training_job_id)
        self.workers.pop(0).end()

    def begun(self, code: str, stage: Status) -> UUID:
        """A training that has come to a stage. One that was taken up before its code came in is another's."""
        while True:
            training_job_id = self.bench.trigger(code=code, name=f"{stage} {uuid4().hex[:6]}")
            self.at(training_job_id, stage, *SETTLED)
            if stage is Status.GENERATING or Status.GENERATING not in self.bench.events(training_job_id):
                return training_job_id
            self.at(training_job_id, *SETTLED)


FAULTS = {"kill": Desk.kill, "stop": Desk.stop, "cancel": Desk.cancel, "freeze": Desk.freeze}
