"""The code of train.py as a process of its own, and what it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHILD: Final = "MODEL_DESK_CHILD"  # in the child's environment: the file that holds the data
OURS: Final = ("MODEL_DESK_TOKEN", "MODEL_DESK_URL")  # not the code's business
LONGEST_LINE: Final = 65_536
GRACE_S: Final = 5.0


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
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        with subprocess.Popen(
            [sys.executable, "-u", str(self._folder / "train.py")],
            cwd=work,
            env={**inherited, CHILD: str(self._data), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,  # whose end tells the child that nobody leads it any more
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as self._process:
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
