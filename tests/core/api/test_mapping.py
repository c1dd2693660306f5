"""Files whose columns have other names: the check before, the mapping with, and what was kept after."""

from __future__ import annotations

import json
from functools import partial
from uuid import uuid4

import httpx
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions.check import schema_check
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.core.api.conftest import Trained, stored_keys

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MAPPING = {"tenure_months": "Laufzeit"}


@pytest.fixture
def renamed(me: db.User, trained: Trained, settings: Settings, storage: LocalStorage) -> UploadRow:
    """The sample with another name for one column and a new value in another."""
    content = trained.csv.replace(b"tenure_months", b"Laufzeit", 1).replace(
        b"Month to month", b"Week to week"
    )
    return journeys.upload_bytes(me, content, settings=settings, files=storage)


def test_a_check_says_what_the_page_says(
    client: httpx.Client, me: db.User, model: ModelRow, renamed: UploadRow, storage: LocalStorage
) -> None:
    path = f"/api/uploads/{renamed.id}/check"
    look = partial(schema_check.check, me, storage=storage, upload_id=renamed.id, model_id=model.id)
    plain = client.get(path, params={"model_id": str(model.id)}).json()
    assert (plain["fits"], plain["refusal"]) == (False, str(look().refusal))
    (missing,) = (column for column in plain["columns"] if column["column"] is None)
    assert missing["name"] == "tenure_months"
    assert "Laufzeit" in plain["extra"]
    assert (plain["rows"], plain["rows_read"], plain["outcome"]) == (300, 300, "churned")
    asked = {"model_id": str(model.id), "mapping": json.dumps(MAPPING)}
    mapped = client.get(path, params=asked).json()
    assert (mapped["fits"], mapped["refusal"], mapped["mapping"]) == (True, None, MAPPING)
    assert [one["says"] for one in mapped["warnings"]] == [
        one.message for one in look(mapping=MAPPING).warnings
    ]
    assert [one["about"] for one in mapped["warnings"]] == ["unseen"]


def test_a_mapping_is_shown_kept_and_offered_again(
    client: httpx.Client, by_hand: None, model: ModelRow, renamed: UploadRow, upload: UploadRow
) -> None:
    wanted = {"upload_id": str(renamed.id), "model_id": str(model.id), "mapping": MAPPING}
    queued = client.post("/api/predictions", json=wanted)
    assert (queued.status_code, [one["about"] for one in queued.json()["warnings"]]) == (202, ["unseen"])
    path = f"/api/predictions/{queued.json()['prediction_id']}"
    client.post(f"{path}/cancel")
    assert client.post(f"{path}/retry").json()["mapping"] == MAPPING
    assert client.post(f"{path}/process-demo").json()["status"] == "COMPLETED"
    synced = client.post("/api/predictions", json={**wanted, "mode": "sync"}).json()
    assert synced["status"] == "COMPLETED"
    results = {
        client.get(f"/api/predictions/download_predictions/{prediction_id}").content
        for prediction_id in (queued.json()["prediction_id"], synced["prediction_id"])
    }
    assert len(results) == 1
    assert {item["id"]: item["mapping"] for item in client.get("/api/predictions").json()["items"]} == {
        queued.json()["prediction_id"]: MAPPING,
        synced["prediction_id"]: MAPPING,
    }
    check = partial(client.get, params={"model_id": str(model.id)})
    again = check(f"/api/uploads/{renamed.id}/check").json()["remembered"]
    assert (again["prediction_id"], again["mapping"]) == (synced["prediction_id"], MAPPING)
    assert check(f"/api/uploads/{upload.id}/check").json()["remembered"] is None  # its columns are others


@ONE_DATABASE
@pytest.mark.parametrize(
    ("mapping", "code", "message"),
    [
        ({"Laufzeit": "Laufzeit"}, "mapped_name_unknown", "'Laufzeit'"),
        ({"tenure_months": "laufzeit"}, "mapped_column_unknown", "'laufzeit'"),
        ({"tenure_months": "Laufzeit", "age": "Laufzeit"}, "mapped_twice", "'age'"),
        ({"tenure_months": "age"}, "mapped_away", "'age'"),
        ({"tenure_months": "contract", "contract": "Laufzeit"}, "feature_retyped", "'tenure_months'"),
        ({}, "feature_missing", "'tenure_months'"),
        ({"churned": "customer_id"}, "feature_missing", "'tenure_months'"),
    ],
)
def test_a_mapping_that_can_not_be_is_refused_by_check_and_call_alike(
    client: httpx.Client,
    model: ModelRow,
    renamed: UploadRow,
    mapping: dict[str, str],
    code: str,
    message: str,
) -> None:
    wanted = {"upload_id": str(renamed.id), "model_id": str(model.id), "mapping": mapping}
    refused = client.post("/api/predictions", json=wanted)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
    assert message in refused.json()["error"]["message"]
    assert refused.json()["error"]["hint"]
    asked = {"model_id": str(model.id), "mapping": json.dumps(mapping)}
    checked = client.get(f"/api/uploads/{renamed.id}/check", params=asked)
    if code.startswith("mapped"):
        assert checked.json() == refused.json()
    else:
        assert checked.json()["refusal"].startswith(refused.json()["error"]["message"])
    assert client.get("/api/predictions").json()["items"] == []


@ONE_DATABASE
@pytest.mark.parametrize(
    "mapping", [[], "x", {"a": 1}, {"a": None}, {"a": {"b": "c"}}, {"a\0": "b"}, {str(i): "x" for i in range(4097)}]
)  # fmt: skip
def test_a_mapping_of_another_shape_is_refused(
    client: httpx.Client, model: ModelRow, upload: UploadRow, mapping: object
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id), "mapping": mapping}
    answer = client.post("/api/predictions", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    asked = {"model_id": str(model.id), "mapping": json.dumps(mapping)[:3000]}
    assert client.get(f"/api/uploads/{upload.id}/check", params=asked).status_code == 422


@ONE_DATABASE
def test_a_mapping_is_a_part_of_what_a_key_stands_for(
    client: httpx.Client, model: ModelRow, renamed: UploadRow
) -> None:
    wanted = {"upload_id": str(renamed.id), "model_id": str(model.id), "mapping": MAPPING}
    send = partial(client.post, "/api/predictions", headers={"Idempotency-Key": "k"})
    first = send(json=wanted)
    assert send(json=wanted).json() == first.json()
    other = send(json={**wanted, "mapping": {**MAPPING, "churned": "customer_id"}})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


@ONE_DATABASE
def test_a_check_of_what_is_not_there_says_so(
    client: httpx.Client, model: ModelRow, upload: UploadRow
) -> None:
    pairs = [
        (upload.id, uuid4()),
        (upload.id, "x"),
        ("x", model.id),
    ]
    for upload_id, model_id in pairs:
        answer = client.get(f"/api/uploads/{upload_id}/check", params={"model_id": str(model_id)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    unnamed = client.get(f"/api/uploads/{upload.id}/check")
    assert (unnamed.status_code, "model_id" in unnamed.json()["error"]["message"]) == (422, True)
    training = client.post(
        "/api/models/train", json={"upload_id": str(upload.id), "target": "churned"}
    ).json()
    unready = client.get(f"/api/uploads/{upload.id}/check", params={"model_id": training["model_id"]})
    assert (unready.status_code, unready.json()["error"]["code"]) == (409, "conflict")


@ONE_DATABASE
def test_a_file_that_left_storage_is_neither_checked_nor_queued(
    client: httpx.Client, model: ModelRow, upload: UploadRow, storage: LocalStorage
) -> None:
    storage.delete(upload.storage_key)
    assert upload.storage_key not in stored_keys(storage)
    asked = {"model_id": str(model.id)}
    wanted = {"upload_id": str(upload.id), **asked}
    for answer in (
        client.get(f"/api/uploads/{upload.id}/check", params=asked),
        client.post("/api/predictions", json=wanted),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "upload_gone")
