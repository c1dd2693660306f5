"""Locks by which others tell whether a process lives: the system gives each up with its process, however that ends.

A process id would not do: it is given out again, and in a container the next process has the same. Nor would a time of
a clock, which may be set.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from uuid import uuid4

_one_at_a_time = threading.Lock()
_owners: dict[tuple[Path, int], str] = {}


def owner(folder: Path) -> str:
    """The name by which this process marks what is its own in a folder: that of a lock that it holds while it lives.

    Where the file system knows no locks, the process id is the name. Raises OSError.
    """
    key = folder, os.getpid()
    with _one_at_a_time:
        if key not in _owners:
            name = uuid4().hex
            lock = hold(of_owners(folder), name)
            if lock:
                atexit.register(lock.close)
            _owners[key] = name if lock else str(os.getpid())
        return _owners[key]


def of_owners(folder: Path) -> Path:
    """Where the locks of those are that have marked something in a folder."""
    return folder.with_name(f"{folder.name}.owners")


def is_pid(owner: str) -> bool:
    """Whether it is the name of a process without a lock."""
    return owner.isdigit() and len(owner) < len(uuid4().hex)


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
