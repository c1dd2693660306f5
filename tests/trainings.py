"""Trainings and live apps, in a few words, for tests that need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.db.tables.training_jobs import TrainingEventRow, TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from core.errors import AppError
from core.queue import TaskState
from core.sandboxes import LocalBackend, SandboxUnavailable
from core.settings import Settings
from core.storage import LocalStorage
from core.training import jobs
from core.training.follow import KIND
from core.training.jobs import Wanted
from core.training.runs import work
from core.training.sources.fetching import Web
from core.training.states import LIMITS_S, Status
from core.uploads import uploads
from tests import journeys
from tests.servers.parts import lacking

LEASE_S = 30.0
TARGET = "churned"
# The least that keeps the bargain, in a second: every row gets the same answer, and the curve has two points.
TINY = """
import json
import pyarrow.parquet as pq

job = json.load(open("job.json"))
n = pq.read_metadata("holdout.parquet").num_rows
answer = [0.25, 0.75] if job["task"] == "binary" else 1.5
if job["task"] == "multiclass":
    answer = [1 / len(job["labels"])] * len(job["labels"])
for step in (1, 2):
    print(json.dumps({"metric": "loss", "split": "train", "step": step, "value": 1 / step}))
json.dump({"predictions": [answer] * n}, open("predictions.json", "w"))
json.dump(answer, open("model.bin", "w"))
open("predict.py", "w").write('''
import json

def load(path):
    return json.load(open(path))

def predict(model, frame):
    return [model] * len(frame)
''')
print("made")
"""


def require_sandbox(folder: Path) -> None:
    """A machine on which code of strangers can be held; elsewhere the test is not run."""
    try:
        LocalBackend(folder / "probe").probe()
    except SandboxUnavailable as error:
        lacking(f"a machine that allows sandboxes. {error}")


@dataclass
class ToldJob:
    """A worker's side of a handler, as a test wants it. stop: asked as a cancel is."""

    stop: Callable[[], bool] = lambda: False
    n_reports: int = 0

    def report(self, done: int | None = None, *, total: int | None = None) -> None:
        del done, total
        self.n_reports += 1

    def stop_requested(self) -> bool:
        return self.stop()

    def drain_requested(self) -> bool:
        return False


@dataclass
class Bench:
    """An installation with a user and an upload, whose tasks are done here and not by a worker."""

    settings: Settings
    user: db.User
    _uploads: dict[str, UploadRow] = field(default_factory=dict)

    def upload(self, content: bytes | None = None, *, name: str = "customers.csv") -> UploadRow:
        """The product's own synthetic customers, or these bytes."""
        if name not in self._uploads:
            files = LocalStorage(self.settings.files_dir)
            self.settings.data_dir.mkdir(exist_ok=True)
            content = content or journeys.sample_bytes(self.settings.data_dir)
            self._uploads[name] = journeys.upload_bytes(
                self.user, content, settings=self.settings, files=files, file_name=name
            )
        return self._uploads[name]

    def trigger(self, *, target: str = TARGET, code: str | None = None, **wanted: Any) -> UUID:
        """The id of a new training. code: what runs in place of the template."""
        upload = self.upload()
        with db.session_scope(self.user, write=True) as session:
            known = uploads.get(session, upload_id=upload.id)
            asked = Wanted(target=target, **wanted)
            training_job_id = jobs.trigger(session, upload=known, wanted=asked, most_waiting=5).id
        if code is not None:
            self.change(training_job_id, code=code, code_sha256="0" * 64, code_source="user")
        return training_job_id

    def change(self, training_job_id: UUID, **values: Any) -> None:
        with db.session_scope(db.WORKER, write=True) as session:
            this = sa.update(TrainingJobRow).where(TrainingJobRow.id == training_job_id)
            session.execute(this.values(**values))

    def claim(self, training_job_id: UUID) -> queue.Task:
        """The task of a training, taken as a worker takes it."""
        task_id = self.job(training_job_id).task_id
        assert task_id is not None
        with db.session_scope(db.WORKER, write=True) as session:
            taken = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=LEASE_S)
        assert taken is not None
        return taken

    def attempt(
        self,
        training_job_id: UUID,
        *,
        told: ToldJob | None = None,
        web: Web | None = None,
        generating_s: float = LIMITS_S[Status.GENERATING],
    ) -> TrainingJobRow:
        """Claim it, do it, and write how it ended, as a worker would; the job as it is then."""
        task, told = self.claim(training_job_id), told or ToldJob()
        result, reason = None, None
        try:
            result = work.work(task, told, config=self.settings, web=web, generating_s=generating_s)
            state = TaskState.SUCCEEDED
        except queue.TaskStopped:
            state = TaskState.CANCELLED
        except AppError as error:
            state, reason = TaskState.FAILED, queue.Reason.of(error)
        self.settle(task, state, result=result, reason=reason)
        return self.job(training_job_id)

    def abandon(self, training_job_id: UUID) -> None:
        """Its worker is gone, and its lease has run out."""
        with db.session_scope(db.WORKER, write=True) as session:
            this = sa.update(TaskRow).where(TaskRow.id == self.job(training_job_id).task_id)
            session.execute(this.values(lease_until=now_plus(-1)))

    def retry(self, training_job_id: UUID) -> UUID:
        """The id of the training that repeats one."""
        with db.session_scope(self.user, write=True) as session:
            return jobs.retry(session, training_job_id=training_job_id, most_waiting=5).id

    def settle(self, task: queue.Task, state: TaskState, **values: Any) -> None:
        with db.session_scope(db.WORKER, write=True) as session:
            queue.settle(session, task_id=task.id, attempt=task.attempt, state=state, **values)

    def job(self, training_job_id: UUID) -> TrainingJobRow:
        return journeys.ask(self.user, lambda session: jobs.get(session, training_job_id=training_job_id))

    def model(self, training_job_id: UUID) -> ModelRow:
        model = self.job(training_job_id).model
        assert model is not None
        return model

    def events(self, training_job_id: UUID) -> list[str]:
        """The states it went through, in order."""
        of_job = TrainingEventRow.training_job_id == training_job_id
        rows = sa.select(TrainingEventRow.n, TrainingEventRow.state).where(of_job)
        with db.session_scope(db.WORKER) as session:
            found = session.execute(rows.order_by(TrainingEventRow.n)).all()
        assert [n for n, _ in found] == list(range(1, len(found) + 1))
        return [state for _, state in found]

    def messages(self, training_job_id: UUID) -> list[tuple[str, str]]:
        """What its events say, each beside its state; those that say nothing are left out."""
        of_job = TrainingEventRow.training_job_id == training_job_id, TrainingEventRow.message != ""
        rows = sa.select(TrainingEventRow.state, TrainingEventRow.message).where(*of_job)
        with db.session_scope(db.WORKER) as session:
            return [(state, said) for state, said in session.execute(rows.order_by(TrainingEventRow.n))]

    def agree(self) -> None:
        """Job, model and task of every training say the same."""
        pairs = {
            "QUEUED": {("queued", "training")},
            "RUNNING": {
                (stage, "training")
                for stage in ("scraping", "generating", "provisioning", "training", "collecting")
            },
            "SUCCEEDED": {("succeeded", "ready")},
            "FAILED": {(state, "failed") for state in ("failed", "timed_out", "lost")},
            "CANCELLED": {("cancelled", "failed")},
        }
        rows = sa.select(TaskRow.state, TrainingJobRow.status, ModelRow.status).where(
            TaskRow.id == TrainingJobRow.task_id, ModelRow.id == TrainingJobRow.model_id, TaskRow.kind == KIND
        )
        with db.session_scope(db.WORKER) as session:
            for state, job, model in session.execute(rows):
                assert (job, model) in pairs[state], (state, job, model)
