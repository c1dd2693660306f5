"""How much of the disk a sandbox uses, while code writes on it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.sandboxes.local import removal

DEEPEST: Final = 64  # folders in each other, which are open all at once while they are counted
BLOCK_BYTES: Final = 512


@dataclass
class Used:
    """What lies below some folders. is_too_deep: there is more, in folders that lie too deep in each other."""

    n_bytes: int = 0
    n_files: int = 0
    is_too_deep: bool = False


def used(folders: Iterator[Path], *, most_files: int) -> Used:
    """Count what is there, folders too; no further than until there are more than `most_files`."""
    total = Used()
    for folder in folders:
        try:
            top = os.open(folder, removal.FOLDER)
        except PermissionError:
            folder.chmod(0o700)
            top = os.open(folder, removal.FOLDER)
        try:
            _add(total, top, 1, most_files)
        finally:
            os.close(top)
    return total


def _add(total: Used, folder: int, depth: int, most_files: int) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if total.n_files > most_files:
                return
            with suppress(FileNotFoundError, NotADirectoryError):  # it was removed or changed in between
                found = _stat(entry, folder)
                total.n_files += 1
                total.n_bytes += found.st_blocks * BLOCK_BYTES
                if stat.S_ISDIR(found.st_mode):
                    _add_inside(total, entry.name, folder, depth, most_files)


def _stat(entry: os.DirEntry[str], folder: int) -> os.stat_result:
    try:
        return entry.stat(follow_symlinks=False)
    except PermissionError:  # the folder was closed to all after it had been opened, or can only be listed
        os.fchmod(folder, stat.S_IRWXU)
        return entry.stat(follow_symlinks=False)


def _add_inside(total: Used, name: str, folder: int, depth: int, most_files: int) -> None:
    if depth == DEEPEST:
        total.is_too_deep = True
        return
    inside = removal.open_folder(name, folder)
    try:
        _add(total, inside, depth + 1, most_files)
    finally:
        os.close(inside)


def free(folder: Path) -> int:
    """What is free on its disk for a plain user, in bytes."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
