"""A file's bytes from one line to another, and what is behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from core.uploads.csv.piecewise import CHUNK_BYTES, PiecewiseReader
from core.uploads.csv.units import narrow, unit_bytes

_LINE_END = re.compile(rb"\r\n|\n|\r")


class LineRange(PiecewiseReader):
    """Lines of a file as they stand. Lines count as an editor counts them, behind the byte order mark."""

    def __init__(self, source: BinaryIO, *, codec: str, bom: int, first_line: int, last_line: int) -> None:
        """first_line: the bytes before it are left out, the byte order mark apart; 0 for none. last_line: 0 for all."""
        super().__init__(source, bom=bom)
        self._codec = codec
        self._first = max(first_line, 1)
        self._last = last_line
        self._held = b""
        self._beyond = b""
        self._n_lines = 0

    def behind(self) -> Iterator[bytes]:
        """What follows the last line, to the source's end, once these lines were read to theirs."""
        if self._beyond:
            yield self._beyond
        while chunk := self._source.read(CHUNK_BYTES):
            yield chunk

    def _more(self) -> bytes:
        chunk = self._source.read(CHUNK_BYTES)
        self._held += chunk
        width, units = unit_bytes(self._codec), narrow(self._held, self._codec)
        # a carriage return at the very end may be half of a line's end
        stop = len(units) - (bool(chunk) and units.endswith(b"\r"))
        ends = [match.end() for match in _LINE_END.finditer(units, 0, stop)]
        begun, self._n_lines = self._n_lines, self._n_lines + len(ends)
        whole = len(self._held) if not chunk else (ends[-1] if ends else 0) * width
        text, self._held = self._held[:whole], self._held[whole:]
        self._is_over = not chunk
        n_before = self._first - 1 - begun
        start = 0 if n_before <= 0 else ends[n_before - 1] * width if n_before <= len(ends) else len(text)
        if not self._last or self._n_lines < self._last:
            return text[start:]
        end = ends[self._last - begun - 1] * width
        self._is_over, self._beyond = True, text[end:] + self._held
        return text[start:end]
