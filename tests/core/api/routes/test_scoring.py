from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import anyio
import httpx
import pytest

from core import db, queue
from core.api.routes import scoring
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.queue import TaskState
from tests import journeys, made

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def asked() -> Iterator[list[UUID]]:
    """The tasks that were asked for, in a process whose runner is busy for good."""
    tasks: list[UUID] = []
    queue.local_runner.serve(lambda task_id, /, *, once: tasks.append(task_id))
    yield tasks
    queue.local_runner.serve(None)


def test_what_takes_longer_than_one_waits_comes_back_as_it_stands(
    me: db.User, upload: UploadRow, model: ModelRow, asked: list[UUID]
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    task_id = journeys.ask(me, partial(predictions.get, prediction_id=prediction_id)).task_id
    wait = partial(scoring.finished, me, prediction_id=prediction_id, task_id=task_id, wait_s=0.05)
    assert anyio.run(wait).status == "QUEUED"
    assert asked == [task_id]


def test_it_does_not_matter_who_did_it(
    me: db.User, upload: UploadRow, model: ModelRow, asked: list[UUID]
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    task_id = journeys.ask(me, partial(predictions.get, prediction_id=prediction_id)).task_id
    made.settle(task_id, TaskState.FAILED, reason=queue.Reason(code="x", message="Another worker tried."))
    found = anyio.run(partial(scoring.finished, me, prediction_id=prediction_id, task_id=task_id))
    assert (found.status, found.error_message) == ("FAILED", "Another worker tried.")


def test_a_process_that_can_do_no_work_says_so(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    answer = client.post(f"/api/predictions/{prediction_id}/process-demo")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_runner")
    assert client.get(f"/api/predictions/{prediction_id}").json()["status"] == "QUEUED"
