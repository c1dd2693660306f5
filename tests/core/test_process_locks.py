"""Whether a process lives is told by the lock that it holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from core import process_locks
from tests.servers import forks
from tests.servers.processes import PROJECT
from tests.servers.waiting import PATIENCE_S

HOLDS = """
import sys
from pathlib import Path
from core import process_locks
lock = process_locks.hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def holding(folder: Path, name: str) -> subprocess.Popen[str]:
    """A process that holds a lock."""
    process = forks.popen(
        [sys.executable, "-c", HOLDS, str(folder), name], cwd=PROJECT, stdin=PIPE, stdout=PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_killed_process_is_told_from_a_living_one(tmp_path: Path) -> None:
    killed, living = holding(tmp_path, "killed"), holding(tmp_path, "living")
    own = process_locks.hold(tmp_path, "own")
    assert list(process_locks.of_the_dead(tmp_path)) == []
    killed.kill()
    killed.communicate(timeout=PATIENCE_S)
    assert list(process_locks.of_the_dead(tmp_path)) == ["killed"]
    assert list(process_locks.of_the_dead(tmp_path)) == []
    living.communicate(timeout=PATIENCE_S)
    assert list(process_locks.of_the_dead(tmp_path)) == ["living"]
    assert own is not None
    own.close()
    assert list(process_locks.of_the_dead(tmp_path)) == ["own"]


def test_what_could_not_be_dealt_with_is_told_again(tmp_path: Path) -> None:
    lock = process_locks.hold(tmp_path, "gone")
    assert lock is not None
    lock.close()

    def bury(name: str) -> None:
        assert list(process_locks.of_the_dead(tmp_path)) == [], "two were told of the same"
        raise ConnectionError(name)

    with pytest.raises(ConnectionError, match="gone"):
        for name in process_locks.of_the_dead(tmp_path):
            bury(name)
    assert list(process_locks.of_the_dead(tmp_path)) == ["gone"]


def test_a_folder_that_is_not_there_has_no_dead(tmp_path: Path) -> None:
    assert list(process_locks.of_the_dead(tmp_path / "nothing")) == []
