"""Files in a folder: the contract, and what only a disk can do to us."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from core.storage import DiskFull, KeyTaken, LocalStorage, NotStored, StorageUnavailable
from core.storage.protocol import PROBE, PROBES
from tests.core.storage.contract import KEY, StorageContract
from tests.servers import forks
from tests.servers.processes import PROJECT
from tests.servers.waiting import PATIENCE_S, wait_for
from tests.together import together


class TestLocalStorage(StorageContract):
    """LocalStorage keeps the contract."""

    keeps_open_streams = True


def _everything_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if not path.is_dir()]


def test_a_planted_link_does_not_lead_out(storage: LocalStorage, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    storage.root.mkdir(parents=True)
    (storage.root / "uploads").symlink_to(outside)
    (storage.root / "secret").symlink_to(outside / "secret")
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    for key in ("uploads/secret", "secret"):
        with pytest.raises(StorageUnavailable, match="points outside"):
            storage.open(key)
        with pytest.raises(StorageUnavailable):
            storage.delete(key)
    for verb in (storage.put, storage.replace):
        with pytest.raises(StorageUnavailable):
            verb("uploads/new", source)
    with pytest.raises(StorageUnavailable):
        storage.replace("secret", source)
    with pytest.raises(StorageUnavailable, match="points outside"):
        storage.put_all([("models/a", b"mine"), ("uploads/new", b"mine")])
    assert storage.put_all([("secret", b"mine")]) == [False]
    assert [(path.name, path.read_bytes()) for path in outside.iterdir()] == [("secret", b"secret")]


def test_a_file_can_not_be_put_where_a_folder_is_needed(storage: LocalStorage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    storage.put("uploads/a", source)
    with pytest.raises(StorageUnavailable):
        storage.put("uploads/a/b", source)
    with pytest.raises(KeyTaken):
        storage.put("uploads", source)
    for key in ("uploads", "uploads/a/b"):
        with pytest.raises(StorageUnavailable):
            storage.replace(key, source)
    with pytest.raises(NotStored):
        storage.open("uploads/a/b")
    assert _everything_below(storage.root) == [storage.root / "uploads" / "a"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from uuid import uuid4
from core.errors import AppError
from core.storage import LocalStorage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    files, source, verb = LocalStorage(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
    if verb == "put_all":
        files.put_all([("uploads/small", b"x"), ("uploads/a.csv", source.read_bytes())])
    else:
        getattr(files, verb)("uploads/a.csv", source)
except AppError as error:
    print(error.code)
"""


def test_a_disk_without_room_is_named_and_holds_nothing_half(storage: LocalStorage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * (3 << 20))
    for verb in ("put", "put_all"):
        assert _put_with_little_room(storage, source, verb) == ("disk_full", "")
    assert _everything_below(storage.root) == []
    assert DiskFull(place="here").hint


def test_a_replace_that_finds_no_room_leaves_the_old_file(storage: LocalStorage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"old")
    storage.put(KEY, source)
    source.write_bytes(b"x" * (3 << 20))
    assert _put_with_little_room(storage, source, "replace") == ("disk_full", "")
    assert [path.read_bytes() for path in _everything_below(storage.root)] == [b"old"]


def _put_with_little_room(storage: LocalStorage, source: Path, verb: str) -> tuple[str, str]:
    ended = forks.run(
        [sys.executable, "-c", LIMITED, str(storage.root), str(source), verb],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    return ended.stdout.strip(), ended.stderr


def test_a_reader_never_sees_half_a_file(storage: LocalStorage, tmp_path: Path) -> None:
    """The source is a pipe, so that the test decides how far the copy has come."""
    source = tmp_path / "pipe"
    os.mkfifo(source)
    thread = threading.Thread(target=storage.put, args=[KEY, source], daemon=True)
    thread.start()
    with source.open("wb") as stream:
        stream.write(b"x" * 3_000_000)
        stream.flush()
        wait_for(lambda: any(path.stat().st_size for path in _everything_below(storage.root)))
        with pytest.raises(NotStored):
            storage.open(KEY)
        assert list(storage.keys("")) == []
        stream.write(b"y")
    thread.join(PATIENCE_S)
    assert storage.stat(KEY).size_bytes == 3_000_001


KILLED = """
import sys
from pathlib import Path
from uuid import uuid4
from core.storage import LocalStorage
getattr(LocalStorage(Path(sys.argv[1])), sys.argv[3])("uploads/user_1/a.csv", Path(sys.argv[2]))
"""


def test_a_process_that_is_killed_half_way_leaves_nothing_under_the_key(
    storage: LocalStorage, tmp_path: Path
) -> None:
    _kill_half_way(storage, tmp_path / "pipe", "put")
    assert list(storage.keys("")) == []
    with pytest.raises(NotStored):
        storage.open(KEY)
    (left,) = storage.unfinished()
    assert left.size_bytes > 3
    assert -2 <= left.age_s < 60
    left.remove()
    assert _everything_below(storage.root) == []
    left.remove()  # as another process may have done meanwhile


def test_what_a_check_that_was_killed_has_left_is_unfinished_too(storage: LocalStorage) -> None:
    storage.put_all([(f"{PROBES}{uuid4().hex}", PROBE)])
    (left,) = storage.unfinished()
    left.remove()
    assert _everything_below(storage.root) == []


def test_a_process_that_is_killed_while_it_replaces_leaves_the_old_file(
    storage: LocalStorage, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"old")
    storage.put(KEY, source)
    _kill_half_way(storage, tmp_path / "pipe", "replace")
    assert list(storage.keys("")) == [KEY]
    with storage.open(KEY) as stored:
        assert stored.read() == b"old"


def _kill_half_way(storage: LocalStorage, source: Path, verb: str) -> None:
    """Kill a process when it has copied some of a source that has not ended."""
    os.mkfifo(source)
    command = [sys.executable, "-c", KILLED, str(storage.root), str(source), verb]
    process = forks.popen(command, cwd=PROJECT)
    with source.open("wb", buffering=0) as stream:
        stream.write(b"x" * 3_000_000)
        wait_for(lambda: any(path.stat().st_size > 3 for path in _everything_below(storage.root)))
        process.kill()
        process.wait(PATIENCE_S)


def test_a_root_that_was_taken_away_is_not_made_anew_and_works_when_it_is_back(
    storage: LocalStorage, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    storage.put(KEY, source)
    away = storage.root.rename(tmp_path / "away")
    again = LocalStorage(storage.root)  # as each piece of work makes its own
    for verb in (
        lambda: again.put("uploads/b", source), lambda: again.open(KEY), lambda: again.stat(KEY),
        lambda: again.keys(""), again.check,
    ):  # fmt: skip
        with pytest.raises(StorageUnavailable, match="removed or replaced"):
            verb()
    assert not storage.root.exists()
    storage.root.mkdir()
    with pytest.raises(StorageUnavailable, match="removed or replaced"):
        again.put("uploads/b", source)
    storage.root.rmdir()
    away.rename(storage.root)
    assert again.stat(KEY).size_bytes == 4


def test_ages_are_told_by_the_date_that_a_file_has(storage: LocalStorage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    assert list(storage.entries("")) == []
    assert not storage.root.exists()
    storage.put(KEY, source)
    os.utime(storage.root / KEY, (1_000, 1_000))
    (listed,) = storage.entries("")
    assert listed.age_s > 1e9
    assert list(storage.entries("uploads/user_1/b")) == []


def test_a_file_where_the_root_should_be_is_no_missing_key(tmp_path: Path) -> None:
    (tmp_path / "files").touch()
    with pytest.raises(StorageUnavailable, match="is not a folder"):
        LocalStorage(tmp_path / "files").open(KEY)


def test_a_folder_that_is_not_writable_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(StorageUnavailable, match=str(taken)):
        LocalStorage(taken / "below").check()


def test_the_first_files_may_come_at_the_same_moment(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"mine")
    for turn in range(20):
        root = tmp_path / f"files {turn}"
        put = [partial(LocalStorage(root).put, f"uploads/{number}", source) for number in range(8)]
        assert [stored.size_bytes for stored in together(put)] == [4] * 8
