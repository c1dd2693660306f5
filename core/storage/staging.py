"""A place on this machine for bytes that are not yet known to be good."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from core.storage.protocol import DiskFull


class Staging:
    """A file being written; counts and hashes what passes. Is a binary sink."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._stream = path.open("xb")

    def write(self, chunk: bytes) -> int:
        """Append bytes. Raises DiskFull."""
        try:
            self._stream.write(chunk)
        except OSError as error:
            raise _translated(error, self.path) from error
        self._hash.update(chunk)
        self.size_bytes += len(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Let readers of the file see what was written. Raises DiskFull."""
        try:
            self._stream.flush()
        except OSError as error:
            raise _translated(error, self.path) from error

    def close(self) -> None:
        """No more bytes follow; the file may be read now. Raises DiskFull."""
        try:
            self._stream.close()
        except OSError as error:
            raise _translated(error, self.path) from error

    @property
    def sha256(self) -> str:
        """Hash of what was written so far, in hex."""
        return self._hash.hexdigest()


def _translated(error: OSError, path: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(place=str(path.parent))
    return error


@contextmanager
def stage(folder: Path) -> Iterator[Staging]:
    """A new staging file, removed at the end whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    staging = Staging(folder / f"{os.getpid()}-{uuid4().hex}")
    try:
        yield staging
    finally:
        try:
            staging.close()
        finally:
            staging.path.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Remove what processes that are gone have left behind; returns how many files."""
    n_removed = 0
    for path in folder.glob("*-*"):
        pid = path.name.split("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
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
