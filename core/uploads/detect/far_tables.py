"""Tables far below a file's beginning: looked for behind each gap between its lines, in one bounded pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.uploads.csv.units import unit_bytes
from core.uploads.detect import delimiters, sampling
from core.uploads.detect.delimiters import Marks, Row
from core.uploads.detect.shape import tables

_CHUNK_BYTES = 1 << 20
_ABOVE_BYTES, _BELOW_BYTES = 4 << 10, 12 << 10
_MOST_GAPS = 200
_MOST_TABLES = 20
_KEPT_ROWS = 60


@dataclass(frozen=True)
class _Gap:
    """A blank line, or one of delimiters alone. offset: where the next line begins; line: its number."""

    offset: int
    line: int


def rows(path: Path, marks: Marks, codec: str, *, start: int, stop: int) -> list[Row]:
    """The first rows of each table that begins behind a gap in these bytes, titles included; lines as in the file.

    start, stop: both at least as far from the ends as the head and the tail that are looked at anyway. A file in which
    gaps are usual, or whose encoding has units of several bytes, is not looked at.
    """
    if unit_bytes(codec) != 1 or stop <= start or len(marks.delimiter) != 1 or not marks.delimiter.isascii():
        return []
    found: list[Row] = []
    n_tables = 0
    gaps = list(_gaps(path, marks, start, stop))
    if len(gaps) > _MOST_GAPS:
        return []
    with path.open("rb") as source:
        for gap in gaps:
            begin = max(0, gap.offset - _ABOVE_BYTES)
            source.seek(begin)
            above = source.read(gap.offset - begin)
            below = source.read(_BELOW_BYTES).decode(codec, errors="ignore")
            whole = above[above.find(b"\n") + 1 :].decode(codec, errors="ignore")
            new = _new(whole, below, gap.line, marks)
            found += new
            n_tables += bool(new)
            if n_tables >= _MOST_TABLES:
                break
    return found


def has_line(path: Path, text: str, codec: str) -> bool:
    """Whether a line of the file beyond its head begins with a text."""
    wanted = ("\n" + text).encode(codec, "replace")
    with path.open("rb") as source:
        source.seek(sampling.HEAD_BYTES)
        held = b""
        while chunk := source.read(_CHUNK_BYTES):
            if wanted in held + chunk:
                return True
            held = chunk[-len(wanted) :]
    return False


def _new(above: str, below: str, line: int, marks: Marks) -> list[Row]:
    """The rows below a gap where another table begins there than above it; else none."""
    shift = line - above.count("\n") - 1
    window = delimiters.rows(above + below, marks)[:-1]
    rows_ = [Row(row.line + shift, row.cells) for row in window]
    first = next((index for index, row in enumerate(rows_) if row.line >= line and row.n_filled), 0)
    regions = [region for region in tables.split(rows_) if region.start >= max(first - 1, 1)]
    if not first or not regions or rows_[regions[0].start].line > rows_[first].line + 1:
        return []
    return rows_[regions[0].start :][:_KEPT_ROWS]


def _gaps(path: Path, marks: Marks, start: int, stop: int) -> Iterator[_Gap]:
    """At most one more than _MOST_GAPS of them, outside of quotes."""
    mark, quote = re.escape(marks.delimiter.encode()), marks.quotechar.encode()
    pattern = re.compile(rb"\n(?=[\r\n" + mark + rb"])(?:[ \t" + mark + rb"]*\r?\n)+")
    n_lines, n_quotes, n_found, offset = 0, 0, 0, 0
    held = b""
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            data = held + chunk
            end = data.rfind(b"\n", 0, max(0, len(data) - 1)) + 1 if len(chunk) == _CHUNK_BYTES else len(data)
            counted = 0
            for gap in pattern.finditer(data, 0, end):
                at = gap.end()
                n_lines += data.count(b"\n", counted, at)
                n_quotes += data.count(quote, counted, at) if quote else 0
                counted = at
                if start <= offset + at < stop and n_quotes % 2 == 0:
                    yield _Gap(offset + at, n_lines + 1)
                    n_found += 1
                    if n_found > _MOST_GAPS:
                        return
            cut = max(counted, end - 1) if end else 0
            n_lines += data.count(b"\n", counted, cut)
            n_quotes += data.count(quote, counted, cut) if quote else 0
            held, offset = data[cut:], offset + cut
