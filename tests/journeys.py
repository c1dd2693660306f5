"""The product's ways from end to end, in a few words, for tests that need a model or a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from core import db, rooms, storage
from core import settings as settings_module
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import predictions, states
from core.settings import Settings
from core.storage import Storage
from core.system import sample
from core.uploads import uploads
from core.worker.runner import Runner
from core.worker.slots import Slot
from tests.servers.waiting import PATIENCE_S, wait_for

Found = TypeVar("Found")

rooms.load()  # for those who come here from outside pytest too


def ask(user: db.User, verb: Callable[[Session], Found]) -> Found:
    """What a verb answers in a transaction of its own."""
    with db.session_scope(user) as session:
        return verb(session)


def embedded(folder: Path) -> Settings:
    """The settings of an app that keeps everything in one folder; no sample."""
    return settings_module.read(
        _env_file=None, data_dir=folder, database_url="", storage_url="", sample=False
    )


@contextmanager
def running(settings: Settings, *, slots: int = 1, make_slot: Callable[..., Slot] = Slot) -> Iterator[Runner]:
    """A runner with real children, handed back at the end."""
    runner = Runner(
        settings, slots=slots, is_embedded=True, modules=rooms.task_modules(), make_slot=make_slot
    )
    runner.start()
    try:
        yield runner
    finally:
        assert runner.stop(timeout_s=PATIENCE_S)


def upload_bytes(
    user: db.User, content: bytes, *, settings: Settings, files: Storage, file_name: str = "customers.csv"
) -> UploadRow:
    """An upload with these bytes."""
    with storage.stage(settings.staging_dir) as staged:
        staged.write(content)
        staged.close()
        return uploads.receive(user, storage=files, staged=staged, file_name=file_name).upload


def sample_bytes(folder: Path, *, n_rows: int = 400, seed: int = 7) -> bytes:
    """The product's own synthetic customers, few enough to train on in a second."""
    path = folder / f"sample-{n_rows}-{seed}.csv"
    sample.write_sample(path, n_rows=n_rows, seed=seed)
    return path.read_bytes()


def train(user: db.User, upload: UploadRow, *, target: str = sample.TARGET) -> ModelRow:
    """A model from an upload, once a runner has made it."""
    with db.session_scope(user, write=True) as session:
        known = uploads.get(session, upload_id=upload.id)
        model_id = models.request_training(session, upload=known, target=target).id

    def settled() -> ModelRow | None:
        model = ask(user, lambda session: models.get(session, model_id=model_id))
        return model if model.status != "training" else None

    return wait_for(settled)


def queue_prediction(
    user: db.User, upload: UploadRow, model: ModelRow, mode: predictions.Mode = "queued"
) -> UUID:
    """The id of a new prediction."""
    with db.session_scope(user, write=True) as session:
        return predictions.create(session, upload_id=upload.id, model_id=model.id, mode=mode).id


def settled(user: db.User, prediction_id: UUID, *, deadline_s: float = PATIENCE_S) -> PredictionRow:
    """The prediction, once it is COMPLETED, FAILED or CANCELLED."""

    def look() -> PredictionRow | None:
        found = ask(user, lambda session: predictions.get(session, prediction_id=prediction_id))
        return found if found.status in states.SETTLED else None

    return wait_for(look, deadline_s=deadline_s)
