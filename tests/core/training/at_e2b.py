"""An installation whose trainings and live apps run at the emulator of E2B, for tests of both."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest

from core import sandboxes
from core.db.tables.deployments import DeploymentRow
from core.sandboxes import E2BBackend
from core.settings import Settings
from tests.servers.e2b import E2BServer
from tests.trainings import Bench


def settings_at(server: E2BServer, settings: Settings, **more: object) -> Settings:
    """The same settings, with the emulator's key."""
    from pydantic import SecretStr

    known = server.settings | more
    return settings.model_copy(update=known | {"e2b_api_key": SecretStr(str(known["e2b_api_key"]))})


@pytest.fixture
def remote(sandboxed: Bench, e2b: E2BServer) -> Iterator[Bench]:
    """On SQLite, with the emulator."""
    sandboxed.settings = settings_at(e2b, sandboxed.settings)
    assert isinstance(sandboxes.configured(sandboxed.settings), E2BBackend)
    yield sandboxed


def public(server: E2BServer, app: DeploymentRow) -> httpx.Client:
    """Somebody in the world who opens a live app's address: names below localhost lead to this machine."""
    assert app.url is not None
    host = app.url.removeprefix("https://")
    return httpx.Client(
        base_url=f"https://127.0.0.1:{server.tls_port}", headers={"Host": host},
        verify=ssl.create_default_context(), timeout=30,
    )  # fmt: skip
