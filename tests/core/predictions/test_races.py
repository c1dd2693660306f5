"""Several people, or several clicks, at one prediction at once, on either database."""

from __future__ import annotations

from collections import Counter
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.predictions import predictions
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made
from tests.together import together

N_AT_ONCE = 8


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


def _retry(user: db.User, prediction_id: UUID) -> None:
    with db.session_scope(user, write=True) as session:
        predictions.retry(session, prediction_id=prediction_id)


def _claim() -> queue.Task | None:
    with db.session_scope(db.WORKER, write=True) as session:
        return queue.claim(session, worker_id=uuid4(), lease_s=30)


def test_many_retries_beside_a_worker_make_one_task(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    for _ in range(5):
        prediction_id = made.queued(user, upload, model)
        with db.session_scope(user, write=True) as session:
            predictions.cancel(session, prediction_id=prediction_id)
        given = together([partial(_retry, user, prediction_id)] * N_AT_ONCE + [_claim] * 2)
        retries = given[:N_AT_ONCE]
        assert Counter(type(end) for end in retries) == {type(None): 1, Conflict: N_AT_ONCE - 1}
        while _claim() is not None:
            pass
        with db.session_scope(db.WORKER) as session:
            tasks = sa.select(TaskRow.state).where(
                TaskRow.payload["prediction_id"].as_string() == str(prediction_id)
            )
            assert sorted(session.execute(tasks).scalars()) == ["CANCELLED", "RUNNING"]


def test_of_many_deletes_one_deletes_and_the_others_find_nothing(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)

    def delete(prediction_id: UUID) -> None:
        with db.session_scope(user, write=True) as session:
            predictions.delete(session, prediction_id=prediction_id)

    for _ in range(5):
        prediction_id = made.completed(user, upload, model)
        given = together([partial(delete, prediction_id)] * N_AT_ONCE)
        assert Counter(type(end) for end in given) == {type(None): 1, NotFound: N_AT_ONCE - 1}
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(PredictionRow.id)).first() is None
