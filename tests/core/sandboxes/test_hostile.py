"""Code that wants out, or wants to be a nuisance. It runs inside a backend or not at all.

`attempts.py` holds the ways to see and reach what is outside; here are those to use up what all share, to live on, and
to leave behind what harms whoever picks it up. A bound that does not hold costs the machine at most some hundred
megabytes for some seconds: what the code asks for is bounded here as well.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from core.sandboxes import Backend, Reason, Sandbox, stopping
from tests.core.sandboxes.conftest import LIMITS
from tests.servers.waiting import wait_for

ATTEMPTS = Path(__file__).with_name("attempts.py")
PROJECT = Path(__file__).resolve().parents[3]


@contextmanager
def listening(path: Path, abstract: str) -> Iterator[int]:
    """A port on loopback and two unix sockets of this process, which nobody inside may reach."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as by_name,
    ):
        by_path.bind(str(path))
        by_name.bind(f"\0{abstract}")
        by_path.listen()
        by_name.listen()
        yield server.getsockname()[1]


def test_no_way_out_leads_anywhere(
    backend: Backend, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"mark-{uuid4().hex[:9]}"
    monkeypatch.setenv("ANTHROPIC_API_KEY", mark)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{mark}")
    (tmp_path / ".env").write_text(mark)
    (tmp_path / "model-desk.db").write_text(mark)
    files = [
        tmp_path / ".env",
        tmp_path / "model-desk.db",
        PROJECT / "core/app.py",
        PROJECT / "README.md",
        ATTEMPTS,
    ]
    folders = [tmp_path, PROJECT, PROJECT / "core", Path.home(), Path("/home"), Path("/work"), Path("/var")]
    with listening(tmp_path / "s", mark) as port:
        targets = {
            "mark": mark, "files": [str(path) for path in files],
            "folders": [str(path) for path in folders if not is_above_python(path)],
            "pid": os.getpid(), "port": port, "socket": str(tmp_path / "s"), "abstract": mark, "resolves": False,
        }  # fmt: skip
        assert all(path.exists() for path in files)
        sandbox.put("targets.json", json.dumps(targets).encode())
        sandbox.put("attempts.py", ATTEMPTS.read_bytes())
        said: list[str] = []
        ended = sandbox.run(("python", "attempts.py"), on_output=lambda _source, line: said.append(line))
    assert ended.reason is Reason.OK, said
    told = json.loads(said[-1])
    assert told["n"] > 20
    if (
        backend.name == "e2b"
    ):  # in a machine of its own it sees that machine, which holds nothing else of anybody
        told["found"] = {way: led_to for way, led_to in told["found"].items() if way not in OWN_MACHINE}
        assert mark not in json.dumps(told)
    assert told["found"] == {}


def is_above_python(path: Path) -> bool:
    """Whether interpreter or libraries lie below it: then the folder is there, empty but for the way to them."""
    return any(Path(prefix).is_relative_to(path) for prefix in (sys.prefix, sys.base_prefix))


# At E2B the code has a virtual machine to itself, where it sees what else runs there: nothing of ours or of others.
OWN_MACHINE = {
    "count_more_processes_than_there_should_be",
    "find_descriptors_that_were_left_open",
    "go_through_the_folders_of_processes",
    "trace_and_read_its_own_monitor",
}
# What that machine's own size bounds: the app's file in it does not see this, and need not.
THE_MACHINES = {
    "memory behind a thread that has ended", "disk that is only in memory", "areas of memory",
    "open files of a program that nobody may read", "disk without names", "disk in a closed folder",
    "folders in each other", "open files", "tables of pages",
}  # fmt: skip
# What uses up what all share: the code, and the bound that it meets.
USES_UP = {
    "processes": (Reason.TOO_MANY_PROCESSES, """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""),
    "threads": (Reason.TOO_MANY_PROCESSES, """
import threading, time
for _ in range(40):
    try:
        threading.Thread(target=time.sleep, args=(100,)).start()
    except RuntimeError:
        pass
time.sleep(100)
"""),
    "memory at once": (Reason.OOM, "bytearray(6 << 30)"),
    "memory bit by bit": (Reason.OOM, "import time; x = [bytearray(20_000_000) for _ in range(40)]; time.sleep(100)"),
    "memory of many": (Reason.OOM, """
import os, time
for _ in range(12):
    if os.fork() == 0:
        x = bytearray(60_000_000); time.sleep(100)
time.sleep(100)
"""),
    "memory under a false name": (
        Reason.OOM,
        """
import ctypes, time
for name in (b"RssAnon: 0", b"a) R 0 0 0 0", b"VmPTE:\\n0"):
    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
    x = [*globals().get("x", []), *(bytearray(20_000_000) for _ in range(10))]
time.sleep(100)
""",
    ),
    "memory behind a thread that has ended": (
        Reason.OOM,
        """
import ctypes, threading, time
def fill():
    time.sleep(0.1)
    x = [bytearray(20_000_000) for _ in range(30)]
    time.sleep(100)
threading.Thread(target=fill).start()
ctypes.CDLL(None).syscall(60 if __import__("platform").machine() == "x86_64" else 93, 0)
""",
    ),
    "disk that is only in memory": (
        Reason.DISK,
        """
import mmap, os, time
held = []
for n in range(10):
    file = os.open(str(n), os.O_RDWR | os.O_CREAT)
    os.write(file, bytes(9_000_000))
    os.unlink(str(n))
    held.append(mmap.mmap(file, 4096))
    os.close(file)
    for descriptor in map(int, os.listdir("/proc/self/fd")):  # Python keeps one of its own
        try:
            if "deleted" in os.readlink(f"/proc/self/fd/{descriptor}"):
                os.close(descriptor)
        except OSError:
            pass
time.sleep(100)
""",
    ),
    "lines": (Reason.OUTPUT, "import os\nwhile True: os.write(1, b'\\n' * 60_000)"),
    "open files of a program that nobody may read": (
        Reason.TOO_MANY_PROCESSES,
        """
import os, shutil, socket, time
shutil.copyfile("/usr/bin/sleep", "hidden")
os.chmod("hidden", 0o111)
for _ in range(12):
    if os.fork() == 0:
        held = [socket.socketpair() for _ in range(120)]
        for pair in held:
            for end in pair:
                end.set_inheritable(True)
        os.execv("hidden", ["hidden", "100"])
time.sleep(100)
""",
    ),
    "areas of memory": (
        Reason.OOM,
        """
import ctypes, mmap, time
libc = ctypes.CDLL(None)
pages = mmap.mmap(-1, 40_000 << 12, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
for n in range(0, 40_000, 2):
    libc.mprotect(ctypes.c_void_p(start + (n << 12)), ctypes.c_size_t(4096), 1)
time.sleep(100)
""",
    ),
    "tables of pages": (Reason.OOM, """
import ctypes, mmap, os, time
libc = ctypes.CDLL(None)
for _ in range(12):
    if os.fork() == 0:
        page = mmap.mmap(-1, 3_900_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        libc.madvise(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), ctypes.c_size_t(len(page)), 15)
        for place in range(0, len(page), 1 << 19):
            page[place] = 1
        time.sleep(100)
time.sleep(100)
"""),
    "disk": (Reason.DISK, """
import os, time
for n in range(10):
    open(f"{('/job', os.environ['TMPDIR'], '/dev/shm')[n % 3]}/{n}", "wb").write(bytes(9_000_000))
time.sleep(100)
"""),
    "disk without names": (Reason.DISK, """
import os, time
files = []
for n in range(10):
    files.append(open(str(n), "wb")); os.unlink(str(n)); files[-1].write(bytes(9_000_000)); files[-1].flush()
time.sleep(100)
"""),
    "disk in a closed folder": (Reason.DISK, """
import os, time
tmp = os.environ["TMPDIR"]
os.makedirs(f"{tmp}/a/b")
files = [open(f"{tmp}/a/b/{n}", "wb") for n in range(10)]
os.chmod(f"{tmp}/a/b", 0); os.chmod(f"{tmp}/a", 0); os.chmod(tmp, 0)
for file in files:
    file.write(bytes(9_000_000)); file.flush()
time.sleep(100)
"""),
    "one large file": (Reason.DISK, "open('large', 'wb').write(bytes(30_000_000))"),
    "files": (Reason.DISK, """
import time
for n in range(800):
    open(f"/dev/shm/{n}", "w").close()
time.sleep(100)
"""),
    "folders in each other": (Reason.DISK, """
import os, time
for _ in range(200):
    os.mkdir("a"); os.chdir("a")
time.sleep(100)
"""),
    "output": (Reason.OUTPUT, "import sys\nwhile True: sys.stdout.write('x' * 100_000)"),
    "output without a line": (Reason.OUTPUT, "import os\nwhile True: os.write(2, b'\\xff' * 60_000)"),
    "processor time": (Reason.TIME_LIMIT, """
import os
for _ in range(3):
    os.fork()
while True:
    pass
"""),
    "open files": (Reason.TOO_MANY_PROCESSES, """
import os, socket, time
for _ in range(12):
    if os.fork() == 0:
        held = []
        try:
            while True:
                held.append(socket.socketpair())
        except OSError:
            time.sleep(100)
time.sleep(100)
"""),
}  # fmt: skip


OF_EACH = [("local", what) for what in USES_UP] + [
    ("e2b", what) for what in ("processes", "output without a line")
]  # the rest at E2B is `make chaos`'s


@pytest.mark.parametrize(("backend", "what"), OF_EACH, indirect=["backend"])
def test_what_all_share_is_not_used_up(backend: Backend, what: str) -> None:
    reason, code = USES_UP[what]
    n_characters = 0

    def count(_source: str, line: str) -> None:
        nonlocal n_characters
        n_characters += len(line)

    with stopping(backend.create(labels={}, limits=replace(LIMITS, cpu_s=1.0))) as sandbox:
        sandbox.put("code.py", code.encode())
        ended = sandbox.run(("python", "code.py"), on_output=count)
        assert (ended.reason, n_characters <= LIMITS.output_bytes) == (reason, True), ended
    assert backend.list() == []


def test_who_prints_without_end_while_nobody_listens_has_to_wait(sandbox: Sandbox) -> None:
    sandbox.put("code.py", b"import os\nwhile True: os.write(1, b'x\\n' * 30_000)")
    process = sandbox.start(("python", "code.py"))
    wait_for(process.tail)
    assert process.poll() is None
    ended = process.stop()
    assert ended.reason is Reason.STOPPED
    assert len(process.tail()) < 20_000
    assert ended.usage.output_bytes < 100_000_000


@pytest.mark.parametrize("backend", ["local"], indirect=True)
def test_what_runs_inside_steps_back_behind_everything_else(sandbox: Sandbox) -> None:
    """Also where processors are shared out among sessions first, and the code makes a session of its own; and where
    memory runs out, though the code takes itself out of the line.
    """
    code = """
import os, time
child = os.fork()
child or os.setsid()
try:
    open("/proc/self/oom_score_adj", "w").write("0")
except OSError:
    pass
for _ in range(200):
    try:
        text = open("/proc/self/autogroup").read()
    except OSError:
        break
    if text.endswith("nice 10\\n") and open("/proc/self/oom_score_adj").read() == "1000\\n":
        break
    time.sleep(0.05)
else:
    raise SystemExit(text)
os.write(1, b"%d\\n" % os.nice(0))
child and os.wait()
"""
    said: list[str] = []
    sandbox.put("code.py", code.encode())
    ended = sandbox.run(("python", "code.py"), on_output=lambda _source, line: said.append(line))
    assert (ended.reason, said) == (Reason.OK, ["10", "10"])


def processes_with(mark: str) -> list[int]:
    """The processes of this machine whose command names the mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


LIVES_ON = """
import os, signal, sys, time
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in range(3):
                os.close(descriptor)
            time.sleep(600)
        os._exit(0)
"""


def test_nothing_lives_on_when_the_code_has_ended(sandbox: Sandbox) -> None:
    mark = uuid4().hex
    sandbox.put("code.py", (LIVES_ON + "time.sleep(0.2); print('gone')").encode())
    ended = sandbox.run(("python", "code.py", mark))
    assert ended.reason is Reason.OK
    assert processes_with(mark) == []


def test_nothing_lives_on_past_its_time(sandbox: Sandbox) -> None:
    mark = uuid4().hex
    sandbox.put("code.py", (LIVES_ON + "os.close(1); os.close(2); time.sleep(600)").encode())
    ended = sandbox.run(("python", "code.py", mark), wall_s=0.5)
    assert ended.reason is Reason.TIME_LIMIT
    assert processes_with(mark) == []


STARTER = """
import os, sys
from pathlib import Path
from core.sandboxes import Limits, LocalBackend
sandbox = LocalBackend(Path(sys.argv[1])).create(labels={"of": "the dead"}, limits=Limits())
sandbox.put("code.py", Path(sys.argv[2]).read_bytes())
sandbox.run(("python", "code.py", sys.argv[3]), on_output=lambda source, line: print(line, flush=True))
"""


@contextmanager
def starter(folder: Path, mark: str) -> Iterator[subprocess.Popen[str]]:
    """Another process of the app, which runs code that would live on."""
    code = folder / "code.py"
    code.write_text(LIVES_ON + "print('ready', flush=True); time.sleep(600)")
    command = [sys.executable, "-c", STARTER, folder / "sandboxes", code, mark]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("backend", ["local"], indirect=True)
def test_nothing_outlives_the_process_that_has_started_it(backend: Backend, tmp_path: Path) -> None:
    """Killed, not asked to end: nobody stops the sandbox."""
    mark = uuid4().hex
    with starter(tmp_path, mark) as process:
        inside = set(processes_with(mark)) - {process.pid}
        assert len(inside) >= 3
        [listed] = backend.list()
        assert (listed.labels, listed.is_owned) == ({"of": "the dead"}, True)
        assert backend.sweep() == 0
        process.kill()
        process.wait()
        wait_for(lambda: not processes_with(mark), what="the end of all that ran inside")
    assert [one.is_owned for one in backend.list()] == [False]
    assert backend.sweep() == 1
    assert backend.list() == []


@pytest.mark.parametrize("backend", ["local"], indirect=True)
def test_a_sandbox_of_another_process_can_be_stopped(backend: Backend, tmp_path: Path) -> None:
    mark = uuid4().hex
    with starter(tmp_path, mark) as process:
        [listed] = backend.list()
        os.kill(process.pid, signal.SIGSTOP)  # who should have stopped it hangs
        try:
            backend.stop_ref(listed.ref)
            wait_for(lambda: set(processes_with(mark)) == {process.pid})
        finally:
            os.kill(process.pid, signal.SIGCONT)
    assert backend.list() == []
