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
from core.models import models
from core.predictions import predictions
from core.queue import TaskState
from core.system.sample import TARGET
from tests import journeys, made

N_OF_EACH = 6  # calls delete some while others are still to find one
FAILED = queue.Reason(code="made", message="It was made to fail.")


@dataclass
class Ids:
    """What is there, as the API spells it."""

    uploads: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    predictions: list[str] = field(default_factory=list)


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

    customers = taken(journeys.sample_bytes(data_dir, n_rows=120), "customers.csv")
    with journeys.running(settings):
        model = journeys.train(me, customers, target=TARGET)
        completed = [asked(customers, model) for _ in range(N_OF_EACH)]
        for prediction_id in completed:
            journeys.settled(me, prediction_id)
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
    database.engine.dispose()
    return ids
