from __future__ import annotations

import os
from collections.abc import Callable
from math import inf
from pathlib import Path
from queue import Queue

import pytest

from core.sandboxes import Limits, Reason
from core.sandboxes.local.command import FOLDERS
from core.sandboxes.local.watchdog import Watchdog


def verdict(folder: Path, **machine: Callable[..., int]) -> tuple[Reason, str]:
    """What the watchdog says of a sandbox in which nothing runs, on such a machine."""
    said: Queue[tuple[Reason, str]] = Queue()
    watchdog = Watchdog(
        os.getpid(), folder, limits=Limits(), wall_s=None, cpu_s=None, deadline=lambda: inf,
        end=lambda reason, message: said.put((reason, message)), **machine,
    )  # fmt: skip
    try:
        return said.get(timeout=60)
    finally:
        watchdog.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    return tmp_path


def test_where_the_machine_runs_short_a_sandbox_ends_first(folder: Path) -> None:
    """Not all that the kernel keeps for a process is counted to it."""
    assert verdict(folder, free_memory=lambda: 1_000_000) == (
        Reason.OOM,
        "The machine was about to run out of memory.",
    )
    assert verdict(folder, free_disk=lambda _folder: 1_000) == (
        Reason.MACHINE_DISK,
        "The machine's disk was about to run full.",
    )


def test_what_can_not_be_watched_does_not_run(folder: Path) -> None:
    (folder / "job").rmdir()
    reason, message = verdict(folder)
    assert reason is Reason.LOST
    assert "could not be watched" in message
