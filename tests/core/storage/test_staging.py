"""Bytes that wait on this machine: counted, hashed, and gone afterwards."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from subprocess import PIPE

import pytest

from core import storage
from tests.servers import forks
from tests.servers.processes import PROJECT
from tests.servers.waiting import PATIENCE_S


def test_what_passes_is_counted_and_hashed(tmp_path: Path) -> None:
    with storage.stage(tmp_path / "staging") as staged:
        assert staged.write(b"name,age\n") == 9
        staged.write(b"Ada,36\n")
        staged.close()
        assert staged.path.read_bytes() == b"name,age\nAda,36\n"
        assert staged.size_bytes == 16
        assert staged.sha256 == hashlib.sha256(b"name,age\nAda,36\n").hexdigest()


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_staged_file_is_gone_whatever_happened(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), storage.stage(tmp_path) as staged:
        staged.write(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_staged_file_that_somebody_took_away_is_no_trouble(tmp_path: Path) -> None:
    with storage.stage(tmp_path) as staged:
        staged.path.unlink()
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_flat_while_bytes_are_staged(tmp_path: Path) -> None:
    chunk = b"x" * (1 << 20)
    tracemalloc.start()
    with storage.stage(tmp_path) as staged:
        for _ in range(64):
            staged.write(chunk)
        assert staged.size_bytes == 64 << 20
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


LIMITED = """
import resource, signal, sys
from pathlib import Path
from core import storage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    with storage.stage(Path(sys.argv[1])) as staged:
        for _ in range(int(sys.argv[2])):
            staged.write(b"x" * (1 << 10))
        staged.close()
except storage.DiskFull as error:
    print(error.code)
"""


@pytest.mark.parametrize("n_chunks", [1_500, 1_025], ids=["while writing", "while closing"])
def test_a_disk_without_room_is_named_and_holds_nothing_half(tmp_path: Path, n_chunks: int) -> None:
    ended = forks.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(n_chunks)],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.stdout.strip(), ended.stderr) == ("disk_full", "")
    assert list(tmp_path.iterdir()) == []


STAGES = """
import os, sys
from pathlib import Path
from core import storage
with storage.stage(Path(sys.argv[1])) as staged:
    staged.write(b"half a file")
    staged.flush()
    print(staged.path.name, flush=True)
    sys.stdin.read()
"""


def staging_process(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that has something staged, and the name of that."""
    process = forks.popen(
        [sys.executable, "-c", STAGES, str(folder)], cwd=PROJECT, stdin=PIPE, stdout=PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_sweep_removes_what_a_killed_process_left_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    folder, other = tmp_path / "staging", tmp_path / "staging" / "README-first"
    (killed, left), (living, kept) = staging_process(folder), staging_process(folder)
    other.touch()
    with storage.stage(folder) as staged:
        assert storage.sweep(folder) == 0
        killed.kill()
        killed.communicate(timeout=PATIENCE_S)
        assert (folder / left).is_file()
        assert storage.sweep(folder) == 1
        assert sorted(folder.iterdir()) == sorted([other, staged.path, folder / kept])
    living.communicate(timeout=PATIENCE_S)
    assert storage.sweep(folder) == 0
    assert list(folder.iterdir()) == [other]
    assert len(list((tmp_path / "staging.owners").iterdir())) == 1  # of this process


def test_a_process_with_the_number_of_one_that_is_gone_is_not_taken_for_it(tmp_path: Path) -> None:
    """In a container the app has number 1 each time it starts."""
    folder = tmp_path / "staging"
    process, left = staging_process(folder)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert str(process.pid) not in left
    assert storage.sweep(folder) == 1


def test_what_an_earlier_version_left_goes_with_the_process_of_its_number(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE_S)
    for pid in (gone.pid, os.getpid()):
        (tmp_path / f"{pid}-abc").touch()
    assert storage.sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"{os.getpid()}-abc"]


def test_many_sweeps_at_once_leave_what_is_being_staged(tmp_path: Path) -> None:
    folder = tmp_path / "staging"
    over = threading.Event()

    def sweep() -> None:
        while not over.is_set():
            storage.sweep(folder)

    sweeping = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in sweeping:
        thread.start()
    try:
        started = [staging_process(folder) for _ in range(6)]
        assert all((folder / name).is_file() for _, name in started)
        for process, _ in started:
            process.communicate(timeout=PATIENCE_S)
    finally:
        over.set()
        for thread in sweeping:
            thread.join()


def test_a_folder_that_can_not_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "staging").touch()
    for folder in (tmp_path / "staging", tmp_path / "staging" / "below"):
        with pytest.raises(storage.StorageUnavailable, match=str(folder)), storage.stage(folder):
            pass
        with pytest.raises(storage.StorageUnavailable):
            storage.check_staging(folder)


def test_a_failure_of_the_one_who_stages_stays_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), storage.stage(tmp_path):
        (tmp_path / "nothing").read_bytes()


def test_a_sweep_of_a_folder_that_is_not_there_removes_nothing(tmp_path: Path) -> None:
    assert storage.sweep(tmp_path / "nothing") == 0
