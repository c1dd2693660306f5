"""A process that was forked for a test is to whoever asked for it as one that was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import psutil
import pytest

from tests.servers import forks
from tests.servers.waiting import PATIENCE_S, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux alone")


@pytest.fixture(autouse=True)
def _zygote() -> None:
    for _ in range(forks.WORTH):
        forks.run([sys.executable, "-c", ""])
    wait_for(forks.is_ready, what="the zygote")


def program(code: str, **how: object) -> subprocess.Popen[str]:
    found = forks.popen([sys.executable, "-c", code], text=True, **how)
    assert isinstance(found, forks.Forked)
    return found


@pytest.mark.parametrize(
    ("code", "status", "complaint"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('it is so')", 1, "it is so"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15, ""),
        ("import threading as t; t.Timer(0.05, print, ['late']).start(); import atexit; atexit.register(print, 'last')",
         0, ""),
    ],
)  # fmt: skip
def test_it_ends_as_programs_end(code: str, status: int, complaint: str) -> None:
    anew = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    forked = forks.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (anew.returncode, anew.stdout) == (forked.returncode, forked.stdout)
    assert forked.returncode == status
    for ended in (anew, forked):
        assert ended.stderr.strip().endswith(complaint)


def test_it_has_the_arguments_streams_folder_and_environment_that_it_was_given(tmp_path: Path) -> None:
    code = (
        "import os, sys; print(sys.stdin.read(), sys.argv[1:], os.getcwd(), dict(os.environ), os.getppid())"
    )
    process = forks.popen(
        [sys.executable, "-c", code, "one", "two"], env={"ALONE": "1"}, cwd=tmp_path, stdin=PIPE, stdout=PIPE, text=True
    )  # fmt: skip
    said, _ = process.communicate("heard")
    assert said == f"heard ['one', 'two'] {tmp_path} {{'ALONE': '1'}} {os.getpid()}\n"


def test_it_takes_signals_and_is_seen_while_it_lives() -> None:
    process = program("import signal; print('here', flush=True); signal.pause()", stdout=PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    assert process.poll() is None
    assert "-c" in forks.children(os.getpid())[process.pid]
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    seen = psutil.Process(process.pid)
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: seen.status() == psutil.STATUS_STOPPED, what="it to be frozen")
    process.kill()
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert not psutil.pid_exists(process.pid)
    assert process.pid not in forks.children(os.getpid())
    process.stdout.close()


OUTER = """
import signal, sys
from tests.servers import forks
print(forks.popen([sys.executable, "-c", "import signal; signal.pause()"]).pid, flush=True)
signal.pause()
"""


@pytest.mark.parametrize("frozen", [True, False])
def test_it_dies_with_whoever_asked_for_it(frozen: bool) -> None:
    outer = program(OUTER, stdout=PIPE)
    assert outer.stdout is not None
    inner = int(outer.stdout.readline())
    assert list(forks.children(outer.pid)) == [inner]
    if frozen:
        os.kill(inner, signal.SIGSTOP)
    outer.kill()
    outer.communicate()
    wait_for(lambda: not psutil.pid_exists(inner), what="the inner one to be gone")


def test_what_it_loads_and_sets_is_gone_with_it(tmp_path: Path) -> None:
    (tmp_path / "only_here.py").write_text("import os\nos.environ['MARK'] = 'set'\nprint('loaded')\n")
    says: Callable[[str], str] = lambda code: forks.run(  # noqa: E731
        [sys.executable, "-c", f"import os, sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert says("import only_here; print(os.environ['MARK'])") == "loaded\nset\n"
    assert says("print('only_here' in sys.modules, os.environ.get('MARK'))") == "False None\n"
