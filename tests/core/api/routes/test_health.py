from __future__ import annotations

import shutil
import threading
import uuid

import httpx
import pytest
import sqlalchemy as sa

from core import __version__, db, storage
from core.api.routes import health
from core.queue import Pool, workers
from core.settings import Settings
from tests.clocks import held_ahead
from tests.servers.waiting import PATIENCE_S


def test_a_sound_installation_is_ok_even_without_workers(client: httpx.Client) -> None:
    answer = client.get("/api/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": __version__,
        "database": "ok",
        "storage": "ok",
        "queue": {"queued": 0, "running": 0, "abandoned": 0},
        "workers": 0,
    }


def test_living_workers_are_counted(client: httpx.Client) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid.uuid4(), pools={Pool.SCORING: 1}, is_embedded=False)
    assert client.get("/api/health").json()["workers"] == 1


def test_storage_that_is_gone_is_named(client: httpx.Client, settings: Settings) -> None:
    shutil.rmtree(settings.files_dir, ignore_errors=True)
    settings.files_dir.parent.mkdir(exist_ok=True)
    settings.files_dir.write_bytes(b"a file where a folder should be")
    answer = client.get("/api/health")
    assert answer.status_code == 503
    found = answer.json()
    assert (found["status"], found["database"]) == ("unavailable", "ok")
    assert "Storage can't be used" in found["storage"]
    assert found["error"]["code"] == "storage_unavailable"


def test_a_place_for_staging_that_is_none_is_named(client: httpx.Client, settings: Settings) -> None:
    settings.staging_dir.parent.mkdir(exist_ok=True)
    settings.staging_dir.write_bytes(b"a file where a folder should be")
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
    assert "staging" in answer.json()["storage"]
    answer = client.post("/api/csv", files={"file": ("a.csv", b"a,b\n1,2\n")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_database_that_does_not_answer_is_told_and_not_waited_for(client: httpx.Client) -> None:
    with db.current().engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
        answer = client.get("/api/health", timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")
        assert "has not answered" in answer.json()["database"]
        assert answer.json()["storage"] == "ok"
    assert client.get("/api/health", timeout=PATIENCE_S).status_code == 200


def test_a_database_of_another_revision_is_named(client: httpx.Client) -> None:
    with db.current().writing.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'unheard'"))
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert "unheard" in answer.json()["database"]
    assert answer.json()["error"]["code"] == "newer_schema"
    assert answer.json()["workers"] is None


def test_a_database_of_an_older_revision_is_told_to_be_upgraded(client: httpx.Client) -> None:
    with db.current().writing.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    error = client.get("/api/health").json()["error"]
    assert error["code"] == "older_schema"
    assert "0001" in error["message"]
    assert "python -m core.db upgrade" in error["hint"]


def test_storage_that_does_not_answer_is_told_and_not_waited_for(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(storage, "check_staging", lambda _: answers.wait(PATIENCE_S))
    monkeypatch.setattr(health, "DEADLINE_S", 0.2)
    try:
        answer = client.get("/api/health", timeout=PATIENCE_S)
    finally:
        answers.set()
    assert answer.status_code == 503
    assert "has not answered" in answer.json()["storage"]
