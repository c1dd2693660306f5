"""Several Python processes that begin the same thing at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers import forks
from tests.servers.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[2]
START = "import sys; print('ready', flush=True); sys.stdin.read(1)\n"


def at_once(
    *programs: str, arguments: Sequence[str] = (), imports: str = "", deadline_s: float = PATIENCE_S
) -> list[str]:
    """Run each program in a process of its own, all from one moment on; what each printed.

    imports: lines that every process runs before the moment.
    Raises AssertionError with the output of a process that failed.
    """
    processes = [
        forks.popen(
            [sys.executable, "-c", f"{imports}\n{START}{program}", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT,
        )
        for program in programs
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("!")
            process.stdin.flush()
        ends = [process.communicate(timeout=deadline_s) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for process, (_, complaint) in zip(processes, ends, strict=True):
        assert process.returncode == 0, complaint
    return [said.strip() for said, _ in ends]
