"""`python -m tests.faults.worker_process SLOTS MODULE…`: a real worker that knows only the kinds of these modules.

Settings come from the environment, as everywhere. SIGTERM hands back what `drain_s` leaves unfinished.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import psutil

from core import db, logs, rooms
from core import settings as settings_module
from core.settings import Settings
from core.worker import __main__ as worker
from tests.servers import forks
from tests.servers.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[2]
MODULES = ("tests.faults.steps",)


class WorkerProcess:
    """A worker in a process of its own, seen by those who start it."""

    def __init__(
        self,
        settings: Settings,
        *,
        slots: int = 1,
        drain_s: float = 0.0,
        environment: Mapping[str, str] = MappingProxyType({}),
        modules: Sequence[str] = MODULES,
    ) -> None:
        """modules: those that state the kinds of task it takes."""
        self._process = forks.popen(
            [sys.executable, "-m", "tests.faults.worker_process", str(slots), *modules],
            env={**os.environ, **settings.environment(), "DRAIN_S": str(drain_s), **environment},
            cwd=PROJECT,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def children(self) -> list[int]:
        """Process ids of its warm children."""
        try:
            return list(forks.children(self.pid))
        except psutil.NoSuchProcess:
            return []

    def threads_that_hear(self) -> list[int]:
        """Ids of its threads that block no signal."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return [
            int(task.name) for task in tasks if "SigBlk:\t0000000000000000" in (task / "status").read_text()
        ]

    def kill_children(self) -> None:
        """kill -9 of whoever runs a task."""
        for pid in self.children():
            with suppress(ProcessLookupError):  # it ended first
                os.kill(pid, signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Signal the worker itself, not its children; harmless when it is gone."""
        self._process.send_signal(number)

    def is_dead(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """kill -9, frozen or not."""
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def wait(self, *, deadline_s: float = PATIENCE_S) -> int:
        """Its exit code, once it has ended by itself."""
        return self._process.wait(deadline_s)

    def end(self, *, deadline_s: float = PATIENCE_S) -> int:
        """Ask it to hand back and end; its exit code."""
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            return self._process.wait(deadline_s)
        finally:
            self._process.kill()
            self._process.wait(PATIENCE_S)


def main(slots: int, modules: Sequence[str]) -> int:
    config = settings_module.current()
    logs.configure(config)
    for module in modules:
        rooms.load_module(module)
    db.connect_configured(config)
    return worker.run(config, slots=slots, modules=modules)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
