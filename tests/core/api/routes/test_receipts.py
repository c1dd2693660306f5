from __future__ import annotations

import hashlib
from uuid import uuid4

import httpx
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from tests import made

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def scored(client: httpx.Client, upload: UploadRow, model: ModelRow) -> str:
    """The path of a completed prediction."""
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id), "mode": "sync"}
    answer = client.post("/api/predictions", json=wanted)
    assert answer.status_code == 201
    return f"/api/predictions/{answer.json()['prediction_id']}"


def test_a_receipt_has_the_hash_of_what_is_downloaded(
    client: httpx.Client, by_hand: None, upload: UploadRow, model: ModelRow
) -> None:
    path = scored(client, upload, model)
    answer = client.get(f"{path}/receipt")
    assert answer.status_code == 200
    found = answer.json()
    result = client.get(f"/api/predictions/download_predictions/{found['prediction_id']}").content
    assert found["result"]["sha256"] == hashlib.sha256(result).hexdigest()
    assert found["ingredients"]["input"]["sha256"] == upload.sha256
    assert found["schema"] == 1
    assert found["run"]["answered_by"] in ("trees", "curves", "blend")


def test_what_is_scored_again_is_told_to_have_the_same_bytes(
    client: httpx.Client, by_hand: None, upload: UploadRow, model: ModelRow
) -> None:
    path = scored(client, upload, model)
    assert set(client.get(f"{path}/verdict").json().values()) == {None}
    answer = client.post(f"{path}/again")
    assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
    again = f"/api/predictions/{answer.json()['prediction_id']}"
    assert client.get(f"{again}/verdict").status_code == 409
    assert client.post(f"{again}/process-demo").json()["status"] == "COMPLETED"
    found = client.get(f"{again}/verdict").json()
    assert path.endswith(found.pop("earlier_id"))
    assert found.pop("earlier_at").endswith("Z")
    assert found == {"same_bytes": True, "same_counts": True, "changed": []}


def test_again_with_the_same_key_makes_one(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    first = made.completed(me, upload, model)
    asked = [
        client.post(f"/api/predictions/{first}/again", headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in asked] == [202, 202]
    assert asked[0].json() == asked[1].json()
    assert len(client.get("/api/predictions").json()["items"]) == 2


def test_before_it_is_completed_there_is_nothing_to_explain(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    queued = made.queued(me, upload, model)
    for method, call in (("GET", "receipt"), ("GET", "verdict"), ("POST", "again")):
        answer = client.request(method, f"/api/predictions/{queued}/{call}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
        assert client.request(method, f"/api/predictions/{uuid4()}/{call}").status_code == 404


def test_one_of_before_there_were_receipts_says_so(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow
) -> None:
    first = made.completed(me, upload, model)
    answer = client.get(f"/api/predictions/{first}/receipt")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "receipt_missing")
    assert answer.json()["error"]["hint"] == "Score the file again to create one."
