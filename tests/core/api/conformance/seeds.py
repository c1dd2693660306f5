"""An app's data with something in every state, so that ids which schemathesis is given lead past the first 404."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from core import access, db, queue
from core import settings as settings_module
from core import storage as storages
from core.db import migrate
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.generation.jobs import jobs
from core.generation.templates import shipped
from core.models import models
from core.predictions import predictions
from core.queue import TaskState
from core.system.sample import TARGET
from core.training import jobs as jobs_of_trainings
from core.training.deployments import deployments
from tests import generation, journeys, made, trainings
from tests.batches import Bench
from tests.servers.waiting import wait_for

N_OF_EACH = 6  # calls delete some while others are still to find one
FAILED = queue.Reason(code="made", message="It was made to fail.")


@dataclass
class Ids:
    """What is there, as the API spells it."""

    uploads: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=lambda: [str(one.id) for one in shipped.ALL])
    conversations: list[str] = field(default_factory=list)
    batch_jobs: list[str] = field(default_factory=list)
    training_jobs: list[str] = field(default_factory=list)
    deployments: list[str] = field(default_factory=list)


def plant(data_dir: Path) -> Ids:
    """Fill the data folder of an app that does not run yet: real files, a real model, real results."""
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = settings_module.read(_env_file=None, data_dir=data_dir, sample=False)
    database = db.connect(settings.database)
    migrate.upgrade(database)
    me = access.settle_local_user()
    files = storages.from_settings(settings)
    ids = Ids()

    def taken(content: bytes, file_name: str) -> UploadRow:
        upload = journeys.upload_bytes(me, content, settings=settings, files=files, file_name=file_name)
        ids.uploads.append(str(upload.id))
        return upload

    def asked(upload: UploadRow, model: ModelRow) -> UUID:
        prediction_id = journeys.queue_prediction(me, upload, model)
        ids.predictions.append(str(prediction_id))
        return prediction_id

    bench = Bench(settings, me)
    customers = taken(journeys.sample_bytes(data_dir, n_rows=120), "customers.csv")
    with journeys.running(settings):
        model = journeys.train(me, customers, target=TARGET)
        completed = [asked(customers, model) for _ in range(N_OF_EACH)]
        for prediction_id in completed:
            journeys.settled(me, prediction_id)
        done = bench.create(3, name="done")
        wait_for(lambda: bench.job(done).status == "completed", what="the batch job")
        ids.batch_jobs.append(str(done))
    ids.models.append(str(model.id))
    for n in range(N_OF_EACH):
        unused = taken(b"age,plan,churned\n%d,a,No\n64,b,Yes\n" % n, f"unused {n}.csv")
        ids.models.append(str(made.ready_model(me, unused, name=f"Without a file {n}").id))
        asked(customers, model)
        cancelled = asked(customers, model)
        with db.session_scope(me, write=True) as session:
            predictions.cancel(session, prediction_id=cancelled)
    for n in range(N_OF_EACH):
        failing = asked(customers, model)
        task_id = journeys.ask(
            me, lambda session, this=failing: predictions.get(session, prediction_id=this)
        ).task_id
        made.settle(task_id, TaskState.FAILED, reason=FAILED)
        with db.session_scope(me, write=True) as session:
            training = models.request_training(session, upload=customers, target=TARGET, name=f"Waits {n}")
        ids.models.append(str(training.id))
    for n in range(N_OF_EACH):
        waiting, paused, cancelled = (
            bench.create(2, name=f"{word} {n}") for word in ("waits", "paused", "off")
        )
        with db.session_scope(me, write=True) as session:
            jobs.pause(session, batch_job_id=paused)
            jobs.cancel(session, batch_job_id=cancelled)
        failed = generation.job(me, status="failed", name=f"failed {n}")
        ids.batch_jobs += [str(one) for one in (waiting, paused, cancelled, failed)]
    _train(trainings.Bench(settings, me), ids)
    job_id = generation.job(me)
    made_of_it = generation.conversations(me, 2 * N_OF_EACH, job_id=job_id)
    ids.conversations = [str(one) for one in made_of_it]
    database.engine.dispose()
    return ids


def _train(bench: trainings.Bench, ids: Ids) -> None:
    """Trainings that wait, are cancelled, have failed or succeeded, and live apps of the latter."""
    for n in range(N_OF_EACH // 2):
        waiting, cancelled = (bench.trigger(name=f"{word} {n}") for word in ("waits", "is cancelled"))
        with db.session_scope(bench.user, write=True) as session:
            jobs_of_trainings.cancel(session, training_job_id=cancelled)
        failed = bench.attempt(bench.trigger(name=f"fails {n}", code="raise SystemExit(3)"))
        succeeded = bench.attempt(bench.trigger(name=f"succeeds {n}", code=trainings.TINY))
        assert (failed.status, succeeded.status) == ("failed", "succeeded"), (failed.reason, succeeded.reason)
        ids.training_jobs += [str(one) for one in (waiting, cancelled, failed.id, succeeded.id)]
        with db.session_scope(bench.user) as session:
            app = deployments.of_model(session, model_id=succeeded.model_id)
        assert app is not None
        ids.deployments.append(str(app.id))
