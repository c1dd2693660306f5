from __future__ import annotations

from core.check import State
from core.settings import Settings
from core.system import checks
from tests.core.sandboxes.conftest import BACKENDS, problem
from tests.servers.parts import lacking


def test_the_checks_tell_what_holds_a_sandbox(settings: Settings) -> None:
    if found := problem(next(iter(BACKENDS)), settings.data_dir):
        lacking(f"a machine that allows sandboxes. {found}")
    (line,) = [one for one in checks.run(settings) if one.name == "Local" and one.part == "Sandboxes"]
    assert (line.state, line.hint) == (State.OK, "")
    assert "bubblewrap" in line.message


def test_the_checks_tell_why_there_is_none_and_what_to_do(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "sandboxes").write_text("in the way")
    (line,) = [one for one in checks.run(settings) if one.name == "Local" and one.part == "Sandboxes"]
    assert line.state is State.WARN
    assert "no sandbox on this machine" in line.message
    assert "permission to write" in line.hint
