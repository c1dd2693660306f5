"""Scoring a file once more: what is compared with what, and what is said of it."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.predictions import predictions, repeats
from core.predictions.repeats import RepeatComparison
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made

RECEIPT: dict[str, Any] = {
    "ingredients": {"code": {"version": "0.1.0", "sha256": "c" * 64}, "libraries": {"numpy": "2.4.6"}},
    "result": {"counts_sha256": "d" * 64},
}


@pytest.fixture
def upload(database: db.Database, user: db.User, settings: Settings, storage: LocalStorage) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


@pytest.fixture
def model(user: db.User, upload: UploadRow) -> ModelRow:
    return made.ready_model(user, upload)


def complete(
    user: db.User, prediction_id: UUID, *, sha256: str = "1" * 64, receipt: dict[str, Any] | None = RECEIPT
) -> UUID:
    """As a worker would."""
    found = journeys.ask(user, lambda session: predictions.get(session, prediction_id=prediction_id))
    result: dict[str, Any] = {
        "output_key": f"results/{prediction_id}/1.csv", "output_bytes": 10, "output_sha256": sha256,
        "columns": {"added": ["prediction"]}, "metrics_json": {"seconds": 1.0},
    }  # fmt: skip
    made.settle(found.task_id, TaskState.SUCCEEDED, result=result | ({"receipt": receipt} if receipt else {}))
    return prediction_id


def again(user: db.User, prediction_id: UUID) -> UUID:
    with db.session_scope(user, write=True) as session:
        return repeats.again(session, prediction_id=prediction_id).id


def verdict(user: db.User, prediction_id: UUID) -> RepeatComparison | None:
    with db.session_scope(user) as session:
        found = predictions.get(session, prediction_id=prediction_id)
        return repeats.compare(session, prediction=found)


def test_a_prediction_keeps_the_receipt_that_its_worker_wrote(
    user: db.User, upload: UploadRow, model: ModelRow
) -> None:
    first = complete(user, made.queued(user, upload, model))
    kept = journeys.ask(user, lambda session: predictions.get(session, prediction_id=first)).receipt
    assert kept == RECEIPT


def test_the_same_again_is_queued_with_its_options_and_compared(
    user: db.User, upload: UploadRow, model: ModelRow
) -> None:
    first = made.queued(user, upload, model)
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(PredictionRow, first).options = {"mapping": {"age": "Alter"}}
    complete(user, first)
    assert verdict(user, first) is None

    second = again(user, first)
    queued = journeys.ask(user, lambda session: predictions.get(session, prediction_id=second))
    assert (queued.status, queued.upload_id, queued.model_id, queued.mode) == (
        "QUEUED",
        upload.id,
        model.id,
        "queued",
    )
    assert queued.options == {"mapping": {"age": "Alter"}}
    complete(user, second)
    found = verdict(user, second)
    assert found is not None
    assert (found.earlier_id, found.same_bytes, found.same_counts, found.changed) == (first, True, True, ())
    assert verdict(user, first) is None


def test_other_bytes_are_told_with_what_changed(user: db.User, upload: UploadRow, model: ModelRow) -> None:
    first = complete(user, made.queued(user, upload, model))
    newer = copy.deepcopy(RECEIPT)
    newer["ingredients"]["libraries"]["numpy"] = "2.5.0"
    newer["result"]["counts_sha256"] = "e" * 64
    second = complete(user, again(user, first), sha256="2" * 64, receipt=newer)
    found = verdict(user, second)
    assert found is not None
    assert (found.same_bytes, found.same_counts) == (False, False)
    assert found.changed is not None
    assert [(one.name, one.before, one.now) for one in found.changed] == [
        ("libraries.numpy", "2.4.6", "2.5.0")
    ]


def test_the_newest_earlier_one_counts_and_only_of_the_same_file_model_and_options(
    user: db.User, upload: UploadRow, model: ModelRow
) -> None:
    complete(user, made.queued(user, upload, model))
    newest = complete(user, made.queued(user, upload, model), sha256="2" * 64)
    other_model = made.ready_model(user, upload, name="Other")
    complete(user, made.queued(user, upload, other_model), sha256="3" * 64)
    mapped = made.queued(user, upload, model)
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(PredictionRow, mapped).options = {"reasons": True}
    complete(user, mapped, sha256="4" * 64)
    last = complete(user, again(user, newest), sha256="2" * 64)
    found = verdict(user, last)
    assert found is not None
    assert (found.earlier_id, found.same_bytes) == (newest, True)
    assert verdict(user, mapped) is None


def test_one_of_before_there_were_receipts_is_compared_by_its_bytes(
    user: db.User, upload: UploadRow, model: ModelRow
) -> None:
    first = complete(user, made.queued(user, upload, model), receipt=None)
    found = verdict(user, complete(user, again(user, first)))
    assert found is not None
    assert (found.same_bytes, found.same_counts, found.changed) == (True, None, None)


def test_what_is_not_completed_or_not_ones_own_is_not_scored_again(
    user: db.User, stranger: db.User, upload: UploadRow, model: ModelRow
) -> None:
    queued = made.queued(user, upload, model)
    with pytest.raises(Conflict, match="QUEUED"):
        again(user, queued)
    complete(user, queued)
    with pytest.raises(NotFound):
        again(stranger, queued)
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(PredictionRow)).scalar_one() == 1
