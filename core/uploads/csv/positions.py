"""Which line and column of a file a byte is in, as an editor counts them."""

from __future__ import annotations

from pathlib import Path

from core.uploads.csv.units import narrow, unit_bytes

_CHUNK_BYTES = 1 << 20
_LINE_BYTES = 16 << 20


def line_and_column(path: Path, offset: int, codec: str) -> tuple[int, int]:
    """(line, column) of the byte at `offset`, both from 1; the column counts characters, a BOM not among them.

    Of a line that is longer than memory should hold, only the last 16 MB are counted into the column.
    """
    n_lines, line_start, read, last = 0, 0, 0, b""
    with path.open("rb") as source:
        while read < offset and (chunk := source.read(min(_CHUNK_BYTES, offset - read))):
            text = narrow(chunk, codec)
            n_lines += text.count(b"\n") + text.count(b"\r") - (last + text).count(b"\r\n")
            line_end = max(text.rfind(b"\n"), text.rfind(b"\r"))
            if line_end >= 0:
                line_start = read + (line_end + 1) * unit_bytes(codec)
            last = text[-1:]
            read += len(chunk)
        source.seek(max(line_start, offset - _LINE_BYTES))
        ahead = source.read(min(offset - line_start, _LINE_BYTES)).decode(codec, errors="replace")
    return n_lines + 1, len(ahead.removeprefix("\ufeff")) + 1
