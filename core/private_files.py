"""What the app keeps on this machine is for its own user alone: new files by the umask, older ones made so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

UMASK: Final = 0o077


def from_now_on() -> None:
    """Every file that this process and its children make from now on is for their user alone."""
    os.umask(UMASK)


def tighten(folder: Path) -> int:
    """Take from others what an earlier version has let them read below a folder of ours; how many entries.

    The folder itself comes last, and where it is closed already nothing below it is looked at: with hundreds of
    thousands of files this is done once. What belongs to another user, and links, stay as they are.
    """
    if not _is_open(folder):
        return 0
    return sum(_close(path) for path in _below(folder)) + _close(folder)


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, topdown=False, onerror=None):
        yield from (Path(parent, name) for name in (*files, *folders))


def _close(path: Path) -> bool:
    if not _is_open(path):
        return False
    try:
        path.chmod(path.stat().st_mode & ~UMASK & 0o7777)
    except FileNotFoundError:  # it was removed just now
        return False
    return True


def _is_open(path: Path) -> bool:
    """Whether it is ours, no link, and others may do something with it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return not path.is_symlink() and found.st_uid == os.geteuid() and bool(found.st_mode & UMASK)
