"""A place on this machine for bytes that are not yet known to be good."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from core.storage.protocol import translated

_one_at_a_time = threading.Lock()
_owned: dict[tuple[Path, int], tuple[str, IO[bytes] | None]] = {}


class Staging:
    """A file being written; counts and hashes what passes. Is a binary sink."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._stream = path.open("xb")

    def write(self, chunk: bytes) -> int:
        """Append bytes. Raises DiskFull, StorageUnavailable."""
        with translated(self.path.parent):
            self._stream.write(chunk)
        self._hash.update(chunk)
        self.size_bytes += len(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Let readers of the file see what was written. Raises DiskFull, StorageUnavailable."""
        with translated(self.path.parent):
            self._stream.flush()

    def close(self) -> None:
        """No more bytes follow; the file may be read now. Raises DiskFull, StorageUnavailable."""
        with translated(self.path.parent):
            self._stream.close()

    @property
    def sha256(self) -> str:
        """Hash of what was written so far, in hex."""
        return self._hash.hexdigest()


@contextmanager
def stage(folder: Path) -> Iterator[Staging]:
    """A new staging file, removed at the end whatever happens. Raises DiskFull, StorageUnavailable."""
    with translated(folder):
        folder.mkdir(parents=True, exist_ok=True)
        staging = Staging(folder / f"{_owner(folder)}-{uuid4().hex}")
    try:
        yield staging
    finally:
        try:
            staging.close()
        finally:
            with translated(folder):
                staging.path.unlink(missing_ok=True)


def check(folder: Path) -> None:
    """Stage a few bytes. Raises what goes wrong."""
    with stage(folder) as staging:
        staging.write(b"probe")
        staging.close()


def sweep(folder: Path) -> int:
    """Remove what processes that are gone have left behind; how many files.

    Each process marks what it stages by a name of its own and holds a lock of that name while it lives, which the
    system gives up with it, however it ends. A process id would not do: in a container the next one has the same.
    """
    n_removed = 0
    for mark in _marks(folder).glob("*"):
        if (held := _locked(mark)) is not None:
            with held:
                n_removed += sum(_removed(path) for path in folder.glob(f"{mark.name}-*"))
                mark.unlink(missing_ok=True)
    for path in folder.glob("*-*"):
        owner = path.name.split("-")[0]
        if owner.isdigit() and len(owner) < len(
            _a_mark()
        ):  # of a process without locks, or of an earlier version
            n_removed += not _lives(int(owner)) and _removed(path)
    return n_removed


def _owner(folder: Path) -> str:
    """The name by which this process marks what it stages there: that of a lock which it holds as long as it lives."""
    key = folder, os.getpid()
    with _one_at_a_time:
        if key not in _owned:
            _owned[key] = _new_owner(folder)
        return _owned[key][0]


def _new_owner(folder: Path) -> tuple[str, IO[bytes] | None]:
    """A name and its lock. Where the file system knows no locks, the process id is the name."""
    marks = _marks(folder)
    marks.mkdir(parents=True, exist_ok=True)
    while True:
        mark = marks / _a_mark()
        lock = mark.open("xb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a sweep was faster
            lock.close()
        except OSError:
            lock.close()
            mark.unlink(missing_ok=True)
            return str(os.getpid()), None
        else:
            if os.fstat(lock.fileno()).st_nlink:  # no sweep was in between
                return mark.name, lock
            lock.close()


def _marks(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.owners")


def _a_mark() -> str:
    return uuid4().hex


def _locked(mark: Path) -> IO[bytes] | None:
    """The lock of a process that is gone; None where it lives, or another sweep is at it."""
    try:
        lock = mark.open("rb")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:  # another sweep was faster
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # asks only
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
