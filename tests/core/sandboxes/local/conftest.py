"""The sandboxes of this machine alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.sandboxes import LocalBackend
from tests.core.sandboxes.conftest import problem
from tests.servers.parts import lacking


@pytest.fixture
def backend(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalBackend:
    if found := problem(tmp_path_factory.getbasetemp()):
        lacking(f"a machine that allows sandboxes. {found}")
    return LocalBackend(tmp_path / "sandboxes")
