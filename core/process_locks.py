"""Locks by which others tell whether a process lives: the system gives each up with its process, however that ends.

A process id would not do: it is given out again, and in a container the next process has the same. Nor would a time of
a clock, which may be set.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def hold(folder: Path, name: str) -> IO[bytes] | None:
    """Hold the lock `name` in that folder as long as this process lives, or until it is closed.

    None where the file system knows no locks. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        lock = (folder / name).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # whoever looks for the dead was faster
            lock.close()
        except OSError:
            lock.close()
            (folder / name).unlink(missing_ok=True)
            return None
        else:
            if os.fstat(lock.fileno()).st_nlink:  # nobody was in between
                return lock
            lock.close()


def of_the_dead(folder: Path) -> Iterator[str]:
    """The names of locks there whose processes are gone, one after the other; each is forgotten once it was dealt with.

    Meanwhile it is held here, so that of several who look each name is given to one.
    """
    for path in folder.glob("*"):
        if (lock := _locked(path)) is not None:
            with lock:
                yield path.name
                path.unlink(missing_ok=True)


def is_held(folder: Path, name: str) -> bool:
    """Whether the process lives that holds this lock."""
    path = folder / name
    if (lock := _locked(path)) is None:
        return path.exists()
    lock.close()
    return False


def _locked(path: Path) -> IO[bytes] | None:
    """The lock of a process that is gone; None where it lives, or somebody else is at it."""
    try:
        lock = path.open("rb")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
