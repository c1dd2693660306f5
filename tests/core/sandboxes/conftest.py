"""A backend of each kind that this machine has; code of strangers runs inside one of them or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.sandboxes import Backend, Limits, LocalBackend, Sandbox, SandboxUnavailable, stopping
from core.sandboxes.e2b.backend import E2BBackend
from core.sandboxes.e2b.connection import Account
from tests.servers.e2b import E2BServer
from tests.servers.parts import lacking

BACKENDS = ("local", "e2b")
MB = 1_000_000
# Small, so that a test is quick; and where a bound did not hold, the machine would hardly notice.
LIMITS = Limits(
    wall_s=60, memory_bytes=300 * MB, n_processes=24, disk_bytes=40 * MB, n_files=500, file_bytes=24 * MB,
    output_bytes=400_000,
)  # fmt: skip


@cache
def problem(folder: Path) -> str:
    """What keeps sandboxes from working here, the emulator's too; empty where nothing does."""
    try:
        LocalBackend(folder / "sandboxes").probe()
    except SandboxUnavailable as error:
        return str(error)
    return ""


def at(server: E2BServer, **options: Any) -> E2BBackend:
    """A backend of the emulator's."""
    known = server.settings
    account = Account(
        known["e2b_api_key"], known["e2b_domain"], "base", known["e2b_api_url"], known["e2b_sandbox_url"]
    )
    return E2BBackend(account, **{"installation": lambda: "tests", "patience_s": 60.0, **options})


@pytest.fixture(params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Backend:
    """A backend that holds; a test of what can't be held here is not run."""
    if found := problem(tmp_path_factory.getbasetemp()):
        lacking(f"a machine that allows sandboxes. {found}")
    if request.param == "local":
        return LocalBackend(tmp_path / "sandboxes")
    return at(request.getfixturevalue("e2b"))


@pytest.fixture
def sandbox(backend: Backend) -> Iterator[Sandbox]:
    with stopping(backend.create(labels={"test": "yes"}, limits=LIMITS)) as sandbox:
        yield sandbox
