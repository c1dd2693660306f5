"""Files in a folder of this machine: what is used when nothing is configured."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.storage.protocol import KeyTaken, NotStored, StorageUnavailable, Stored, clean, translated

COPY_BYTES = 1 << 20
NOTHING_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStorage:
    """Keys are paths below `root`; a file appears under its key by one link or rename, whole and synced."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def label(self) -> str:
        return f"Files in {self.root}"

    def put(self, key: str, source: Path) -> Stored:
        return self._write(key, source, os.link)  # unlike a rename, refuses to replace

    def replace(self, key: str, source: Path) -> Stored:
        return self._write(key, source, os.replace)

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        path = self._path(key)
        with translated(self.root):
            try:
                stream = path.open("rb")
            except NOTHING_THERE as error:
                raise NotStored(key=key) from error
        stream.seek(start)
        return stream

    def stat(self, key: str) -> Stored:
        path = self._path(key)
        with translated(self.root):
            if not path.is_file():
                raise NotStored(key=key)
            return Stored(key=key, size_bytes=path.stat().st_size)

    def delete(self, key: str) -> bool:
        path = self._path(key)
        with translated(self.root):
            try:
                path.unlink()
            except NOTHING_THERE:
                return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        self._require_root()
        folder = self.root.joinpath(*prefix.split("/")[:-1])  # keys elsewhere can't begin so
        with translated(self.root):
            found = sorted(
                path.relative_to(self.root).as_posix()
                for path in folder.rglob("*")
                if path.is_file() and not path.name.startswith(".partial-")
            )
        return (key for key in found if key.startswith(prefix))

    def link(self, key: str, *, disposition: str, media_type: str) -> None:  # noqa: ARG002  # the app gives it out
        return None

    def prepare(self) -> bool:
        return False  # the first file makes the folder

    def check(self) -> None:
        self._require_root()
        with translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            self._require_root()
            probe = self.root / f".partial-{uuid4().hex}"
            try:
                probe.write_bytes(b"probe")
                if probe.read_bytes() != b"probe":
                    raise StorageUnavailable(
                        problem=f"{self.root} returned different bytes than were written"
                    )
            finally:
                probe.unlink(missing_ok=True)

    def _write(self, key: str, source: Path, name: Callable[[Path, Path], None]) -> Stored:
        """Copy `source` beside the files, then let `name` give the copy its path: synced before and after."""
        path = self._path(key)
        partial = self.root / f".partial-{uuid4().hex}"
        with translated(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._require_root()  # remembers one that was just made
            try:
                with source.open("rb") as read, partial.open("xb") as write:
                    shutil.copyfileobj(read, write, COPY_BYTES)
                    write.flush()
                    os.fsync(write.fileno())
                size_bytes = partial.stat().st_size
                try:
                    name(partial, path)
                except FileExistsError as error:
                    raise KeyTaken(key=key) from error
                _sync(path.parent)
            finally:
                partial.unlink(missing_ok=True)
        return Stored(key=key, size_bytes=size_bytes)

    def _require_root(self) -> None:
        """A folder that is gone, such as a disk that is no longer mounted, must not be made anew and empty."""
        known, found = self.root in _roots, None  # asked first: another thread may be making it
        with translated(self.root), suppress(FileNotFoundError):
            found = self.root.stat()
        if found is None and not known:
            return  # the first file makes it
        if found is not None and not stat.S_ISDIR(found.st_mode):
            raise StorageUnavailable(problem=f"{self.root} is not a folder")
        identity = found and (found.st_dev, found.st_ino)
        if identity is None or _roots.setdefault(self.root, identity) != identity:
            raise StorageUnavailable(
                problem=f"{self.root} was removed or replaced while the app was running; restore it, or restart the app"
            )

    def _path(self, key: str) -> Path:
        path = self.root / clean(key)
        self._require_root()
        if not path.resolve().is_relative_to(self.root):  # a link that somebody planted
            raise StorageUnavailable(problem=f"{key} points outside {self.root}")
        return path


def _sync(folder: Path) -> None:
    """Have the disk keep the names that the folder's files have now."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_roots: dict[Path, tuple[int, int]] = {}  # of each root that this process has met: its device and inode
