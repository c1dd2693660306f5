"""Bytes that are made of a source's piece by piece: what readers that change a file on its way have in common."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import BinaryIO

CHUNK_BYTES = 1 << 20


class PiecewiseReader(io.RawIOBase):
    """Gives as many bytes as are asked for of pieces of any length."""

    def __init__(self, source: BinaryIO, *, bom: int) -> None:
        """source: at its first byte. bom: bytes of its byte order mark, which are passed on as they are."""
        self._source = source
        self._ready = source.read(bom)
        self._is_over = False

    @abstractmethod
    def _more(self) -> bytes:
        """The next piece, which may be empty. Sets `_is_over` with the last."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, all of them where it is negative; nothing at the end alone."""
        parts, wanted = [self._ready], size - len(self._ready)
        while not self._is_over and (size < 0 or wanted > 0):
            parts.append(self._more())
            wanted -= len(parts[-1])
        data = b"".join(parts)
        end = len(data) if size < 0 else size
        self._ready = data[end:]
        return data[:end]
