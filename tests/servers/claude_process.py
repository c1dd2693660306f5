"""The server of `tests.servers.claude` in a process of its own, seen by those who start it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[2]


class ClaudeProcess:
    """A running server; made by `claude_process`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{self._line()}"

    def ask(self, what: str) -> int:
        """A figure of the server's: "asked", "refused", "in flight", "accepted" (replies that are paid for) or "again"
        (of those, the ones whose prompt had been accepted before)."""
        found = self._told(what)
        assert isinstance(found, int)
        return found

    def revoke_key(self) -> None:
        """From now on the key is refused."""
        self._told("revoke")

    def restore_key(self) -> None:
        self._told("restore")

    def hold(self) -> None:
        """Take requests and answer none, until `go_on`."""
        self._told("hold")

    def go_on(self) -> None:
        self._told("go on")

    def _told(self, what: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def claude_process(**options: Any) -> Iterator[ClaudeProcess]:
    """A server with these options of `ClaudeServer`; it ends with the block, or with its parent."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers.claude", json.dumps(options)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT,
    ) as process:  # fmt: skip
        try:
            yield ClaudeProcess(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(PATIENCE_S)
