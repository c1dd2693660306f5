from __future__ import annotations

from core.check import State
from core.settings import Settings
from core.system import checks
from tests.core.sandboxes.conftest import problem
from tests.core.training.at_e2b import settings_at
from tests.servers.e2b import E2BServer
from tests.servers.parts import lacking


def test_the_checks_tell_what_holds_a_sandbox(settings: Settings) -> None:
    if found := problem(settings.data_dir):
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


def test_with_a_key_the_checks_ask_e2b_whether_it_is_good(settings: Settings, e2b: E2BServer) -> None:
    at_e2b = settings_at(e2b, settings)
    (line,) = [one for one in checks.run(at_e2b) if one.name == "E2B"]
    assert (line.state, "virtual machine" in line.message) == (State.OK, True)
    e2b.faults.key_works = False
    (line,) = [
        one for one in checks.run(settings_at(e2b, settings, e2b_template="another")) if one.name == "E2B"
    ]
    assert (line.state, line.hint) == (State.WARN, "Check E2B_API_KEY, and that the key was not revoked.")
