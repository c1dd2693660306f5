"""Files in a folder of this machine: what is used when nothing is configured."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.storage.protocol import DiskFull, KeyTaken, NotStored, StorageUnavailable, Stored, clean

COPY_BYTES = 1 << 20
NOTHING_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStorage:
    """Keys are paths below `root`; a file appears under its key by one link, whole and synced."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def label(self) -> str:
        return f"Files in {self.root}"

    def put(self, key: str, source: Path) -> Stored:
        path = self._path(key)
        partial = self.root / f".partial-{uuid4().hex}"
        with _translated(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with source.open("rb") as read, partial.open("xb") as write:
                    shutil.copyfileobj(read, write, COPY_BYTES)
                    write.flush()
                    os.fsync(write.fileno())
                size_bytes = partial.stat().st_size
                try:
                    os.link(partial, path)  # unlike a rename, refuses to replace
                except FileExistsError as error:
                    raise KeyTaken(key=key) from error
            finally:
                partial.unlink(missing_ok=True)
        return Stored(key=key, size_bytes=size_bytes)

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        path = self._path(key)
        with _translated(self.root):
            try:
                stream = path.open("rb")
            except NOTHING_THERE as error:
                raise NotStored(key=key) from error
        stream.seek(start)
        return stream

    def stat(self, key: str) -> Stored:
        path = self._path(key)
        with _translated(self.root):
            if not path.is_file():
                raise NotStored(key=key)
            return Stored(key=key, size_bytes=path.stat().st_size)

    def delete(self, key: str) -> bool:
        path = self._path(key)
        with _translated(self.root):
            try:
                path.unlink()
            except NOTHING_THERE:
                return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        folder = self.root.joinpath(*prefix.split("/")[:-1])  # keys elsewhere can't begin so
        with _translated(self.root):
            found = sorted(
                path.relative_to(self.root).as_posix()
                for path in folder.rglob("*")
                if path.is_file() and not path.name.startswith(".partial-")
            )
        return (key for key in found if key.startswith(prefix))

    def check(self) -> None:
        with _translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".partial-{uuid4().hex}"
            try:
                probe.write_bytes(b"probe")
                if probe.read_bytes() != b"probe":
                    raise StorageUnavailable(problem=f"{self.root} gave back other bytes than were written")
            finally:
                probe.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        path = self.root / clean(key)
        if not path.resolve().is_relative_to(self.root):  # a link that somebody planted
            raise StorageUnavailable(problem=f"{key} leads out of {self.root}")
        return path


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(place=str(root)) from error
        raise StorageUnavailable(problem=f"{error.strerror or error} ({error.filename or root})") from error
