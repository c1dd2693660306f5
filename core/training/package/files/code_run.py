"""The code of train.py as a process of its own, and what it prints."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

CHILD: Final = (
    "MODEL_DESK_CHILD"  # in the child's environment: the file that holds the data; empty once it is read
)
GIVEN: Final = "predict.py"  # what the code finds beside its rows, where its author wrote one
OURS: Final = ("MODEL_DESK_TOKEN", "MODEL_DESK_URL")  # not the code's business
LONGEST_LINE: Final = 65_536
GRACE_S: Final = 5.0
# Whatever processes the code starts end with it, and a key that stops the leader reaches the code by way of it alone.
A_GROUP: Final[dict[str, Any]] = {} if os.name == "nt" else {"process_group": 0}


class CodeRun:
    """One run, in the folder `work`, which it finds empty."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder, self._data = folder, data
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def lines(self) -> Iterator[str]:
        """Start it; what it prints, line by line, until it ends. Raises OSError."""
        work = self._folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(exist_ok=True)
        if (given := self._folder / GIVEN).exists():
            shutil.copyfile(given, work / GIVEN)
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        with subprocess.Popen(
            [sys.executable, "-u", str(self._folder / "train.py")],
            cwd=work,
            env={**inherited, CHILD: str(self._data), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,  # whose end tells the child that nobody leads it any more
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            **A_GROUP,
        ) as self._process:
            threading.Thread(target=_end_group, args=(self._process,), daemon=True).start()
            assert self._process.stdout is not None
            if self._is_stopped:
                self._process.terminate()
            while line := self._process.stdout.readline(LONGEST_LINE):
                yield line.rstrip("\r\n")

    @property
    def exit_code(self) -> int:
        """0 where it ended well."""
        return self._process.returncode if self._process is not None else 0

    def stop(self) -> None:
        """End it, whoever asks; a second time changes nothing."""
        self._is_stopped = True
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _end_group(process: subprocess.Popen[str]) -> None:
    """What the code has started ends with it: a process left behind would hold its output open."""
    process.wait()
    if A_GROUP:
        with suppress(ProcessLookupError, PermissionError):  # none is left
            os.killpg(process.pid, signal.SIGKILL)


def end_with_the_leader() -> None:
    """In the code's process: the leader holds the other end of this pipe, and whatever ends it, nobody trains on."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    if A_GROUP and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def echo(line: str) -> None:
    """What the code says is for whoever runs it; where nobody reads it any more, the training goes on."""
    try:
        print(line, flush=True)  # noqa: T201  # what people read
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
