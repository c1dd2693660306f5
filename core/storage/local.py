"""Files in a folder of this machine: what is used when nothing is configured."""

from __future__ import annotations

import io
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from core.storage import disk_reserve
from core.storage.protocol import (
    PROBES,
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
        return self._put(key, source, os.link)  # unlike a rename, refuses to replace

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        paths = [self.root / clean(key) for key, _ in contents]
        self._require_root()
        for folder in {path.parent for path in paths}:  # where a file's own name is a link's, it is taken
            self._require_inside(folder)
        new = [(path, io.BytesIO(content)) for path, (_, content) in zip(paths, contents, strict=True)]
        return self._write(new, os.link, n_bytes=sum(len(content) for _, content in contents))

    def replace(self, key: str, source: Path) -> Stored:
        return self._put(key, source, os.replace)

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
            for path in chain(self.root.glob(f"{PARTIAL}*"), self.root.glob(f"{PROBES}*")):
                if found := _file(path):
                    remove = partial(path.unlink, missing_ok=True)
                    yield Unfinished(size_bytes=found.st_size, age_s=now - found.st_mtime, remove=remove)

    def _put(self, key: str, source: Path, name: Callable[[Path, Path], None]) -> Stored:
        path = self._path(key)
        with translated(source):
            size_bytes, stream = source.stat().st_size, source.open("rb")
        with stream:
            (was_free,) = self._write([(path, stream)], name, n_bytes=size_bytes)
        if not was_free:
            raise KeyTaken(key=key)
        return Stored(key=key, size_bytes=size_bytes)

    def _write(
        self, new: Sequence[tuple[Path, BinaryIO]], name: Callable[[Path, Path], None], *, n_bytes: int
    ) -> list[bool]:
        """Copy streams beside the files, then let `name` give each copy its path; of each, whether that was free.

        All are written before the first is synced: the disk then keeps many at once. All copies are synced before the
        first gets its name, and each folder once, after the last has.
        """
        folders = {path.parent for path, _ in new}
        copies = [self.root / f"{PARTIAL}{uuid4().hex}" for _ in new]
        disk_reserve.require_unlent(self.root)
        with translated(self.root, n_bytes=n_bytes):
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            self._require_root()  # remembers one that was just made
            try:
                with ExitStack() as opened:
                    files = [opened.enter_context(copy.open("xb")) for copy in copies]
                    for file, (_, stream) in zip(files, new, strict=True):
                        shutil.copyfileobj(stream, file, COPY_BYTES)
                        file.flush()
                    for file in files:
                        os.fsync(file.fileno())
                were_free = [_named(name, copy, path) for copy, (path, _) in zip(copies, new, strict=True)]
                for folder in folders:
                    _sync(folder)
            finally:
                for copy in copies:
                    copy.unlink(missing_ok=True)
        return were_free

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
        self._require_inside(path)
        return path

    def _require_inside(self, path: Path) -> None:
        if not path.resolve().is_relative_to(self.root):  # a link that somebody planted
            name = path.relative_to(self.root).as_posix()
            raise StorageUnavailable(problem=f"{name} points outside {self.root}")


def _file(path: Path) -> os.stat_result | None:
    """What a regular file is like; None where it is none, or was removed just now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _named(name: Callable[[Path, Path], None], copy: Path, path: Path) -> bool:
    """Whether the path was free for it, and is now the copy's."""
    try:
        name(copy, path)
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
