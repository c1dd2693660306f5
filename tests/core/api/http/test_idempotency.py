from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from core import db
from core.api.errors import KeyInUse, KeyReused
from core.api.http import idempotency
from core.api.http.idempotency import Answer
from core.api.routes.models import TrainingBegun
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import listing, predictions
from tests import journeys
from tests.clocks import HeldClock
from tests.core.api.conftest import TARGET, Trained

KEY = {"Idempotency-Key": "order-1"}


def _n_predictions(user: db.User) -> int:
    return len(journeys.ask(user, lambda session: listing.page(session)).items)


def test_the_same_upload_again_with_its_key_gets_the_first_answer(
    client: httpx.Client, me: db.User, model: ModelRow, trained: Trained
) -> None:
    content = trained.csv + trained.csv.splitlines(keepends=True)[1]
    first = client.post("/api/csv", files={"file": ("a.csv", content)}, headers=KEY)
    again = client.post("/api/csv", files={"file": ("a.csv", content)}, headers=KEY)
    assert (first.status_code, first.headers.get("idempotency-replayed")) == (202, None)
    assert (again.status_code, again.headers.get("idempotency-replayed")) == (202, "true")
    assert again.json() == first.json()
    assert _n_predictions(me) == 1


@pytest.mark.parametrize("other", ["content", "file name", "field"])
def test_a_key_stands_for_one_upload_only(client: httpx.Client, other: str) -> None:
    content, name = b"a,b\n1,2\n", "a.csv"
    assert client.post("/api/csv", files={"file": (name, content)}, headers=KEY).status_code == 201
    answer = client.post(
        "/api/csv",
        files={
            "file": ("b.csv" if other == "file name" else name, content + b"3,4\n" * (other == "content"))
        },
        data={"mode": "none"} if other == "field" else {},
        headers=KEY,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_the_same_prediction_again_with_its_key_is_made_once(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id)}
    answers = [client.post("/api/predictions", json=wanted, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert _n_predictions(me) == 1
    client.post("/api/predictions", json=wanted)
    assert _n_predictions(me) == 2


def test_the_same_training_again_with_its_key_is_begun_once(
    client: httpx.Client, me: db.User, upload: UploadRow
) -> None:
    wanted = {"upload_id": str(upload.id), "target": TARGET}
    answers = [client.post("/api/models/train", json=wanted, headers=KEY) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(journeys.ask(me, lambda session: models.page(session)).items) == 1


def test_a_call_that_failed_gives_its_key_back(client: httpx.Client, upload: UploadRow) -> None:
    wrong = {"upload_id": str(upload.id), "target": "nonsense"}
    assert client.post("/api/models/train", json=wrong, headers=KEY).status_code == 422
    right = {"upload_id": str(upload.id), "target": TARGET}
    assert client.post("/api/models/train", json=right, headers=KEY).status_code == 202


def test_a_key_whose_first_call_still_runs_is_a_conflict(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id)}
    first = client.post("/api/predictions", json=wanted, headers=KEY)
    with db.session_scope(me, write=True) as session:  # as it stood before the first call was answered
        key = session.get_one(idempotency.IdempotencyKeyRow, (me.id, "order-1"))
        key.status_code = key.answer = None
    answer = client.post("/api/predictions", json=wanted, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert first.status_code == 202
    assert _n_predictions(me) == 1


def test_a_call_that_fails_after_it_has_made_something_makes_it_once(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    # Nothing in this process can do work, so a sync call fails behind the commit of its prediction.
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id), "mode": "sync"}
    first = client.post("/api/predictions", json=wanted, headers=KEY)
    again = client.post("/api/predictions", json=wanted, headers=KEY)
    assert (first.status_code, first.json()["error"]["code"]) == (503, "no_runner")
    assert (again.status_code, again.json()["status"]) == (202, "QUEUED")
    assert again.headers["idempotency-replayed"] == "true"
    assert _n_predictions(me) == 1


def test_an_upload_that_fails_after_its_prediction_was_made_makes_it_once(
    client: httpx.Client, me: db.User, model: ModelRow, trained: Trained
) -> None:
    files = {"file": ("a.csv", trained.csv)}
    for expected in (503, 202):
        answer = client.post("/api/csv", files=files, data={"mode": "sync"}, headers=KEY)
        assert answer.status_code == expected
    assert answer.json()["prediction_id"]
    assert _n_predictions(me) == 1


def test_a_call_whose_key_went_to_another_makes_nothing(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    call = idempotency.Call(me, "k", None)  # it was slow, so its key was given to another, which has answered
    with db.session_scope(me, write=True) as session:
        idempotency.take(session, key="k", request_sha256="a")
        idempotency.keep(session, key="k", answer=Answer(status_code=202, body={}))
    with pytest.raises(KeyInUse), db.session_scope(me, write=True) as session:
        predictions.create(session, upload_id=upload.id, model_id=model.id)
        call.made(session, 202, TrainingBegun(model_id="m", task_id="t"))
    assert _n_predictions(me) == 0


def test_the_same_call_several_times_at_once_creates_one(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id)}
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(client.post, "/api/predictions", json=wanted, headers=KEY) for _ in range(4)]
        answers = [call.result() for call in calls]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["prediction_id"] for answer in answers if answer.status_code == 202}) == 1
    assert _n_predictions(me) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_key_has_a_length(client: httpx.Client) -> None:
    answer = client.post(
        "/api/predictions",
        json={"upload_id": "1", "model_id": "x"},
        headers={"Idempotency-Key": "k" * 201},
    )
    assert answer.status_code == 422


def _take(user: db.User, *, request: str = "a") -> Answer | None:
    with db.session_scope(user, write=True) as session:
        return idempotency.take(session, key="k", request_sha256=request)


def _keep(user: db.User, answer: Answer) -> None:
    with db.session_scope(user, write=True) as session:
        idempotency.keep(session, key="k", answer=answer)


def test_an_answer_is_kept_for_a_day(database: db.Database, user: db.User, clock: HeldClock) -> None:
    answer = Answer(status_code=202, body={"prediction_id": "7"})
    assert _take(user) is None
    _keep(user, answer)
    clock.advance(24 * 3600 - 1)
    assert _take(user) == answer
    clock.advance(2)
    assert _take(user) is None


def test_a_key_whose_process_died_is_free_after_a_while(
    database: db.Database, user: db.User, clock: HeldClock
) -> None:
    _take(user)
    clock.advance(idempotency.GIVEN_UP_S - 1)
    with pytest.raises(KeyInUse):
        _take(user)
    clock.advance(2)
    assert _take(user) is None


def test_another_request_with_the_key_is_refused_whether_or_not_the_first_was_answered(
    database: db.Database, user: db.User, clock: HeldClock
) -> None:
    _take(user)
    with pytest.raises(KeyReused):
        _take(user, request="b")
    _keep(user, Answer(status_code=202, body={}))
    with pytest.raises(KeyReused):
        _take(user, request="b")


def test_people_have_keys_of_their_own(
    database: db.Database, user: db.User, stranger: db.User, clock: HeldClock
) -> None:
    assert _take(user) is None
    assert _take(stranger, request="b") is None


def test_a_key_whose_first_call_died_is_free_again_though_the_clock_was_set_back(
    database: db.Database, user: db.User, clock: HeldClock
) -> None:
    assert _take(user) is None
    with pytest.raises(KeyInUse):
        _take(user)
    clock.advance(-7_200)
    assert _take(user) is None
