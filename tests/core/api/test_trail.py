"""Every action leaves a line on the audit trail, whoever does it and by what."""

from __future__ import annotations

import httpx
import pytest

from core import db
from core.access import audit
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.core.api.conftest import Trained, ready

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def lines(me: db.User, **asked: object) -> list[AuditEventRow]:
    with db.session_scope(me) as session:
        return [*reversed(audit.page(session, asked=audit.Filter(**asked)).items)]  # type: ignore[arg-type]


def actions(me: db.User, subject_id: object) -> list[str]:
    return [line.action for line in lines(me, subject_id=str(subject_id))]


@ONE_DATABASE
def test_an_upload_from_beginning_to_end(client: httpx.Client, me: db.User) -> None:
    csv = {"file": ("sales.csv", b"a,b\n1,2\n3,4\n", "text/csv")}
    upload_id = client.post("/api/csv", files=csv, data={"mode": "none"}).json()["upload_id"]
    path = f"/api/uploads/{upload_id}"
    client.get(f"{path}/file")
    client.head(f"{path}/file")
    client.get(f"{path}/file", headers={"Range": "bytes=4-"})
    client.patch(f"{path}/reading", json={"delimiter": ","})
    client.delete(path)
    assert actions(me, upload_id) == ["upload.added", "upload.downloaded", "upload.reread", "upload.deleted"]
    (first, *_) = lines(me, subject_id=str(upload_id))
    assert (first.subject_kind, first.subject_name, first.details) == ("upload", "sales.csv", {"rows": 2})
    assert (first.user_id, first.via, first.address) == (me.id, "local", "127.0.0.1")


@ONE_DATABASE
def test_a_prediction_from_beginning_to_end(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow, by_hand: None
) -> None:
    wanted = {"upload_id": str(upload.id), "model_id": str(model.id)}
    first = client.post("/api/predictions", json=wanted).json()["prediction_id"]
    client.post(f"/api/predictions/{first}/cancel")
    client.post(f"/api/predictions/{first}/retry")
    client.post(f"/api/predictions/{first}/process-demo")
    for query in ({}, {"safe": 1}, {"format": "parquet"}):
        assert client.get(f"/api/predictions/download_predictions/{first}", params=query).status_code == 200
    client.delete(f"/api/predictions/{first}")
    assert actions(me, first) == [
        "prediction.created",
        "prediction.cancelled",
        "prediction.retried",
        "prediction.by_hand",
        *["prediction.downloaded"] * 3,
        "prediction.deleted",
    ]


@ONE_DATABASE
def test_a_model_from_beginning_to_end(
    client: httpx.Client, me: db.User, upload: UploadRow, trained: Trained, storage: LocalStorage
) -> None:
    wanted = {"upload_id": str(upload.id), "target": "churned"}
    first = client.post("/api/models/train", json=wanted).json()["model_id"]
    client.post(f"/api/models/{first}/cancel")
    assert actions(me, first) == ["model.trained", "model.cancelled"]
    made = ready(me, upload, trained, storage)
    client.delete(f"/api/models/{made.id}")
    assert actions(me, made.id) == ["model.trained", "model.deleted"]


@ONE_DATABASE
def test_what_is_refused_leaves_no_line_of_being_done(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow, settings: Settings
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    assert client.delete(f"/api/uploads/{upload.id}").status_code == 409
    assert client.delete(f"/api/models/{model.id}").status_code == 409
    assert client.delete(f"/api/predictions/{prediction_id}").status_code == 409
    assert client.get(f"/api/predictions/download_predictions/{prediction_id}").status_code == 409
    assert [line for line in lines(me) if "deleted" in line.action or "downloaded" in line.action] == []


@ONE_DATABASE
def test_the_trail_is_read_by_filters_and_pages_over_http_too(
    client: httpx.Client, me: db.User, upload: UploadRow
) -> None:
    made = client.post("/api/tokens", json={"name": "Nightly", "scopes": ["read"], "days": 90.0}).json()
    client.delete(f"/api/tokens/{made['id']}")
    page = client.get("/api/audit", params={"limit": 2}).json()
    assert [event["action"] for event in page["items"]] == ["token.revoked", "token.created"]
    rest = client.get("/api/audit", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [event["action"] for event in rest["items"]] == ["upload.added"]
    found = client.get("/api/audit", params={"action": "token.created", "text": "night"}).json()["items"]
    assert [event["details"] for event in found] == [{"scopes": ["read"], "days": 90}]
    assert made["secret"] not in client.get("/api/audit").text
