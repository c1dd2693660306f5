"""Files in a folder of this machine: what is used when nothing is configured."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.storage import disk_reserve
from core.storage.protocol import (
    KeyTaken,
    Listed,
    NotStored,
    Storage,
    StorageUnavailable,
    Stored,
    Unfinished,
    clean,
    translated,
)

COPY_BYTES = 1 << 20
PARTIAL = ".partial-"
NOTHING_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class LocalStorage(Storage):
    """Keys are paths below `root`; a file appears under its key by one link or rename, whole and synced."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def label(self) -> str:
        return f"Files in {self.root}"

    def put(self, key: str, source: Path) -> Stored:
        return self._write(key, source, os.link)  # unlike a rename, refuses to replace

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        """All copies are synced before the first gets its name, and each folder once, after the last has."""
        paths = self._paths([key for key, _ in contents])
        copies = [self._copy() for _ in contents]
        disk_reserve.require_unlent(self.root)
        with translated(self.root, n_bytes=sum(len(content) for _, content in contents)):
            for folder in {path.parent for path in paths}:
                folder.mkdir(parents=True, exist_ok=True)
            self._require_root()
            try:
                _write_synced(copies, [content for _, content in contents])
                are_new = [_link(copy, path) for copy, path in zip(copies, paths, strict=True)]
                for folder in {path.parent for path in paths}:
                    _sync(folder)
            finally:
                for copy in copies:
                    copy.unlink(missing_ok=True)
        return are_new

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

    def entries(self, prefix: str) -> Iterator[Listed]:
        self._require_root()
        folder = self.root.joinpath(*prefix.split("/")[:-1])  # keys elsewhere can't begin so
        if not folder.is_dir():
            return
        with translated(self.root):
            now = self._now()
            for parent, _, names in os.walk(folder):
                for name in names:
                    path = Path(parent, name)
                    key = path.relative_to(self.root).as_posix()
                    if key.startswith(prefix) and not name.startswith(PARTIAL) and (found := _file(path)):
                        yield Listed(key=key, size_bytes=found.st_size, age_s=now - found.st_mtime)

    def unfinished(self) -> Iterator[Unfinished]:
        self._require_root()
        if not self.root.is_dir():
            return
        with translated(self.root):
            now = self._now()
            for path in self.root.glob(f"{PARTIAL}*"):
                if found := _file(path):
                    remove = partial(path.unlink, missing_ok=True)
                    yield Unfinished(size_bytes=found.st_size, age_s=now - found.st_mtime, remove=remove)

    def _write(self, key: str, source: Path, name: Callable[[Path, Path], None]) -> Stored:
        """Copy `source` beside the files, then let `name` give the copy its path: synced before and after."""
        path = self._path(key)
        copy = self._copy()
        disk_reserve.require_unlent(self.root)
        with translated(self.root, n_bytes=_size(source)):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._require_root()  # remembers one that was just made
            try:
                with source.open("rb") as read, copy.open("xb") as write:
                    shutil.copyfileobj(read, write, COPY_BYTES)
                    write.flush()
                    os.fsync(write.fileno())
                size_bytes = copy.stat().st_size
                try:
                    name(copy, path)
                except FileExistsError as error:
                    raise KeyTaken(key=key) from error
                _sync(path.parent)
            finally:
                copy.unlink(missing_ok=True)
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

    def _now(self) -> float:
        """By the clock that dates the files, which may be another machine's; asking it needs no room."""
        try:
            os.utime(self.root)
        except OSError:  # it may only be read
            return time.time()
        return self.root.stat().st_mtime

    def _path(self, key: str) -> Path:
        path = self.root / clean(key)
        self._require_root()
        self._require_inside(path, key)
        return path

    def _paths(self, keys: Sequence[str]) -> list[Path]:
        """Of files that are new: where one has a link's name already, it is taken."""
        paths = [self.root / clean(key) for key in keys]
        self._require_root()
        for folder, key in {path.parent: key for path, key in zip(paths, keys, strict=True)}.items():
            self._require_inside(folder, key)
        return paths

    def _require_inside(self, path: Path, key: str) -> None:
        if not path.resolve().is_relative_to(self.root):  # a link that somebody planted
            raise StorageUnavailable(problem=f"{key} points outside {self.root}")

    def _copy(self) -> Path:
        """Where bytes are written before they get the name of their key."""
        return self.root / f"{PARTIAL}{uuid4().hex}"


def _size(source: Path) -> int:
    with translated(source):
        return source.stat().st_size


def _file(path: Path) -> os.stat_result | None:
    """What a regular file is like; None where it is none, or was removed just now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _write_synced(paths: Sequence[Path], contents: Sequence[bytes]) -> None:
    """New files with these bytes. All are written before the first is synced: the disk then keeps many at once."""
    opened: list[int] = []
    try:
        for path, content in zip(paths, contents, strict=True):
            opened.append(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(opened[-1], rest) :]
        for descriptor in opened:
            os.fsync(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _link(copy: Path, path: Path) -> bool:
    """Whether the name was free, and is now the copy's."""
    try:
        os.link(copy, path)
    except FileExistsError:
        return False
    return True


def _sync(folder: Path) -> None:
    """Have the disk keep the names that the folder's files have now."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_roots: dict[Path, tuple[int, int]] = {}  # of each root that this process has met: its device and inode
