"""Files that go into a sandbox and come out of it: by plain names in one folder, of which nothing is trusted."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from core.sandboxes.errors import FileMissing, FileRefused, SandboxDiskFull
from core.sandboxes.local import removal
from core.sandboxes.names import require_plain

CHUNK_BYTES: Final = 1 << 20
KINDS: Final = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFLNK: "it is a link",
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFBLK: "it is a device",
    stat.S_IFCHR: "it is a device",
    stat.S_IFREG: "it is a file",
}


def put(folder: Path, name: str, source: BinaryIO | bytes, *, uid: int | None) -> None:
    """Write a new file for the sandbox's user; what had this name is removed. Raises FileRefused, SandboxDiskFull."""
    require_plain(name)
    with _opened(folder) as parent:
        try:
            if name in removal.names(parent):
                os.unlink(name, dir_fd=parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(name, flags, 0o600, dir_fd=parent), "wb") as target:
                shutil.copyfileobj(
                    BytesIO(source) if isinstance(source, bytes) else source, target, CHUNK_BYTES
                )
                if uid is not None:
                    os.fchown(target.fileno(), uid, uid)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SandboxDiskFull(place=str(folder)) from error
            raise FileRefused(name=name, problem=error.strerror or str(error)) from error


def get(folder: Path, name: str, target: BinaryIO, *, max_bytes: int) -> int:
    """Copy a plain file out; how many bytes. Raises FileMissing, FileRefused."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with os.fdopen(_open(folder, name, flags, stat.S_IFREG), "rb") as source:
        found = os.fstat(source.fileno())
        if found.st_nlink != 1:
            raise FileRefused(name=name, problem=f"it has {found.st_nlink} names")
        if found.st_size > max_bytes:
            raise FileRefused(
                name=name, problem=f"it has {found.st_size:,} bytes, at most {max_bytes:,} are taken"
            )
        n_bytes = 0
        while chunk := source.read(min(CHUNK_BYTES, max_bytes + 1 - n_bytes)):
            n_bytes += len(chunk)
            if n_bytes > max_bytes:
                raise FileRefused(name=name, problem=f"it grew past {max_bytes:,} bytes while it was read")
            target.write(chunk)
    return n_bytes


def open_socket(folder: Path, name: str) -> int:
    """A descriptor of the unix socket itself: not what gets its name later. Raises FileMissing, FileRefused."""
    return _open(folder, name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, stat.S_IFSOCK)


def _open(folder: Path, name: str, flags: int, kind: int) -> int:
    """Open what has this name if it is of the kind."""
    require_plain(name)
    with _opened(folder) as parent:
        try:
            found = stat.S_IFMT(os.lstat(name, dir_fd=parent).st_mode)
            if found != kind:  # a device does something when it is opened
                raise FileRefused(name=name, problem=KINDS.get(found, "it is no plain file"))
            descriptor = os.open(name, flags, dir_fd=parent)
        except FileNotFoundError as error:
            raise FileMissing(name=name, problem="it is not there") from error
        except OSError as error:
            problem = "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)
            raise FileRefused(name=name, problem=problem) from error
    found = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if found != kind:  # it was changed in between
        os.close(descriptor)
        raise FileRefused(name=name, problem=KINDS.get(found, "it is no plain file"))
    return descriptor


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    try:
        parent = os.open(folder, removal.FOLDER)
    except PermissionError:
        folder.chmod(0o700)  # its user has closed it; its name is ours, and can't be changed from inside
        parent = os.open(folder, removal.FOLDER)
    try:
        yield parent
    finally:
        os.close(parent)
