"""The main job from end to end on both databases: a file comes in, a model is made, the file is scored."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core import db
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys


def test_a_file_is_uploaded_trained_on_and_scored(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, tmp_path: Path
) -> None:
    content = journeys.sample_bytes(tmp_path)
    upload = journeys.upload_bytes(user, content, settings=settings, files=storage)
    with journeys.running(settings):
        model = journeys.train(user, upload)
        assert (model.status, model.error) == ("ready", None)
        prediction = journeys.settled(user, journeys.queue_prediction(user, upload, model))

    assert (prediction.status, prediction.error_message) == ("COMPLETED", None)
    assert (prediction.task.done, prediction.task.total) == (400, 400)
    assert prediction.output_key is not None
    with storage.open(prediction.output_key) as stream:
        result = stream.read()
    assert hashlib.sha256(result).hexdigest() == prediction.output_sha256
    given, scored = content.splitlines(), result.splitlines()
    assert scored[0] == given[0] + b",prediction,probability,caution"
    assert all(after.startswith(before + b",") for before, after in zip(given, scored, strict=True))
