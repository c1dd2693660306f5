"""The product itself, started as people start it: `python -m core.start`, on a spare port, with data of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.settings import Settings
from tests.servers import forks
from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class App:
    """A running app. pid: the process of pages, API and runner; it is started with no sample."""

    port: int
    pid: int
    data_dir: Path
    log_path: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self) -> str:
        """What it has said so far."""
        return self.log_path.read_text("utf-8", errors="replace")


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """The app in a process of its own, ready to be asked.

    Settings by `@pytest.mark.parametrize("app", [{"WORKERS": "0"}], indirect=True)`.
    """
    with running(tmp_path, **getattr(request, "param", {})) as started:
        yield started


@contextmanager
def running(
    folder: Path, *, tree: Path = PROJECT, within: Sequence[str] = (), anew: bool = False, **environment: str
) -> Iterator[App]:
    """The app with its data in `folder`; at the end it is stopped by SIGTERM, as a service would be.

    tree: where its source lies. within: a command that runs another. anew: started as people start it, and not forked
    off a process that has loaded it already. environment: settings by their upper-case names.
    Raises RuntimeError with its log when it ends before it is ready, TimeoutError.
    """
    port, log_path = int(environment.get("PORT") or spare_port()), folder / "app.log"
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    chosen = {"PORT": str(port), "DATA_DIR": str(folder / "data"), "SAMPLE": "false", **environment}
    # Ends the app even when the test run is killed; only Linux has it.
    with_parent = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    with log_path.open("ab") as log:
        how = {
            "cwd": tree,
            "env": {**inherited, **chosen},
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": log,
        }
        command = [sys.executable, "-m", "core.start"]
        if within or anew or tree != PROJECT:
            process = subprocess.Popen([*with_parent, *within, *command], **how)  # type: ignore[call-overload]
        else:
            process = forks.popen(command, **how)
    started = App(port=port, pid=process.pid, data_dir=Path(chosen["DATA_DIR"]), log_path=log_path)
    try:
        wait_for(lambda: _is_ready(started, process), what="the app to answer")
        yield started
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask a process of ours to end; its exit code. One that does not end is killed, and that is an error."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _is_ready(started: App, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the app ended with {process.returncode}: {started.log()[-4000:]}")
    try:
        with urllib.request.urlopen(f"{started.url}/api/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
