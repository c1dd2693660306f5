"""The parts of a file that detection looks at, so that its cost does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.uploads.csv import records
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import Rewriting
from core.uploads.csv.units import unit_bytes
from core.uploads.detect import delimiters
from core.uploads.detect.columns import column_formats
from core.uploads.detect.delimiters import Marks, Row
from core.uploads.detect.encodings.encoding import Encoding

HEAD_BYTES = 128 << 10
TAIL_BYTES = 64 << 10
_SLICE_BYTES = 32 << 10
_N_SLICES = 3
_MOST_CELLS, _FEWEST_CELLS = 20_000, 30


@dataclass(frozen=True)
class Sample:
    """Parts of a file as text. head: its beginning without BOM; tail: its end from a line's start, "" where the head
    is the whole; slices: from the middle, whole lines.
    """

    head: str
    slices: tuple[str, ...]
    tail: str

    @property
    def is_whole(self) -> bool:
        """Whether the head is the whole file."""
        return not self.tail


def take(path: Path, found: Encoding) -> Sample:
    """Parts of the file, each decoded and cut at line ends."""
    width = unit_bytes(found.codec)
    size = path.stat().st_size
    with path.open("rb") as source:
        data = source.read(HEAD_BYTES)
        if size <= HEAD_BYTES:
            return Sample(data.decode(found.codec, errors="ignore").removeprefix("\ufeff"), (), "")
        head = _until_line_end(data.decode(found.codec, errors="ignore").removeprefix("\ufeff"))
        starts = [
            HEAD_BYTES + (size - HEAD_BYTES) * part // (_N_SLICES + 1) for part in range(1, _N_SLICES + 1)
        ]
        parts = []
        for start, length in [*((start, _SLICE_BYTES) for start in starts), (size - TAIL_BYTES, TAIL_BYTES)]:
            source.seek(max(0, start) // width * width)
            parts.append(_from_line_start(source.read(length).decode(found.codec, errors="ignore")))
    return Sample(head, tuple(_until_line_end(part) for part in parts[:-1]), parts[-1])


def as_cut(sample: Sample, rewriting: Rewriting, marks: Marks) -> Sample:
    """The parts as the dialect's reader cuts them into cells."""
    parts = (sample.head, *sample.slices, sample.tail)
    if rewriting.lays_out:
        head, *slices, tail = (rewriting.laid_out(part, marks.delimiter) for part in parts)
    elif "invisible" in rewriting.repairs:
        dialect = Dialect(
            "utf-8", marks.delimiter, marks.quotechar, escapechar=marks.escapechar, rewriting=rewriting
        )
        head, *slices, tail = (records.settled(part.encode(), dialect).decode() for part in parts)
    else:
        return sample
    return Sample(head, tuple(slices), tail)


def _until_line_end(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[: end or len(text)]


def _from_line_start(text: str) -> str:
    first = min((at for mark in "\r\n" if (at := text.find(mark)) >= 0), default=-1)
    return text[first + 1 :].lstrip("\n") if first >= 0 else ""


def rows(sample: Sample, marks: Marks, kept: list[Row], below: Sequence[Row]) -> list[Row]:
    """Rows of the head, the middle and the end alike. kept: the head's; below: rows of the end that are no data."""
    found = kept[:: max(1, len(kept) // column_formats.MOST_CELLS)]
    if sample.is_whole:
        return found
    more = [row for part in sample.slices for row in delimiters.rows(part, marks)]
    more += rows_of_tail(sample.tail, marks)
    excluded = {row.cells for row in below}
    return found + [row for row in more if row.cells not in excluded]


@lru_cache(maxsize=1)
def rows_of_tail(tail: str, marks: Marks) -> tuple[Row, ...]:
    """The rows of a file's end, which several look at."""
    return tuple(delimiters.rows(tail, marks))


def columns(sampled: Iterable[Row], n_columns: int) -> list[list[str]]:
    """A bounded number of cells of each column, taken evenly."""
    found: list[list[str]] = [[] for _ in range(n_columns)]
    for row in sampled:
        for column, cell in zip(found, row.cells, strict=False):
            column.append(cell)
    most = max(_FEWEST_CELLS, min(column_formats.MOST_CELLS, _MOST_CELLS // max(1, n_columns)))
    return [column[:: -(-len(column) // most)] if len(column) > most else column for column in found]
