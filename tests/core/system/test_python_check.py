from __future__ import annotations

import platform

import pytest

from core import system
from core.check import State
from core.settings import Settings
from core.system import checks


@pytest.mark.parametrize(
    ("version", "is_faulty"), [((3, 11, 7), True), ((3, 11, 10), False), ((3, 12, 0), False)]
)
def test_a_python_with_the_fault_of_cookies_is_named(version: tuple[int, ...], is_faulty: bool) -> None:
    assert ("CVE-2024-7592" in system.known_fault(version)) is is_faulty


def test_the_checks_tell_which_python_runs(settings: Settings) -> None:
    (found,) = [one for one in checks.run(settings) if one.part == "Python"]
    assert found.state is State.OK
    assert found.message.startswith(f"{platform.python_version()}.")
