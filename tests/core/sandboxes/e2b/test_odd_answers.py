"""E2B answers what nobody can read, a sandbox's agent is busy, and what watches a command is ended."""

from __future__ import annotations

from io import BytesIO

import pytest

from core.sandboxes import Reason, Sandbox, SandboxLost, SandboxUnavailable, SandboxUnreachable, stopping
from tests.core.sandboxes.conftest import LIMITS, at
from tests.core.sandboxes.test_faults_at_e2b import TALKS, remote, server
from tests.servers.e2b import E2BServer

__all__ = ["remote", "server"]


@pytest.mark.parametrize(
    "content",
    [b"<html>Log in first", b"null", b'"busy"', b"[1]", b'{"sandboxID": 7}', b'{"message": "later"}'],
)
def test_answers_that_nobody_can_read_are_lost_contact_and_no_fault_of_ours(
    server: E2BServer, content: bytes
) -> None:
    server.faults.says["/"] = server.faults.says["/v2"] = content
    impatient = at(server, patience_s=0)
    for use in (
        lambda: impatient.create(labels={}, limits=LIMITS),
        lambda: impatient.find(labels={"training_job": "1"}, limits=LIMITS),
        lambda: impatient.connect("i1", limits=LIMITS),
        lambda: impatient.state("i1"),
        impatient.list,
    ):
        with pytest.raises(SandboxUnreachable):
            use()
    with pytest.raises(SandboxUnavailable, match="E2B can't be reached"):
        at(server).probe()


def test_what_bears_anothers_mark_is_gone_for_us_and_what_has_lost_its_mark_is_not(
    server: E2BServer, remote: Sandbox
) -> None:
    with pytest.raises(SandboxLost):
        at(server, installation=lambda: "another").state(remote.ref)
    [machine] = server.machines.all()
    machine.wanted["metadata"] = None
    assert at(server).state(remote.ref) == "running"
    assert at(server).list() == []


def test_a_busy_agent_of_a_sandbox_is_asked_again(server: E2BServer, remote: Sandbox) -> None:
    server.faults.next_inside.extend([("/files", 503), ("/files", 500)])
    remote.put("code.py", TALKS)
    server.faults.next_inside.append(("/files", 504))
    target = BytesIO()
    assert remote.get("code.py", target, max_bytes=1_000) == len(TALKS)
    assert target.getvalue() == TALKS


def test_a_server_that_nobody_reaches_for_a_while_has_not_ended(server: E2BServer) -> None:
    backend = at(server, patience_s=0)
    with stopping(backend.create(labels={}, limits=LIMITS)) as sandbox:
        sandbox.put("code.py", b"import time; time.sleep(100)")
        process = sandbox.start(("python", "code.py"))
        assert process.poll() is None
        server.cut_off(sandbox.ref)
        assert process.wait(1.0) is None
        server.faults.cut_off.clear()
        assert process.wait(0.5) is None
        server.machines.kill(sandbox.ref)
        ended = process.wait(20.0)
        assert ended is not None
        assert ended.reason is Reason.LOST


KILLS_ONE_LOOK = b"""
import os, pathlib, signal, time
def looks():
    for one in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().split(bytes(1))
        except OSError:
            continue
        if b'"follow"' in words or b"follow" in words:
            yield int(one.parent.name)
print("before", flush=True)
while not (found := list(looks())):
    time.sleep(0.01)
for pid in found:
    os.kill(pid, signal.SIGKILL)
print("after", flush=True)
"""


def test_a_look_at_the_output_that_was_killed_is_begun_anew(remote: Sandbox) -> None:
    said: list[str] = []
    remote.put("code.py", KILLS_ONE_LOOK)
    ended = remote.run(("python", "code.py"), on_output=lambda _source, line: said.append(line))
    assert (ended.reason, said) == (Reason.OK, ["before", "after"])
