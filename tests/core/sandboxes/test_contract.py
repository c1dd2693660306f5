"""What every backend promises, whatever holds the code."""

from __future__ import annotations

import json
import os
import ssl
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from core.sandboxes import (
    Address,
    Backend,
    Ended,
    FileMissing,
    FileRefused,
    Limits,
    Process,
    Reason,
    Sandbox,
    SandboxLost,
    Source,
    stopping,
)
from tests.core.sandboxes.conftest import LIMITS
from tests.servers.waiting import wait_for

SERVER = b"""
import http.server, os, socketserver
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["NONCE"].encode())
    def address_string(self):
        return "somebody"
class Server(socketserver.UnixStreamServer):
    def get_request(self):
        return super().get_request()[0], ("", 0)
print("listening", flush=True)
Server("app.sock", Answer).serve_forever()
"""


def run(sandbox: Sandbox, code: str, **options: object) -> tuple[Ended, list[tuple[Source, str]]]:
    """Run code to its end; how it ended and what it printed."""
    said: list[tuple[Source, str]] = []
    sandbox.put("code.py", code.encode())
    ended = sandbox.run(
        ("python", "code.py"), on_output=lambda source, line: said.append((source, line)), **options
    )
    return ended, said


def read(sandbox: Sandbox, name: str, *, max_bytes: int = 1_000) -> bytes:
    target = BytesIO()
    n_bytes = sandbox.get(name, target, max_bytes=max_bytes)
    assert n_bytes == len(target.getvalue())
    return target.getvalue()


def answer(process: Process, sandbox: Sandbox) -> str:
    """What the server in the sandbox says, once it listens."""

    def address() -> Address | None:
        assert process.poll() is None, process.tail()
        try:
            return sandbox.expose("app.sock")
        except FileMissing:
            return None

    found = wait_for(address)
    if isinstance(found, str):
        assert len(found) < 100
        with httpx.Client(transport=httpx.HTTPTransport(uds=found, retries=3)) as client:
            return client.get("http://sandbox/").text
    with httpx.Client(verify=ssl.create_default_context()) as client:
        return client.get(found.url, headers={"Host": found.host, **found.headers}).text


def test_files_go_in_code_runs_and_files_come_out(sandbox: Sandbox) -> None:
    sandbox.put("in.txt", b"abc")
    sandbox.put("in.txt", BytesIO(b"xyz"))
    code = "import sys; print('out'); print('err', file=sys.stderr); open('o', 'w').write(open('in.txt').read() * 2)"
    ended, said = run(sandbox, code)
    assert (ended.reason, ended.exit_code, sorted(said)) == (
        Reason.OK,
        0,
        [("stderr", "err"), ("stdout", "out")],
    )
    assert ended.usage.wall_s > 0
    assert ended.usage.output_bytes == 8
    assert read(sandbox, "o", max_bytes=6) == b"xyzxyz"
    with pytest.raises(FileRefused, match="6 bytes, at most 5 are taken"):
        read(sandbox, "o", max_bytes=5)
    with pytest.raises(FileMissing):
        read(sandbox, "nothing")


def test_inside_are_the_libraries_and_little_else(sandbox: Sandbox) -> None:
    code = """
import importlib.util, json, os, sys
names = ("pandas", "pyarrow", "sklearn", "skops", "core", "tests")
print(json.dumps({
    "found": [name for name in names if importlib.util.find_spec(name)],
    "version": sys.version_info[:2], "here": sorted(os.listdir()), "variables": dict(os.environ),
}))
"""
    ended, said = run(sandbox, code, env={"SEED": "7"})
    told = json.loads(said[0][1])
    assert ended.reason is Reason.OK
    assert (told["found"], told["version"], told["here"]) == (
        ["pandas", "pyarrow", "sklearn", "skops"],
        [3, 11],
        ["code.py"],
    )
    assert told["variables"].pop("SEED") == "7"
    assert told["variables"]["OMP_NUM_THREADS"] == "1"
    assert set(told["variables"]) & set(os.environ) <= {
        "PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "TMPDIR", "PWD", "LC_CTYPE",
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED",
    }  # fmt: skip


def test_an_exit_code_and_a_signal_are_told(sandbox: Sandbox) -> None:
    ended, _ = run(sandbox, "raise SystemExit(3)")
    assert (ended.reason, ended.exit_code, ended.message) == (
        Reason.EXIT_NONZERO,
        3,
        "It ended with exit code 3.",
    )
    ended, _ = run(sandbox, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert ended.reason is Reason.EXIT_NONZERO
    assert "SIGSEGV" in ended.message


def test_what_is_printed_comes_as_lines_that_can_be_shown(sandbox: Sandbox) -> None:
    code = r"""
import sys
sys.stdout.buffer.write("grün\n\x1b[31mred\x00\r50%\r100%\r\n".encode())
sys.stdout.buffer.write(b"\xff\xfe\n" + b"x" * 20_000 + "\u202eend".encode())
"""
    _, said = run(sandbox, code)
    assert [line if len(line) < 50 else len(line) for _, line in said] == [
        "grün",
        "�[31mred�",
        "50%",
        "100%",
        "��",
        8_000,
        8_000,
        4_004,
    ]
    assert said[-1][1].endswith("�end")


def test_it_ends_when_it_is_asked_to_however_it_resists(sandbox: Sandbox) -> None:
    code = """
import os, signal, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print("ready", flush=True)
time.sleep(100)
"""
    said: list[str] = []
    sandbox.put("code.py", code.encode())
    ended = sandbox.run(
        ("python", "code.py"),
        on_output=lambda _source, line: said.append(line),
        stop=lambda: len(said) == 2,
    )
    assert (ended.reason, ended.exit_code) == (Reason.STOPPED, None)


def test_what_a_callback_raises_ends_it_and_comes_out(sandbox: Sandbox) -> None:
    def note(_source: Source, line: str) -> None:
        raise LookupError(line)

    sandbox.put("code.py", b"import time; print('first', flush=True); time.sleep(100)")
    with pytest.raises(LookupError, match="first"):
        sandbox.run(("python", "code.py"), on_output=note)


def test_time_is_bounded_and_can_be_bounded_closer_for_one_command(
    backend: Backend, sandbox: Sandbox
) -> None:
    ended, _ = run(sandbox, "import time; time.sleep(100)", wall_s=0.3)
    assert (ended.reason, ended.exit_code) == (Reason.TIME_LIMIT, None)
    with stopping(backend.create(labels={}, limits=replace(LIMITS, life_s=0.3))) as short:
        assert run(short, "import time; time.sleep(100)")[0].reason is Reason.TIME_LIMIT
        short.renew(60)
        assert run(short, "pass")[0].reason is Reason.OK


def test_a_server_is_reached_by_its_socket_until_it_is_stopped(sandbox: Sandbox) -> None:
    sandbox.put("server.py", SERVER)
    process = sandbox.start(("python", "server.py"), env={"NONCE": "n0nce"})
    assert answer(process, sandbox) == "n0nce"
    assert "listening" in process.tail()
    assert process.wait(0) is None
    ended = process.stop()
    assert (ended.reason, process.poll()) == (Reason.STOPPED, ended)
    assert process.wait(0) == ended


def test_a_server_that_ends_says_how(sandbox: Sandbox) -> None:
    sandbox.put("server.py", b"print('no model'); raise SystemExit(4)")
    process = sandbox.start(("python", "server.py"))
    ended = process.wait(20)
    assert ended is not None
    assert (ended.reason, ended.exit_code, process.tail()) == (Reason.EXIT_NONZERO, 4, "no model")
    assert process.stop() == ended


def test_names_are_plain(sandbox: Sandbox) -> None:
    for name in ("", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", ".hidden", "x" * 201, "a b", "ä"):
        for use in (lambda name: sandbox.put(name, b""), lambda name: read(sandbox, name), sandbox.expose):
            with pytest.raises(FileRefused):
                use(name)


def test_only_plain_files_come_out(sandbox: Sandbox) -> None:
    code = """
import os, socket
os.symlink("/etc/passwd", "link"); os.symlink("code.py", "near"); os.symlink("nowhere", "broken")
os.symlink("loop", "loop")
os.mkfifo("pipe"); os.mkdir("folder"); socket.socket(socket.AF_UNIX).bind("socket")
os.link("code.py", "second")
open("sparse", "wb").truncate(20_000_000)
os.symlink(os.path.abspath("socket"), "link.sock")
open("dark", "w").close(); os.chmod("dark", 0)
os.chmod(os.getcwd(), 0)
"""
    assert run(sandbox, code)[0].reason is Reason.OK
    problems = {"link": "a link", "near": "a link", "broken": "a link", "loop": "a link", "pipe": "a pipe",
                "folder": "a folder", "socket": "a socket", "second": "2 names",
                "sparse": "20,000,000 bytes"}  # fmt: skip
    for name, problem in problems.items():
        with pytest.raises(FileRefused, match=problem):
            read(sandbox, name)
    for name in ("link.sock", "pipe", "code.py", "folder"):
        with pytest.raises(FileRefused):
            sandbox.expose(name)
    sandbox.put("link", b"mine")
    assert read(sandbox, "link") == b"mine"


def test_a_sandbox_is_listed_until_it_is_stopped_and_then_gone(backend: Backend) -> None:
    first = backend.create(labels={"job": "1"}, limits=Limits())
    second = backend.create(labels={"job": "2"}, limits=Limits())
    assert [(one.ref, one.labels, one.is_owned) for one in backend.list()] == [
        (first.ref, {"job": "1"}, True),
        (second.ref, {"job": "2"}, True),
    ]
    assert backend.sweep() == 0
    backend.stop_ref(first.ref)
    backend.stop_ref(first.ref)
    backend.stop_ref("nothing/of/the/kind")
    second.stop()
    second.stop()
    assert backend.list() == []
    for use in (
        lambda: first.put("a", b""),
        lambda: first.run(("python",)),
        lambda: first.start(("python",)),
        lambda: first.get("a", BytesIO(), max_bytes=1),
        lambda: first.expose("a"),
        lambda: first.renew(1),
    ):
        with pytest.raises(SandboxLost):
            use()


def test_stopping_a_sandbox_ends_what_runs_in_it_though_nobody_listens(backend: Backend) -> None:
    """Whoever reads the output may hang in a database that is away."""
    sandbox = backend.create(labels={}, limits=LIMITS)
    heard, release = threading.Event(), threading.Event()
    ended: list[Ended] = []

    def hang(_source: Source, _line: str) -> None:
        heard.set()
        release.wait(60)

    sandbox.put("code.py", b"import time; print('x', flush=True); time.sleep(100)")
    thread = threading.Thread(target=lambda: ended.append(sandbox.run(("python", "code.py"), on_output=hang)))
    thread.start()
    assert heard.wait(20)
    sandbox.stop()
    assert backend.list() == []
    release.set()
    thread.join(20)
    assert [one.reason for one in ended] == [Reason.STOPPED]


def test_several_run_side_by_side_in_one_sandbox_and_in_several(backend: Backend, tmp_path: Path) -> None:
    with (
        stopping(backend.create(labels={}, limits=LIMITS)) as first,
        stopping(backend.create(labels={}, limits=LIMITS)) as second,
    ):
        for sandbox in (first, second):
            sandbox.put("server.py", SERVER)
        processes = [
            (sandbox, sandbox.start(("python", "server.py"), env={"NONCE": n}))
            for sandbox, n in ((first, "1"), (second, "2"))
        ]
        assert [answer(process, sandbox) for sandbox, process in processes] == ["1", "2"]
        ended, said = run(first, "import os; print(sorted(os.listdir()))")
        assert (ended.reason, said) == (Reason.OK, [("stdout", "['app.sock', 'code.py', 'server.py']")])
