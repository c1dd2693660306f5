"""Which line and column of a file a byte is in, as an editor counts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.uploads.csv.units import narrow, unit_bytes

_CHUNK_BYTES = 1 << 20
_LINE_BYTES = 16 << 20


def line_and_column(
    path: Path, offset: int, codec: str, *, opened: Callable[[BinaryIO], BinaryIO] = lambda source: source
) -> tuple[int, int]:
    """(line, column) of the byte at `offset`, both from 1; the column counts characters, a BOM not among them.

    opened: what the offset counts in, where that is not the file itself but what a reader makes of it. Of a line that
    is longer than memory should hold, only the last 16 MB are counted into the column.
    """
    n_lines, read, last, ahead = 0, 0, b"", b""
    with path.open("rb") as plain:
        source = opened(plain)
        while read < offset and (chunk := source.read(min(_CHUNK_BYTES, offset - read))):
            text = narrow(chunk, codec)
            n_lines += text.count(b"\n") + text.count(b"\r") - (last + text).count(b"\r\n")
            line_end = max(text.rfind(b"\n"), text.rfind(b"\r"))
            begun = (line_end + 1) * unit_bytes(codec)
            ahead = chunk[begun:] if line_end >= 0 else (ahead + chunk)[-_LINE_BYTES:]
            last = text[-1:]
            read += len(chunk)
    return n_lines + 1, len(ahead.decode(codec, errors="replace").removeprefix("\ufeff")) + 1
