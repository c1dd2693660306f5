"""A place on this machine for bytes that are not yet known to be good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from core.storage.protocol import translated


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
        staging = Staging(folder / f"{os.getpid()}-{uuid4().hex}")
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


def sweep(folder: Path, *, pid: int | None = None) -> int:
    """Remove what processes that are gone have left behind, or only the one of `pid`; how many files."""
    n_removed = 0
    for path in folder.glob("*-*" if pid is None else f"{pid}-*"):
        owner = path.name.split("-")[0]
        if owner.isdigit() and not _lives(int(owner)):
            path.unlink(missing_ok=True)
            n_removed += 1
    return n_removed


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # asks only
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
