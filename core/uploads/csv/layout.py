"""Which records of a raw block are rows, and where each row's cells end, whatever its width."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import records, repairs
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import narrow, unit_bytes

_LF, _CR = 0x0A, 0x0D
_COMPARED_BYTES = 1 << 20
_NOTHING = b' \t"\xa0'

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """One entry a record, blank lines left out; positions are in bytes of the block.

    starts, stops: (m,) of the record, without its line end.  is_row: (m,).  n_cells: (m,) as the file has them.
    ends: (m,) just behind the cell that stands in the last column, or behind the record where it is shorter.
    overfull: the first row with something behind that cell, or None.
    """

    starts: Positions
    stops: Positions
    is_row: Flags
    n_cells: Positions
    ends: Positions
    overfull: int | None


def of(block: bytes, dialect: Dialect, n_columns: int) -> Layout:
    """The layout of a block that begins at a record's start. n_columns: the width that a row should have."""
    text, block = records.plain(block, dialect), records.settled(block, dialect)
    starts, stops = spans(block, dialect)
    width = unit_bytes(dialect.encoding)
    marks = records.marks(text, dialect) * width
    first, last = np.searchsorted(marks, starts), np.searchsorted(marks, stops)
    n_cells = last - first + 1
    is_row = ~_named(block, starts, stops, n_cells, dialect)
    ends = stops.copy()
    is_long = n_cells > n_columns
    ends[is_long] = marks[first[is_long] + n_columns - 1]
    beyond = (index for index in np.flatnonzero(is_long & is_row).tolist())
    overfull = next((at for at in beyond if _holds_something(block[ends[at] : stops[at]], dialect)), None)
    return Layout(starts, stops, is_row, n_cells, ends, overfull)


def _holds_something(cells: bytes, dialect: Dialect) -> bool:
    """Whether there is more in these cells than blanks, quotes and what is left out when they are read."""
    nothing = _NOTHING + dialect.delimiter.encode() + dialect.quotechar.encode()
    found = bool(narrow(cells, dialect.encoding).strip(nothing))
    if not found or not dialect.repairs:
        return found
    return bool(
        repairs.words(cells.decode(dialect.encoding), dialect.repairs).strip(nothing.decode("latin-1"))
    )


def spans(block: bytes, dialect: Dialect) -> tuple[Positions, Positions]:
    """(m,) start and stop of each record in bytes, without its line end; blank lines are none."""
    if not block:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    width = unit_bytes(dialect.encoding)
    units = np.frombuffer(records.plain(block, dialect), np.uint8)  # an escaped line end is none
    stops = records.scan(block, dialect, final=True).ends // width
    if len(stops) == 0 or stops[-1] < len(units):
        stops = np.append(stops, len(units))
    starts = np.append(0, stops[:-1])
    for line_end in (_LF, _CR):
        stops = stops - ((stops > starts) & (units[np.maximum(stops - 1, 0)] == line_end))
    filled = stops > starts
    return starts[filled] * width, stops[filled] * width


def regular(data: bytes, dialect: Dialect, n_columns: int) -> tuple[bytes, Layout]:
    """The rows of a block with n_columns cells each and nothing else, and the layout they were taken from.

    dialect: in UTF-8. What stands behind the last column is left out.
    """
    found = of(data, dialect, n_columns)
    starts, ends = found.starts[found.is_row], found.ends[found.is_row]
    if not len(starts):
        return b"", found
    offsets = np.empty(2 * len(starts), np.int64)
    offsets[0::2], offsets[1::2] = starts, ends
    pieces = pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    ).take(pa.array(np.arange(0, len(offsets) - 1, 2)))
    lacking = np.maximum(n_columns - found.n_cells[found.is_row], 0)
    line_end, nothing = (pa.scalar(text, pa.large_binary()) for text in (b"\n", b""))
    # a row with nothing in the only column would be a blank line
    blank = pa.array([b"", dialect.quotechar.encode() * 2 or b" "], pa.large_binary())
    blanks = blank.take(pa.array((starts == ends).astype(np.int8)))
    joined = pc.binary_join_element_wise(pieces, blanks, fillers(lacking, dialect), line_end, nothing)
    return joined.buffers()[2].to_pybytes(), found


def fillers(lacking: npt.NDArray[np.int64], dialect: Dialect) -> pa.Array:
    """(n,) large_binary: as many delimiters, in the file's encoding, as cells are lacking."""
    delimiter = dialect.delimiter.encode(dialect.encoding)
    counts, codes = np.unique(lacking, return_inverse=True)
    return pa.array([delimiter * int(count) for count in counts], pa.large_binary()).take(pa.array(codes))


def in_utf8(dialect: Dialect) -> Dialect:
    """The dialect of the same text in UTF-8."""
    return replace(dialect, encoding="utf-8", has_bom=False)


def _named(block: bytes, starts: Positions, stops: Positions, n_cells: Positions, dialect: Dialect) -> Flags:
    """(m,) whether the record is one of the dialect's `not_rows`, delimiters behind it not counted."""
    found = np.zeros(len(starts), bool)
    delimiter = dialect.delimiter.encode(dialect.encoding)
    units, lengths = np.frombuffer(block, np.uint8), stops - starts
    for text in dialect.not_rows:
        wanted = text.rstrip(dialect.delimiter).encode(dialect.encoding, "replace")
        if not wanted:
            found |= (n_cells - 1) * len(delimiter) == lengths
        elif wanted in block:
            # what is longer by as many delimiters as it has more cells has nothing but delimiters behind the text
            n_more = n_cells - records.n_cells(wanted, dialect)
            alike = np.flatnonzero((n_more >= 0) & (lengths - len(wanted) == n_more * len(delimiter)))
            found[_beginning_with(wanted, units, starts, alike)] = True
    return found


def _beginning_with(
    wanted: bytes, units: npt.NDArray[np.uint8], starts: Positions, which: Positions
) -> Positions:
    """Those of the records that begin with these bytes. which: the indexes to look at, of records long enough."""
    marks = np.frombuffer(wanted, np.uint8)
    which = which[(units[starts[which]] == marks[0]) & (units[starts[which] + len(marks) - 1] == marks[-1])]
    at_once = max(1, _COMPARED_BYTES // len(marks))
    parts = [which[first : first + at_once] for first in range(0, len(which), at_once)]
    offsets = np.arange(len(marks))
    alike = [part[(units[starts[part][:, None] + offsets] == marks).all(axis=1)] for part in parts]
    return np.concatenate(alike) if alike else which
