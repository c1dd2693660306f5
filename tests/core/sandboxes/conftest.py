"""A backend of each kind that this machine has; code of strangers runs inside one of them or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.sandboxes import Backend, Limits, LocalBackend, Sandbox, SandboxUnavailable, stopping
from tests.servers.parts import lacking

BACKENDS = {"local": lambda folder: LocalBackend(folder / "sandboxes")}
MB = 1_000_000
# Small, so that a test is quick; and where a bound did not hold, the machine would hardly notice.
LIMITS = Limits(
    wall_s=60, memory_bytes=300 * MB, n_processes=24, disk_bytes=40 * MB, n_files=500, file_bytes=24 * MB,
    output_bytes=400_000,
)  # fmt: skip


@cache
def problem(name: str, folder: Path) -> str:
    """What keeps this kind of sandbox from working here; empty where nothing does."""
    try:
        BACKENDS[name](folder).probe()
    except SandboxUnavailable as error:
        return str(error)
    return ""


@pytest.fixture(params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Backend:
    """A backend that holds; a test of what can't be held here is not run."""
    if found := problem(request.param, tmp_path_factory.getbasetemp()):
        lacking(f"a machine that allows sandboxes. {found}")
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def sandbox(backend: Backend) -> Iterator[Sandbox]:
    with stopping(backend.create(labels={"test": "yes"}, limits=LIMITS)) as sandbox:
        yield sandbox
