from __future__ import annotations

import threading
from uuid import UUID, uuid4

import httpx
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made
from tests.core.api.conftest import Trained, ready, stored_keys

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CALLS = [
    ("GET", ""), ("DELETE", ""), ("POST", "/process-demo"), ("POST", "/cancel"), ("POST", "/retry"),
    ("GET", "/metrics"),
]  # fmt: skip


def _get(user: db.User, prediction_id: str | UUID) -> PredictionRow:
    return journeys.ask(
        user, lambda session: predictions.get(session, prediction_id=UUID(str(prediction_id)))
    )


def _settle(user: db.User, prediction_id: UUID, state: TaskState, **values: object) -> None:
    made.settle(_get(user, prediction_id).task_id, state, **values)


def test_a_prediction_is_queued_and_shown(client: httpx.Client, upload: UploadRow, model: ModelRow) -> None:
    answer = client.post("/api/predictions", json={"upload_id": str(upload.id), "model_id": str(model.id)})
    assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
    found = client.get(f"/api/predictions/{answer.json()['prediction_id']}").json()
    assert {name: found[name] for name in ("status", "mode", "upload_id", "model_id", "rows_processed")} == {
        "status": "QUEUED", "mode": "queued", "upload_id": str(upload.id), "model_id": str(model.id),
        "rows_processed": 0,
    }  # fmt: skip
    assert (found["rows_total"], found["metrics"], found["error_message"]) == (300, None, None)
    assert found["created_at"].endswith("Z")


@ONE_DATABASE
def test_an_upload_may_be_named_by_number(client: httpx.Client, upload: UploadRow, model: ModelRow) -> None:
    for number in (upload.id, float(upload.id)):  # JSON knows one kind of number
        answer = client.post("/api/predictions", json={"upload_id": number, "model_id": str(model.id)})
        assert answer.status_code == 202


@ONE_DATABASE
def test_with_mode_sync_the_answer_waits_for_the_numbers(
    client: httpx.Client, by_hand: None, upload: UploadRow, model: ModelRow
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id), "mode": "sync"}
    answer = client.post("/api/predictions", json=wanted)
    assert (answer.status_code, answer.json()["status"]) == (201, "COMPLETED")
    path = f"/api/predictions/{answer.json()['prediction_id']}"
    found = client.get(path).json()
    assert (found["mode"], found["rows_processed"], found["rows_total"]) == ("sync", 300, 300)
    assert found["columns_added"] == ["prediction", "probability", "caution"]
    assert found["reasons"] is False
    assert 0.5 < found["metrics"]["roc_auc"] <= 1
    numbers = client.get(f"{path}/metrics").json()
    assert (numbers["n_rows"], numbers["n_measured"], numbers["target"]) == (300, 300, "churned")
    assert numbers["metrics"]["roc_auc"] == found["metrics"]["roc_auc"]
    assert sum(numbers["labels"]["counts"]) == 300
    assert (numbers["n_cautioned"], numbers["formulas"]) == (0, [])
    assert numbers["headline"].startswith("The model ranks")


@ONE_DATABASE
def test_with_reasons_each_row_says_what_moved_its_answer(
    client: httpx.Client, by_hand: None, upload: UploadRow, model: ModelRow
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id), "mode": "sync", "reasons": True}
    prediction_id = client.post("/api/predictions", json=wanted).json()["prediction_id"]
    found = client.get(f"/api/predictions/{prediction_id}").json()
    assert found["reasons"] is True
    assert found["columns_added"][-3:] == ["reason_1", "reason_2", "reason_3"]
    result = client.get(f"/api/predictions/download_predictions/{prediction_id}").text.splitlines()
    assert all("r because " in row for row in result[1:])
    assert client.post(f"/api/predictions/{prediction_id}/retry").status_code == 409


@ONE_DATABASE
def test_a_model_that_can_not_give_reasons_says_so_at_once(
    client: httpx.Client, upload: UploadRow, model: ModelRow
) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        row = session.get_one(ModelRow, model.id)
        schema = dict(row.schema or {})
        schema["features"] = [{**feature, "median": None} for feature in schema["features"]]
        row.schema = schema
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id)}
    answer = client.post("/api/predictions", json={**wanted, "reasons": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "reasons_unknown")
    assert client.post("/api/predictions", json=wanted).status_code == 202


@ONE_DATABASE
def test_two_clicks_on_by_hand_score_it_once(
    client: httpx.Client,
    by_hand: None,
    me: db.User,
    upload: UploadRow,
    model: ModelRow,
    storage: LocalStorage,
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    answers: list[httpx.Response] = []

    def click() -> None:
        answers.append(client.post(f"/api/predictions/{prediction_id}/process-demo"))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 200], [200, 409])
    assert {answer.json()["status"] for answer in answers if answer.status_code == 200} == {"COMPLETED"}
    prediction = _get(me, prediction_id)
    assert (prediction.status, prediction.task.attempt) == ("COMPLETED", 1)
    assert [key for key in stored_keys(storage) if key.startswith("results/")] == [prediction.output_key]
    late = client.post(f"/api/predictions/{prediction_id}/process-demo")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert "COMPLETED" in late.json()["error"]["message"]


@ONE_DATABASE
def test_by_hand_a_failure_is_told_by_its_row(
    client: httpx.Client,
    by_hand: None,
    me: db.User,
    upload: UploadRow,
    model: ModelRow,
    storage: LocalStorage,
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    assert storage.delete(upload.storage_key)
    answer = client.post(f"/api/predictions/{prediction_id}/process-demo")
    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")
    assert "is gone" in answer.json()["error_message"]
    assert answer.json()["error_hint"]


@ONE_DATABASE
def test_a_large_upload_is_not_scored_while_one_waits(
    client: httpx.Client,
    me: db.User,
    model: ModelRow,
    trained: Trained,
    settings: Settings,
    storage: LocalStorage,
) -> None:
    rows = b"".join(trained.csv.splitlines(keepends=True)[1:])
    large = journeys.upload_bytes(me, trained.csv + rows * 45, settings=settings, files=storage)
    wanted = {"upload_id": str(large.id), "model_id": str(model.id), "mode": "sync"}
    answer = client.post("/api/predictions", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large_for_sync")
    assert client.get("/api/predictions").json()["items"] == []


def test_a_model_that_is_not_ready_is_a_conflict(client: httpx.Client, upload: UploadRow) -> None:
    begun = client.post("/api/models/train", json={"upload_id": str(upload.id), "target": "churned"}).json()
    wanted = {"upload_id": str(upload.id), "model_id": begun["model_id"]}
    answer = client.post("/api/predictions", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_what_is_named_must_be_there(client: httpx.Client, upload: UploadRow, model: ModelRow) -> None:
    pairs: list[tuple[object, object]] = [
        (upload.id, uuid4()), (upload.id, "x"),
        (999999, model.id), (10**30, model.id), (-1, model.id), ("x", model.id), ("", model.id),
    ]  # fmt: skip
    for upload_id, model_id in pairs:
        wanted = {"upload_id": upload_id, "model_id": str(model_id)}
        answer = client.post("/api/predictions", json=wanted)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), wanted


@ONE_DATABASE
@pytest.mark.parametrize(
    "body",
    [[], {}, {"upload_id": None, "model_id": "x"}, {"upload_id": "1", "model_id": "x", "mode": "none"}],
)
def test_a_body_that_makes_no_sense_is_refused(client: httpx.Client, body: object) -> None:
    answer = client.post("/api/predictions", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_the_list_can_be_narrowed_by_each_of_its_fields(
    client: httpx.Client,
    me: db.User,
    upload: UploadRow,
    model: ModelRow,
    trained: Trained,
    storage: LocalStorage,
) -> None:
    other = ready(me, upload, trained, storage)
    first = journeys.queue_prediction(me, upload, model)
    second = journeys.queue_prediction(me, upload, other)
    third = journeys.queue_prediction(me, upload, other)
    client.post(f"/api/predictions/{third}/cancel")

    def listed(**narrowed: object) -> list[str]:
        page = client.get("/api/predictions", params=narrowed).json()
        return [item["id"] for item in page["items"]]

    assert listed() == [str(third), str(second), str(first)]
    assert listed(status="QUEUED") == [str(second), str(first)]
    assert listed(status=["CANCELLED", "FAILED"]) == [str(third)]
    assert listed(model_id=other.id, status="QUEUED") == [str(second)]
    assert len(listed(upload_id=upload.id)) == 3
    assert listed(upload_id=upload.id + 1) == []
    assert client.get("/api/predictions", params={"upload_id": "x"}).status_code == 404


def test_the_list_is_given_out_in_pages(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    made_ids = [str(journeys.queue_prediction(me, upload, model)) for _ in range(3)]
    first = client.get("/api/predictions/", params={"limit": 2}).json()
    second = client.get("/api/predictions/", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made_ids[::-1]
    assert second["next_cursor"] is None


def test_a_life_from_cancel_over_retry_to_delete(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    path = f"/api/predictions/{journeys.queue_prediction(me, upload, model)}"
    assert client.delete(path).status_code == 409
    assert client.post(f"{path}/retry").status_code == 409
    assert client.post(f"{path}/cancel").json()["status"] == "CANCELLED"
    again = client.post(f"{path}/cancel")
    assert again.status_code == 409
    assert "CANCELLED" in again.json()["error"]["message"]
    assert client.post(f"{path}/process-demo").status_code == 409
    retried = client.post(f"{path}/retry")
    assert (retried.status_code, retried.json()["status"]) == (200, "QUEUED")
    client.post(f"{path}/cancel")
    assert client.delete(path).json()["deleted"] is True
    assert client.get(path).status_code == 404


def test_numbers_are_there_once_it_is_completed(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    answer = client.get(f"/api/predictions/{prediction_id}/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@ONE_DATABASE
@pytest.mark.parametrize(
    "prediction_id",
    ["x", "0", "9" * 400, "0b5a4c1e-7d2f-4c3a-9e1b-5f6a7b8c9d0e", "%00", "download_predictions"],
)
def test_an_id_that_nothing_has_is_not_found_whatever_it_looks_like(
    client: httpx.Client, prediction_id: str
) -> None:
    for method, path in CALLS:
        answer = client.request(method, f"/api/predictions/{prediction_id}{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path
