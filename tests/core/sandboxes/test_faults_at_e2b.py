"""E2B refuses, is busy, hangs, or goes away and comes back, at each moment of a sandbox's life."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO

import pytest

from core.sandboxes import (
    Ended,
    Limits,
    Reason,
    Sandbox,
    SandboxLost,
    SandboxUnavailable,
    SandboxUnreachable,
    stopping,
)
from tests.core.sandboxes.conftest import LIMITS, at, problem
from tests.servers.e2b import E2BServer
from tests.servers.parts import lacking

TALKS = b"""
import sys, time
for n in range(12):
    print(n, flush=True)
    time.sleep(0.15)
"""


@pytest.fixture
def server(e2b: E2BServer, tmp_path_factory: pytest.TempPathFactory) -> E2BServer:
    if found := problem(tmp_path_factory.getbasetemp()):
        lacking(f"a machine that allows sandboxes. {found}")
    return e2b


@pytest.fixture
def remote(server: E2BServer) -> Iterator[Sandbox]:
    with stopping(at(server, patience_s=20.0).create(labels={}, limits=LIMITS)) as sandbox:
        yield sandbox


def test_a_key_that_is_refused_and_an_address_that_is_dead_are_said_with_the_cure(server: E2BServer) -> None:
    server.faults.key_works = False
    with pytest.raises(SandboxUnavailable, match=r"refuses the key.*E2B_API_KEY"):
        at(server).probe()
    with pytest.raises(SandboxUnavailable, match="E2B_API_KEY"):
        at(server).create(labels={}, limits=Limits())
    server.vanish()
    try:
        with pytest.raises(SandboxUnavailable, match="E2B can't be reached"):
            at(server).probe()
    finally:
        server.come_back()


def test_what_is_busy_is_asked_again_and_what_a_plan_forbids_is_named(server: E2BServer) -> None:
    told: list[datetime | None] = []
    server.faults.next.extend([("/v2/sandboxes", status) for status in (429, 503, 500, 429, 503)])
    with stopping(at(server).create(labels={}, limits=LIMITS, on_contact=told.append)) as sandbox:
        assert [one is None for one in told][-1:] == [True]
        assert told[0] is not None
        with pytest.raises(SandboxUnavailable, match="greater than 1 hours"):
            sandbox.renew(90_000)
    with pytest.raises(SandboxUnavailable, match="greater than 1 hours"):
        at(server).create(labels={}, limits=Limits(life_s=90_000))


def test_egress_is_closed_before_anything_of_the_users_goes_in(server: E2BServer) -> None:
    with stopping(at(server).create(labels={}, limits=LIMITS)) as sandbox:
        sandbox.put("train.parquet", b"rows")
        [machine] = server.machines.all()
        assert machine.egress is False
        calls = [
            asked.path.partition("?")[0].rpartition("/")[2] for asked in server.asked if asked.method != "GET"
        ]
    assert calls.index("network") > calls.index("Start")  # versions were asked, and what differs installed
    assert [call for call in calls[calls.index("network") :] if call == "files"] == ["files"]
    sent = [asked.body for asked in server.asked if asked.body is not None]
    assert not any("e2b_of_a_test" in str(body) for body in sent)


def wheel(name: str, version: str) -> bytes:
    """A package with one number in it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "NUMBER = 7",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return made.getvalue()


def test_what_differs_from_the_apps_versions_is_installed_and_what_can_not_be_is_said(
    server: E2BServer,
) -> None:
    server.image.files["tiny_of_a_test-1.0-py3-none-any.whl"] = wheel("tiny_of_a_test", "1.0")
    server.image.env.update(PIP_NO_INDEX="1", PIP_FIND_LINKS="/job", PIP_TARGET="/job/lib")
    said: list[str] = []
    with stopping(at(server, packages={"tiny_of_a_test": "1.0"}).create(labels={}, limits=LIMITS)) as sandbox:
        sandbox.put("code.py", b"print(open('../lib/tiny_of_a_test.py').read())")
        sandbox.run(("python", "code.py"), on_output=lambda _source, line: said.append(line))
        assert said == ["NUMBER = 7"]
        with pytest.raises(SandboxUnavailable, match=r"packages can't be installed.*no such"):
            sandbox.install({"no such": "1.0"})


def run_through(sandbox: Sandbox, break_at: str, fault: object) -> tuple[Ended, list[str]]:
    """Run what talks for two seconds, and break something when it has said so much."""
    said: list[str] = []

    def hear(_source: str, line: str) -> None:
        said.append(line)
        if line == break_at:
            fault()  # type: ignore[operator]

    sandbox.put("code.py", TALKS)
    return sandbox.run(("python", "code.py"), on_output=hear), said


def test_a_command_whose_contact_was_lost_is_read_on_without_a_gap(
    server: E2BServer, remote: Sandbox
) -> None:
    def vanish() -> None:
        server.vanish()
        server.come_back()

    ended, said = run_through(remote, "3", vanish)
    assert (ended.reason, said) == (Reason.OK, [str(n) for n in range(12)])


def test_a_sandbox_that_nobody_reaches_for_long_is_unreachable_and_one_that_is_gone_is_gone(
    server: E2BServer,
) -> None:
    told: list[datetime | None] = []
    with stopping(
        at(server, patience_s=0.5).create(labels={}, limits=LIMITS, on_contact=told.append)
    ) as cut_off:
        with pytest.raises(SandboxUnreachable, match="could not be reached"):
            run_through(cut_off, "2", lambda: server.cut_off(cut_off.ref))
        assert told
        assert told[0] is not None
        assert told.count(None) == 0
    with stopping(at(server).create(labels={}, limits=LIMITS)) as killed:
        ended, said = run_through(killed, "2", lambda: server.machines.kill(killed.ref))
        assert (ended.reason, said[-1]) == (Reason.LOST, "2")
        for use in (
            lambda: killed.put("a", b""),
            lambda: killed.get("a", BytesIO(), max_bytes=1),
            lambda: killed.run(("python",)),
            lambda: killed.renew(60),
        ):
            with pytest.raises(SandboxLost):
                use()


def test_a_key_that_is_revoked_under_way_lets_the_command_end_and_is_said_afterwards(
    server: E2BServer, remote: Sandbox
) -> None:
    ended, said = run_through(remote, "3", lambda: setattr(server.faults, "key_works", False))
    assert (ended.reason, len(said)) == (Reason.OK, 12)
    with pytest.raises(SandboxUnavailable, match="refuses the key"):
        remote.renew(60)
    remote.stop()  # can't be told; it ends by its own time
    assert [one.id for one in server.machines.all()] == [remote.ref]


def test_whoever_comes_after_a_process_that_died_watches_the_same_command(server: E2BServer) -> None:
    first, second = at(server), at(server)
    sandbox = first.create(labels={"training_job": "1"}, limits=LIMITS)
    sandbox.put("code.py", TALKS)
    assert not sandbox.has_begun("training")
    with pytest.raises(LookupError):

        def die(_source: str, line: str) -> None:
            if line == "2":
                sandbox.leave()
                raise LookupError

        sandbox.run(("python", "code.py"), on_output=die, name="training")
    found = second.find(labels={"training_job": "1"}, limits=LIMITS)
    assert found is not None
    assert (found.ref, found.has_begun("training")) == (sandbox.ref, True)
    said: list[str] = []
    ended = found.run(
        ("python", "code.py"), on_output=lambda _source, line: said.append(line), name="training"
    )
    assert (ended.reason, said) == (Reason.OK, [str(n) for n in range(12)])
    assert (
        at(server, installation=lambda: "another").find(labels={"training_job": "1"}, limits=LIMITS) is None
    )
    found.stop()


def test_the_same_asking_again_makes_no_second_sandbox(server: E2BServer) -> None:
    backend = at(server)
    first, second = (backend.create(labels={}, limits=LIMITS, key="job-1") for _ in range(2))
    assert first.ref == second.ref
    first.stop()


def test_what_e2b_answers_is_not_decided_by_the_environment(
    server: E2BServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "E2B_API_KEY": "another", "E2B_DOMAIN": "example.org", "E2B_API_URL": "http://127.0.0.1:9",
        "E2B_SANDBOX_URL": "http://127.0.0.1:9", "E2B_DEBUG": "true", "E2B_HTTP_VERSION": "9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with stopping(at(server).create(labels={}, limits=LIMITS)) as sandbox:
        sandbox.put("code.py", b"print('here')")
        assert sandbox.run(("python", "code.py")).reason is Reason.OK


FORGES = """
import pathlib, os, json, time
run = next(pathlib.Path("../.model-desk/runs").iterdir())
{what}
time.sleep(30)
"""
FORGERIES = {
    "a good end": "(run / 'end').write_text(json.dumps({'code': 0}))",
    "that we stopped it": "(run / 'end').write_text(json.dumps({'reason': 'stopped'}))",
    "that it is lost": "(run / 'end').write_text(json.dumps({'reason': 'lost', 'code': 5}))",
    "an end of rubbish": "(run / 'end').write_text('[' * 100_000)",
    "no watcher": "os.kill(int((run / 'watcher').read_text()), 9)",
    "a log of rubbish": "(run / 'log').open('ab').write(b'{' * 3_000_000); (run / 'end').write_text('{}')",
    "an endless log": r"""
log = (run / "log").open("ab")
while True:
    log.write(b'{"source": "stdout", "data": "eHgK"}\n' * 1000)
""",
}


@pytest.mark.parametrize("what", ["that we stopped it", "an endless log"])  # the others are `make chaos`'s
def test_what_code_forges_of_its_own_end_bounds_nobody_else(remote: Sandbox, what: str) -> None:
    """It may look as if it ended well, or ill: what it left is judged all the same, and nothing here grows."""
    forge(remote, what)


def forge(remote: Sandbox, what: str) -> None:
    remote.put("code.py", FORGES.format(what=FORGERIES[what]).encode())
    n = 0

    def count(_source: str, line: str) -> None:
        nonlocal n
        n += len(line)

    ended = remote.run(("python", "code.py"), on_output=count)
    assert ended.reason in (Reason.OK, Reason.EXIT_NONZERO, Reason.OUTPUT, Reason.DISK)
    assert n <= LIMITS.output_bytes
