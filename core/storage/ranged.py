"""A remote file as a stream that can be sought, and that takes up a broken connection where it broke."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from core.storage.protocol import StorageUnavailable

BUFFER_BYTES = 256 << 10
N_ATTEMPTS = 4


class Body(Protocol):
    """The bytes that one request brings."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def reader(
    connect: Callable[[int], Body],
    *,
    size_bytes: int,
    start: int,
    label: str,
    broken: tuple[type[Exception], ...],
) -> BinaryIO:
    """The bytes of a file of `size_bytes` from `start` on.

    connect: asks for those from an offset on. broken: what a body raises, beside OSError, when its connection
    breaks. The first request is made at once, so that what is wrong is said now. Reading raises
    StorageUnavailable.
    """
    raw = _Ranged(connect, size_bytes, start, label, (*broken, OSError))
    return io.BufferedReader(raw, BUFFER_BYTES)


class _Ranged(io.RawIOBase):
    def __init__(
        self,
        connect: Callable[[int], Body],
        size_bytes: int,
        start: int,
        label: str,
        broken: tuple[type[Exception], ...],
    ) -> None:
        self._connect, self._size_bytes, self._label, self._broken = connect, size_bytes, label, broken
        self._at = start
        self._body = connect(start) if start < size_bytes else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence] + offset
        if at < 0:
            raise ValueError(f"there is nothing before the first byte ({at})")
        if at != self._at:
            self._drop()
            self._at = at
        return at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size_bytes:
            return 0
        problem: Exception | None = None
        for _ in range(N_ATTEMPTS):
            if self._body is None:
                self._body = self._connect(self._at)
            try:
                chunk = self._body.read(len(buffer))
            except self._broken as error:
                problem = error
            else:
                if chunk:
                    buffer[: len(chunk)] = chunk
                    self._at += len(chunk)
                    return len(chunk)
            self._drop()  # broken, or at its end before the file is
        raise StorageUnavailable(problem=f"{self._label} breaks off at byte {self._at:,} ({problem})")

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
