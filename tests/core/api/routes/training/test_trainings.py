"""Trainings and live apps over HTTP, from the trigger to a prediction, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from core.training.deployments.keeper import Keeper
from tests.core.training.coding.conftest import PREDICT, TRAIN, files, said, with_claude
from tests.servers.claude import ClaudeServer
from tests.servers.site import Site, page
from tests.servers.waiting import wait_for
from tests.trainings import TARGET, TINY, Bench, ToldJob, require_sandbox

ROW = {"tenure_months": 3}


@pytest.fixture
def database(sqlite_database: db.Database) -> db.Database:
    """One kind is enough here: rooms and rules are tested on both."""
    return sqlite_database


@pytest.fixture
def bench(settings: Settings, me: db.User, upload: UploadRow) -> Bench:
    """Does trainings as a worker would."""
    require_sandbox(settings.data_dir)
    bench = Bench(settings, me)
    bench._uploads["customers.csv"] = upload
    return bench


@pytest.fixture
def keeper(settings: Settings, bench: Bench) -> Iterator[Keeper]:
    """As the app has one."""
    del bench
    keeper = Keeper(settings)
    keeper.start()
    yield keeper
    assert keeper.stop()


def trigger(client: httpx.Client, upload: UploadRow, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if (key := more.pop("key", None)) else {}
    body = {"upload_id": str(upload.id), "target": TARGET, **more}
    return client.post("/api/ai/train", json=body, headers=headers)


def test_a_training_goes_from_the_trigger_to_a_prediction(
    client: httpx.Client, upload: UploadRow, bench: Bench, keeper: Keeper
) -> None:
    del keeper
    answer = trigger(client, upload, goal="Who leaves?", key="once")
    assert answer.status_code == 202, answer.text
    made = answer.json()
    for again in (
        trigger(client, upload, goal="Who leaves?", key="once"),
        trigger(client, upload, goal="Who leaves?"),
    ):
        assert (again.status_code, again.json()) == (202, made)
    job = f"/api/training-jobs/{made['training_job_id']}"
    status = client.get(f"{job}/status").json()
    assert (status["status"], status["stage"], status["deployment"]) == ("queued", None, None)
    assert [stage["state"] for stage in status["stages"]] == ["queued"]

    training_job_id = UUID(made["training_job_id"])
    bench.change(training_job_id, code=TINY, code_sha256="0" * 64, code_source="user")
    assert bench.attempt(training_job_id).status == "succeeded"
    live = wait_for(lambda: _live(client, job), what="the live app")
    status = client.get(f"{job}/status").json()
    assert (
        status["deployment_url"]
        == live["url"]
        == client.get(f"/api/models/{made['model_id']}").json()["deployed_url"]
    )
    assert (status["metrics"]["roc_auc"], status["baseline"]["roc_auc"]) == (0.5, 0.5)
    assert client.get(f"{job}/log").json()["lines"] == [{"n": 1, "source": "stdout", "text": "made"}]
    assert client.get(f"{job}/log?after=1").json() == {"lines": [], "last": 1}
    assert client.get(f"{job}/code").json() == {
        "code": TINY,
        "predict": None,
        "source": "user",
        "sha256": "0" * 64,
    }
    rows = client.get(f"/api/training/predictions/{made['training_job_id']}?limit=2").json()
    assert [row["prediction"] for row in rows["items"]] == ["Yes", "Yes"]
    assert rows["next_cursor"] == str(rows["items"][1]["row"])
    assert [one["id"] for one in client.get("/api/training-jobs?status=succeeded").json()["items"]] == [
        made["training_job_id"]
    ]

    deployment = f"/api/deployments/{live['id']}"
    expected = {"predictions": [{"prediction": "Yes", "probabilities": {"No": 0.25, "Yes": 0.75}}]}
    said = client.post(f"{deployment}/predict", json={"rows": [ROW]})
    assert (said.status_code, said.json()) == (200, expected), said.text
    page = client.get(f"/live/{live['id']}/")
    assert page.status_code == 200
    assert 'data-column="tenure_months"' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert client.post(f"/live/{live['id']}/predict", json={"rows": [ROW]}).json() == expected
    _refuse_nonsense(client, f"/live/{live['id']}/predict")

    assert client.delete(f"/api/models/{made['model_id']}").status_code == 409
    assert client.post(f"{deployment}/extend").status_code == 200
    assert client.post(f"{deployment}/stop").json()["url"] is None
    asleep = client.post(f"{deployment}/predict", json={"rows": [ROW]})
    assert (asleep.status_code, asleep.json()["error"]["code"]) == (409, "not_live")
    assert client.post(f"{deployment}/extend").status_code == 409
    assert client.delete(f"/api/models/{made['model_id']}").status_code == 200
    assert client.get(job).status_code == 404


def _live(client: httpx.Client, job: str) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"{job}/status").json()["deployment"]
    assert found["status"] != "failed", found
    return found if found["status"] == "live" else None


def _refuse_nonsense(client: httpx.Client, path: str) -> None:
    for content, status in [
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"rows": 1}', 422),
        (b'{"rows": [{"tenure_months": "long"}]}', 422),
        (b'{"rows": [' + b",".join([b"{}"] * 10_000) + b"]}", 422),
        (b'{"rows": [{"a": "' + b"x" * 2_000_000 + b'"}]}', 413),
    ]:
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, (content[:40], answer.text[:300])
        assert set(answer.json()["error"]) == {"code", "message", "hint"}
    named = client.post(path, json={"rows": [{"tenure_months": "long"}]}).json()["error"]["message"]
    assert "'tenure_months'" in named


def test_a_retry_and_a_cancel(client: httpx.Client, upload: UploadRow, bench: Bench) -> None:
    del bench
    made = trigger(client, upload).json()
    job = f"/api/training-jobs/{made['training_job_id']}"
    assert client.post(f"{job}/retry").status_code == 409
    assert client.post(f"{job}/cancel").json()["status"] == "cancelled"
    assert client.post(f"{job}/cancel").status_code == 409
    again = client.post(f"{job}/retry")
    assert again.status_code == 202
    assert (
        client.get(f"/api/training-jobs/{again.json()['training_job_id']}").json()["retry_of"]
        == made["training_job_id"]
    )


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"goal": "x" * 100_000}, 422),
        ({"goal": "bell\a"}, 422),
        ({"target": "nobody"}, 422),
        ({"upload_id": "999"}, 404),
        ({"resources": ["http://127.0.0.1/secrets"]}, 422),
        ({"resources": ["https://pages.example"] * 11}, 422),
        ({"name": "x" * 81}, 422),
    ],
)
def test_what_can_not_be_trained_is_refused_and_makes_nothing(
    client: httpx.Client, upload: UploadRow, bench: Bench, more: dict[str, Any], status: int
) -> None:
    del bench
    answer = trigger(client, upload, **more)
    assert answer.status_code == status, answer.text
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(TrainingJobRow.id)).all() == []


def test_pages_code_and_messages_of_a_training_are_read(
    client: httpx.Client, upload: UploadRow, bench: Bench
) -> None:
    with ClaudeServer() as claude, Site() as site:
        claude.always = said(files())
        site.pages["/terms"] = page(b"Prices rise.", kind="text/plain")
        named = ["http://pages.example/terms", "http://private.example/"]
        made = trigger(client, upload, goal="Who leaves?", resources=named, shares_values=True).json()
        job_id = UUID(made["training_job_id"])
        told = ToldJob(stop=lambda: bench.job(job_id).status == "provisioning")
        with_claude(bench, claude).attempt(job_id, told=told, web=site.web())
    job = f"/api/training-jobs/{job_id}"
    found = client.get(job).json()
    assert (found["resources"], found["shares_values"], found["code_source"]) == (named, True, "claude")
    read, unread = client.get(f"{job}/pages").json()["items"]
    assert (read["text"], read["problem"], len(read["sha256"])) == ("Prices rise.", None, 64)
    assert (unread["text"], unread["url"]) == (None, named[1])
    assert "private network" in unread["problem"]
    assert any("private.example" in one for one in client.get(f"{job}/status").json()["warnings"])
    code = client.get(f"{job}/code").json()
    assert (code["code"], code["predict"]) == (TRAIN, PREDICT)
    goal, question, answer = client.get(f"{job}/messages").json()["items"]
    assert (goal["role"], goal["round"], goal["content"]) == ("user", None, "Who leaves?")
    assert (question["role"], question["round"]) == ("user", 1)
    assert "Prices rise." in question["content"]
    assert (answer["role"], answer["round"], answer["content"]) == ("assistant", 1, files())
    assert (answer["input_tokens"], answer["output_tokens"], answer["cost_usd"]) == (120, 90, 0.000057)
    with db.session_scope(db.WORKER) as session:
        facts = session.execute(
            sa.select(AuditEventRow.details).where(AuditEventRow.action == "training.triggered")
        ).scalar_one()
    assert (facts["n_pages"], facts["shares_values"]) == (2, True)


def test_the_page_of_a_live_app_that_is_not_there_is_a_404(client: httpx.Client, bench: Bench) -> None:
    del bench
    for path in (f"/live/{uuid4()}/", "/live/nothing/", f"/live/{uuid4()}/status"):
        assert client.get(path).status_code == 404
    assert client.post(f"/live/{uuid4()}/predict", json={"rows": [{}]}).status_code == 404
