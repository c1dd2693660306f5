"""Removing a folder in which code could make whatever it liked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> bool:
    """Remove a folder with all that is in it; whether it was there. Raises OSError where something can't be removed.

    Nothing may run in it any more. Links are removed and never followed. However deep folders lie in each other, each
    is first brought up to the top, so that neither a path nor the stack of calls grows too long.
    """
    try:
        top = os.open(folder, FOLDER)
    except FileNotFoundError:
        return False
    fresh = (f".removed-{n}" for n in count())
    try:
        while entries := names(top):
            for name in entries:
                _remove(name, top, fresh)
    finally:
        os.close(top)
    with suppress(FileNotFoundError):  # another sweep was faster
        folder.rmdir()
    return True


def names(folder: int) -> list[str]:
    """What an open folder has in it."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def open_folder(name: str, parent: int) -> int:
    """Open a folder below an open one, also where its user has closed it to all. Raises OSError."""
    try:
        return os.open(name, FOLDER, dir_fd=parent)
    except PermissionError:
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            Path(f"/proc/self/fd/{handle}").chmod(0o700)  # this very folder, whatever the name means by now
        finally:
            os.close(handle)
        return os.open(name, FOLDER, dir_fd=parent)


def _open_writable(name: str, parent: int) -> int:
    """The same, for one from which something is taken: its user may have left it to be read alone."""
    folder = open_folder(name, parent)
    if os.fstat(folder).st_mode & stat.S_IRWXU != stat.S_IRWXU:
        os.fchmod(folder, stat.S_IRWXU)
    return folder


def _remove(name: str, top: int, fresh: Iterator[str]) -> None:
    try:
        if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
            os.unlink(name, dir_fd=top)
            return
        inside = _open_writable(name, top)
    except FileNotFoundError:
        return
    try:
        for entry in names(inside):
            if stat.S_ISDIR(os.lstat(entry, dir_fd=inside).st_mode):
                with suppress(OSError):
                    os.rmdir(entry, dir_fd=inside)
                    continue
                os.close(_open_writable(entry, inside))  # what is moved has to be
                os.rename(entry, next(fresh), src_dir_fd=inside, dst_dir_fd=top)
            else:
                os.unlink(entry, dir_fd=inside)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=top)
