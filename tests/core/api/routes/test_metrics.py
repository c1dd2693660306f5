"""The figures for Prometheus, read by Prometheus' own parser, and the load as an autoscaler reads it."""

from __future__ import annotations

import json
import os
import sys
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families as parsed

from core import __version__, db
from core.queue import Pool, workers
from core.settings import Settings
from tests.clocks import held_ahead
from tests.faults import steps
from tests.servers import forks
from tests.servers.app import PROJECT


def figures(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    answer = client.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parsed(answer.text)
        for sample in family.samples
    }


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"model_desk_{name}", frozenset(labels.items())


def test_the_queue_and_its_workers_are_told(client: httpx.Client, me: db.User) -> None:
    steps.make_tables()
    with db.session_scope(me, write=True) as session:
        steps.enqueue(session, user=me)
        steps.enqueue(session, user=me)
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 3}, is_embedded=False)
    found = figures(client)
    assert found[of("info", version=__version__)] == 1
    assert found[of("tasks", kind=steps.KIND, state="QUEUED")] == 2
    assert 0 <= found[of("oldest_task_seconds", kind=steps.KIND, state="QUEUED")] < 60
    assert (found[of("workers")], found[of("worker_slots")]) == (1, 3)
    assert ("process_resident_memory_bytes", frozenset()) in found


def test_calls_are_counted_by_route_and_not_by_path(client: httpx.Client) -> None:
    for _ in range(3):
        client.get(f"/api/predictions/{uuid4()}")
    client.get("/api/nowhere/1")
    client.request("PURGE", "/api/health")
    found = figures(client)
    route = "/predictions/{prediction_id}"
    assert found[of("http_requests_total", method="GET", route=route, status="404")] == 3
    assert found[of("http_request_seconds_count", method="GET", route=route)] == 3
    assert found[of("http_requests_total", method="GET", route="other", status="404")] == 1
    assert found[of("http_requests_total", method="other", route="/health", status="405")] == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_a_database_it_is_refused(client: httpx.Client) -> None:
    with db.current().writing.begin() as connection:
        connection.execute(sa.text("ALTER TABLE workers RENAME TO gone"))
    answer = client.get("/api/metrics")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")


def test_an_autoscaler_is_told_the_load_and_the_shell_says_the_same(
    client: httpx.Client, settings: Settings
) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=uuid4(), pools={Pool.SCORING: 2}, is_embedded=False)
    answer = client.get("/api/scale")
    assert answer.status_code == 200
    assert answer.json() == {
        "queued": 0, "running": 0, "abandoned": 0, "oldest_s": 0.0,
        "workers": 1, "places": 2, "suggested_workers": 0,
    }  # fmt: skip
    said = forks.run(
        [sys.executable, "-m", "core.worker", "scale"],
        cwd=PROJECT, env={**os.environ, **settings.environment()}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(said.stdout) == answer.json()
