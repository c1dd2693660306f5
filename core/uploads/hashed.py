"""Reading stored bytes that somebody may have changed meanwhile: hashed as they pass, refused where they differ."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from core.errors import AppError
from core.uploads.errors import BadCsv, ChangedSinceChecked

CHUNK_BYTES = 1 << 20


class HashedReader(io.RawIOBase):
    """The bytes of a stream; at their end they must have the sha256 (hex) that is known of them.

    changed: makes the error that the last read raises where they have not. Closes the stream with itself.
    """

    def __init__(self, stream: BinaryIO, *, sha256: str, changed: Callable[[], AppError]) -> None:
        self._stream = stream
        self._sha256 = sha256
        self._changed = changed
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, all of them where it is negative; b"" at the end. Raises what `changed` makes."""
        chunk = self._stream.read(size)
        self._hash.update(chunk)
        if (size < 0 or (size and not chunk)) and self._hash.hexdigest() != self._sha256:
            raise self._changed()
        return chunk

    def require_unchanged(self) -> None:
        """Read what is left, so as to know. Raises what `changed` makes."""
        while self.read(CHUNK_BYTES):
            pass

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Back to the first byte, to be read and hashed once more: nowhere else. Raises UnsupportedOperation."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only the start can be sought")
        self._hash = hashlib.sha256()
        return self._stream.seek(0)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()

    def __enter__(self) -> Any:  # a BinaryIO to all who read it
        return self


@contextmanager
def blaming_changes(source: HashedReader) -> Iterator[None]:
    """What is wrong with bytes that somebody changed since they were checked is theirs."""
    try:
        yield
    except (BadCsv, ChangedSinceChecked, ValueError, IndexError):
        source.require_unchanged()
        raise
