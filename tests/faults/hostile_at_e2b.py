"""What hostile code meets at E2B, all of it: `make chaos` runs this file by pytest, `make test` a part of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.sandboxes import Sandbox, stopping
from tests.core.sandboxes import test_hostile
from tests.core.sandboxes.conftest import LIMITS, at
from tests.core.sandboxes.test_faults_at_e2b import FORGERIES, forge
from tests.core.sandboxes.test_hostile import THE_MACHINES, USES_UP
from tests.servers.e2b import E2BServer


@pytest.fixture
def remote(e2b: E2BServer) -> Iterator[Sandbox]:
    with stopping(at(e2b).create(labels={}, limits=LIMITS)) as sandbox:
        yield sandbox


@pytest.mark.parametrize("what", [what for what in USES_UP if what not in THE_MACHINES])
def test_what_all_share_is_not_used_up(e2b: E2BServer, what: str) -> None:
    test_hostile.test_what_all_share_is_not_used_up(at(e2b), what)


@pytest.mark.parametrize("what", FORGERIES)
def test_what_code_forges_of_its_own_end_bounds_nobody_else(remote: Sandbox, what: str) -> None:
    forge(remote, what)
