"""Room for deleting on a full disk: a file of some MB in DATA_DIR, which is given up when nothing else is left.

On a disk without room not even a row can be deleted, as the database writes before it frees anything. So a file that
holds nothing keeps some room. When a deletion finds the disk full, the file is removed and the deletion, or a line of
the audit trail, is written where it was. Until it is there again, nobody stores anything else on that disk: what is
left belongs to the database alone.

`use` names the file of this process; where nobody has, there is none, and everything goes on as it would without.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from core.settings import Settings
from core.storage.protocol import DiskFull

NAME: Final = "room-for-deleting"
ENOUGH: Final = 1.25  # as many times its size must be free for it to be made
PARTIAL: Final = f"{NAME}.partial-"


@dataclass(frozen=True)
class DiskReserve:
    """A file of `n_bytes` in `folder`."""

    folder: Path
    n_bytes: int

    @property
    def path(self) -> Path:
        return self.folder / NAME

    @property
    def is_there(self) -> bool:
        return self.path.exists()

    @property
    def is_tight(self) -> bool:
        """Whether the disk has less room than the file itself takes."""
        try:
            return shutil.disk_usage(self.folder).free < self.n_bytes
        except OSError:  # there is no such folder yet
            return False

    def make(self) -> bool:
        """Make the file where it is missing and would not take the last room; whether it is there."""
        if self.is_there:
            return True
        try:
            if shutil.disk_usage(self.folder).free < ENOUGH * self.n_bytes:
                return False
            for left in self.folder.glob(f"{PARTIAL}*"):
                left.unlink(missing_ok=True)
            made = self.folder / f"{PARTIAL}{uuid4().hex}"
            with made.open("xb") as stream:
                os.posix_fallocate(stream.fileno(), 0, self.n_bytes)
            made.replace(self.path)
        except OSError:  # somebody else took the room meanwhile
            return False
        return True

    def release(self) -> None:
        """Give the room to whoever comes first: call it for a deletion alone."""
        with suppress(OSError):
            self.path.unlink()


_reserve: DiskReserve | None = None


def of(settings: Settings) -> DiskReserve | None:
    """The reserve that the settings ask for."""
    n_bytes = settings.reserve_mb * 1_000_000
    return DiskReserve(settings.data_dir, n_bytes) if n_bytes else None


def use(settings: Settings) -> None:
    """From now on this process has that reserve. It is made by `renew`."""
    global _reserve
    _reserve = of(settings)


def renew() -> None:
    """Make the file again if there is room."""
    if _reserve is not None:
        _reserve.make()


@contextmanager
def lent() -> Iterator[None]:
    """What is done inside may use the reserve where the disk is full; afterwards it is made again if there is room."""
    if _reserve is not None and _reserve.is_there and _reserve.is_tight:
        _reserve.release()
    try:
        yield
    finally:
        renew()


def require_unlent(folder: Path) -> None:
    """Raises DiskFull where bytes that are kept in `folder` would use room that is lent for deletions."""
    if _reserve is None or _reserve.is_there or not _reserve.is_tight:
        return
    if folder.exists() and folder.stat().st_dev == _reserve.folder.stat().st_dev:
        raise DiskFull.of(folder, n_bytes=_reserve.n_bytes)
