"""Who asks for a live app that does not answer, or goes away half-way: the rest of the app goes on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import anyio
import httpx
import pytest
import sqlalchemy as sa

from core import access, db
from core.db.tables.deployments import DeploymentRow
from core.settings import Settings
from tests import made
from tests.core.api.conftest import served
from tests.trainings import Bench

N_ASKING = 30  # in each of the two ways; together more than there are threads for all that the app does
PATIENCE_S = 15.0


@pytest.fixture
def deployment_id(sqlite_database: db.Database, settings: Settings) -> UUID:
    """A live app that starts, and never comes so far: nobody keeps it."""
    del sqlite_database
    me = access.settle_local_user()
    model = made.ready_model(me, Bench(settings, me).upload())
    with db.session_scope(db.WORKER, write=True) as session:
        found = DeploymentRow(user_id=me.id, model_id=model.id)
        session.add(found)
        session.flush()
        return found.id


def say(deployment_id: UUID, status: str) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        this = sa.update(DeploymentRow).where(DeploymentRow.id == deployment_id)
        session.execute(this.values(status=status))


def test_those_that_wait_for_a_live_app_take_no_thread_from_others(
    deployment_id: UUID, settings: Settings
) -> None:
    async def ask() -> list[int]:
        transport = httpx.ASGITransport(served(settings), client=("127.0.0.1", 1))
        statuses = list[int]()
        async with (
            httpx.AsyncClient(transport=transport, base_url=f"http://localhost:{settings.port}") as client,
            anyio.create_task_group() as group,
        ):

            async def predict(path: str) -> None:
                answer = await client.post(path, json={"rows": [{}]}, timeout=None)
                statuses.append(answer.status_code)

            for _ in range(N_ASKING):
                group.start_soon(predict, f"/live/{deployment_id}/predict")
                group.start_soon(predict, f"/api/deployments/{deployment_id}/predict")
            await anyio.sleep(0)
            try:
                with anyio.fail_after(PATIENCE_S):
                    for _ in range(5):
                        said = (await client.get(f"/live/{deployment_id}/status")).json()
            finally:
                await anyio.to_thread.run_sync(
                    say, deployment_id, "stopped", limiter=anyio.CapacityLimiter(1)
                )
        assert said["status"] == "starting"
        return statuses

    assert anyio.run(ask) == [409] * 2 * N_ASKING


def test_who_goes_away_in_the_middle_of_a_request_is_no_error_of_the_app(
    deployment_id: UUID, settings: Settings
) -> None:
    host = f"localhost:{settings.port}".encode()
    scope = {
        "type": "http", "method": "POST", "path": f"/live/{deployment_id}/predict", "raw_path": b"", "root_path": "",
        "query_string": b"", "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1),
        "server": ("localhost", settings.port), "headers": [(b"host", host), (b"content-length", b"100")],
    }  # fmt: skip
    heard: list[dict[str, object]] = [
        {"type": "http.request", "body": b'{"rows"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[object] = []

    async def receive() -> Any:
        return heard.pop(0)

    async def send(message: Any) -> None:
        said.append(message.get("status"))

    anyio.run(served(settings), scope, receive, send)  # raises nothing
    assert said[0] == 408


@pytest.mark.parametrize("asked", ["1", "https:evil.example", "javascript:alert(1)"])
def test_an_address_without_its_slash_leads_to_the_same_with_one(settings: Settings, asked: str) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(served(settings), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://localhost:{settings.port}"
        ) as client:
            return await client.get(f"/live/{asked}")

    answer = anyio.run(ask)
    assert answer.status_code == 307
    for below in ("https://desk.example", "https://example.com/tools/desk"):
        assert urljoin(f"{below}/live/{asked}", answer.headers["location"]).startswith(f"{below}/live/")


def test_the_apps_address_of_a_live_app_elsewhere_leads_to_its_present_one(
    deployment_id: UUID, settings: Settings
) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(served(settings), client=("127.0.0.1", 1))
        address = f"http://localhost:{settings.port}"
        async with httpx.AsyncClient(transport=transport, base_url=address) as client:
            return await client.get(f"/live/{deployment_id}/")

    def is_at(url: str | None) -> None:
        with db.session_scope(db.WORKER, write=True) as session:
            this = sa.update(DeploymentRow).where(DeploymentRow.id == deployment_id)
            session.execute(this.values(backend="e2b", url=url))

    for url in ("https://8000-i1.e2b.app", "https://8000-i2.e2b.app"):
        is_at(url)
        answer = anyio.run(ask)
        assert (answer.status_code, answer.headers["location"]) == (303, url)
    for url in (None, f"{settings.url}/live/{deployment_id}/"):  # none at present; closed to the public
        is_at(url)
        assert "Predicts <b>" in anyio.run(ask).text
