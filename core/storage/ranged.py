"""A remote file as a stream that can be sought, and that takes up a broken connection where it broke."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.storage.protocol import StorageUnavailable

BUFFER_BYTES = 256 << 10
N_ATTEMPTS = 4


@dataclass(frozen=True)
class Answer:
    """What one request brings. version: another one once the file was replaced. size_bytes: of that, whole."""

    chunks: Iterator[bytes]
    close: Callable[[], object]
    version: str
    size_bytes: int


def whole_bytes(headers: Mapping[str, str]) -> int:
    """The size of a file of which a range was asked for; a server that knows no ranges gives the whole, and says so."""
    return int((headers.get("content-range") or headers["content-length"]).rpartition("/")[2])


class Ranged(io.RawIOBase):
    """The bytes of a file from `start` on, to be read through an `io.BufferedReader`.

    ask: for those from an offset on; its chunks raise StorageUnavailable or OSError when their connection breaks.
    size_bytes: its size a moment ago; from its end on nothing is asked for. The first request is made at once, so that
    what is wrong is said now. Reading raises StorageUnavailable, as it does where a later answer is of another version.
    """

    def __init__(self, ask: Callable[[int], Answer], *, size_bytes: int, start: int, label: str) -> None:
        self._ask, self._size_bytes, self._label = ask, size_bytes, label
        self._at, self._version, self._left = start, "", b""
        self._answer = self._connect() if start < size_bytes else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

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
        problem: Exception | str = "it ends too early"
        for _ in range(N_ATTEMPTS):
            if self._answer is None:
                self._answer = self._connect()
            try:
                chunk = self._left or next(self._answer.chunks, b"")
            except StorageUnavailable as error:
                problem = error.problem
            except OSError as error:
                problem = error
            else:
                if chunk:
                    given, self._left = chunk[: len(buffer)], chunk[len(buffer) :]
                    buffer[: len(given)] = given
                    self._at += len(given)
                    return len(given)
            self._drop()  # broken, or at its end before the file is
        raise StorageUnavailable(problem=f"{self._label} breaks off at byte {self._at:,} ({problem})")

    def close(self) -> None:
        self._drop()
        super().close()

    def _connect(self) -> Answer:
        """The bytes from here on, of the version that was begun: the first answer says which, and how long it is."""
        answer = self._ask(self._at)
        if self._version and answer.version != self._version:
            answer.close()
            raise StorageUnavailable(problem=f"{self._label} was replaced while it was read")
        self._version, self._size_bytes = answer.version, answer.size_bytes
        return answer

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._answer, self._left = None, b""
