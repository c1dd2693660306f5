"""The runner's side of a child process: start it, speak with it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import storage
from core.queue import Task

PROJECT = Path(__file__).resolve().parents[2]


class ChildGone(Exception):
    """The child's pipe is closed: it died, or was killed."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


class Child:
    """A started child. Made by the runner's own thread: it dies when that thread ends."""

    def __init__(self, *, modules: Sequence[str], environment: Mapping[str, str], staging: Path) -> None:
        self._staging = staging
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.worker.child_main", str(os.getpid()), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment, **one_thread},
            cwd=PROJECT,
            start_new_session=True,  # a Ctrl+C for the app is the runner's to answer
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdout.fileno(), False)
        self._unread = b""
        self.pid = self._process.pid

    def fileno(self) -> int:
        return self._stdout.fileno()

    def run(self, task: Task) -> None:
        """Hand over a task. Raises ChildGone."""
        self._send(
            {
                "run": {
                    "id": str(task.id),
                    "user_id": str(task.user_id),
                    "kind": task.kind,
                    "payload": task.payload,
                    "attempt": task.attempt,
                    "done": task.done,
                    "total": task.total,
                    "checkpoint": task.checkpoint,
                }
            }
        )

    def ask_to_stop(self) -> None:
        """Raises ChildGone."""
        self._send({"stop": True})

    def heard(self) -> list[dict[str, Any]]:
        """The messages that have come since last asked. Raises ChildGone."""
        try:
            chunk = os.read(self._stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return []
        if not chunk:
            raise ChildGone(self._process.wait())
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def kill(self) -> None:
        """End the process now, whatever it does, reap it, and remove what it had staged."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # the next start sweeps too
            storage.sweep(self._staging, pid=self.pid)
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):  # what was still buffered has nobody to go to
            self._stdin.close()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._stdin.write(json.dumps(message).encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError as error:
            raise ChildGone(self._process.wait()) from error
