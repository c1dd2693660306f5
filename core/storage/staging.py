"""A place on this machine for bytes that are not yet known to be good."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from core import process_locks
from core.storage import disk_reserve
from core.storage.protocol import DiskFull, translated


class Staging:
    """A file being written; counts and hashes what passes. Is a binary sink."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._stream = path.open("xb")

    def write(self, chunk: bytes) -> int:
        """Append bytes. Raises DiskFull, StorageUnavailable."""
        disk_reserve.require_unlent(self.path.parent)
        with translated(self.path.parent):
            self._stream.write(chunk)
        self._hash.update(chunk)
        self.size_bytes += len(chunk)
        return len(chunk)

    def require_room(self, n_bytes: int) -> None:
        """Raises DiskFull where as many are sure to find no room: better said before they come than when it is full."""
        if shutil.disk_usage(self.path.parent).free < n_bytes:
            raise DiskFull.of(self.path.parent, n_bytes=n_bytes)

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
        staging = Staging(folder / f"{process_locks.owner(folder)}-{uuid4().hex}")
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

    Each process marks what it stages by the name of a lock which it holds while it lives.
    """
    n_removed = 0
    for owner in process_locks.of_the_dead(process_locks.of_owners(folder)):
        n_removed += sum(_removed(path) for path in folder.glob(f"{owner}-*"))
    for path in folder.glob("*-*"):
        owner = path.name.partition("-")[0]
        if process_locks.is_pid(owner) and not _lives(int(owner)):  # without locks, or of an earlier version
            n_removed += _removed(path)
    return n_removed


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
    except PermissionError:  # another user's
        pass
    return True
