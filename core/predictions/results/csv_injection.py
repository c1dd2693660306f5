"""Cells that a spreadsheet would run: those that begin as a formula does and are no number.

Looked for in raw bytes, in every column. A cheap look at what stands in front of each sign clears nearly every block;
only a block that it can't clear is cut into cells.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import layout, raw_blocks, records, stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import narrow, unit_bytes

SIGNS = b"=+-@\t\r"
HEADER = 0
"""The number of the header among rows that count from 1."""
BLOCK_BYTES = 1 << 20
_LF, _CR = b"\n\r"
# A number as people write it, a dash, or a row of signs: what a spreadsheet shows as it stands.
_HARMLESS = r"[+-]+(?:[ $\x80-\xff]*[0-9.,][0-9.,' $%\x80-\xff]*(?:[eE][+-]?[0-9]+ *%?)?)?"
_HARMLESS_CELL = re.compile(_HARMLESS.encode())

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Units = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class FormulaCount:
    """How many cells of one column a spreadsheet would run. first_row: of the first, from 1; HEADER for its name."""

    n: int
    first_row: int

    def with_more(self, other: FormulaCount | None) -> FormulaCount:
        """With those of rows further down, if there are any."""
        return FormulaCount(self.n + (other.n if other else 0), self.first_row)

    def behind(self, n_rows: int) -> FormulaCount:
        """The same where n_rows rows come first."""
        return FormulaCount(self.n, self.first_row + n_rows)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run a cell with this text."""
    plain = text.encode("utf-8", "replace")
    return plain[:1] in SIGNS and plain != b"" and not _HARMLESS_CELL.fullmatch(plain)


def of_header(names: Sequence[str]) -> dict[str, FormulaCount]:
    """The columns whose very name would be run."""
    return {name: FormulaCount(1, HEADER) for name in names if is_formula(name)}


def of_block(block: bytes, names: Sequence[str], dialect: Dialect) -> dict[str, FormulaCount]:
    """The columns of a block's rows with such cells, by name; row 1 is the block's first.

    block: begins at a record's start. What stands in lines that are no rows does not count.
    """
    found = _find(block, dialect)
    if found is None:
        return {}
    rows, columns = found.record, found.column
    if not dialect.is_regular:
        is_row = layout.of(block, dialect, len(names)).is_row
        counts = is_row[rows] & (columns < len(names))
        rows, columns = (np.cumsum(is_row) - 1)[rows][counts], columns[counts]
    indexes, first, n_cells = np.unique(columns, return_index=True, return_counts=True)
    return {
        names[index]: FormulaCount(int(n), int(rows[at]) + 1)
        for index, at, n in zip(indexes.tolist(), first.tolist(), n_cells.tolist(), strict=True)
    }


def safe_chunks(source: BinaryIO, dialect: Dialect) -> Iterator[bytes]:
    """A CSV piece by piece, with an apostrophe before each such cell, wherever it stands; every other byte stays.

    source: at its first byte. Raises what `stream` raises for bytes that are no records.
    """
    file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES, keeps_behind=True)
    n_bom = raw_blocks.bom_bytes(dialect)
    yield file.header_bytes[:n_bom] + safe(file.header_bytes[n_bom:], dialect)
    for block in itertools.chain(file.blocks, file.behind):
        yield safe(block, dialect)


def safe(block: bytes, dialect: Dialect) -> bytes:
    """The block with an apostrophe before each cell that a spreadsheet would run, which repairs no text.

    block: whole records.
    """
    found = _find(block, replace(dialect, rewriting=None))
    if found is None:
        return block
    width, written, done = unit_bytes(dialect.encoding), [], 0
    mark = "'".encode(dialect.encoding)
    for start, stop, is_quoted in zip(*(part.tolist() for part in found.spans), strict=True):
        written.append(block[done : start * width])
        done = start * width
        if dialect.quotechar != "'":
            written.append(mark)
        elif is_quoted:
            written.append(mark * 2)
        else:  # the apostrophe would open a quote
            done = stop * width
            inner = block[start * width : done].decode(dialect.encoding).replace("'", "''")
            written.append(f"'''{inner}'".encode(dialect.encoding))
    return b"".join((*written, block[done:]))


@dataclass(frozen=True)
class _FormulaCells:
    """Cells that would be run, in the block's order, m of them.

    record, column: (m,) the cell's record, blank lines not counted, and its place in it.
    spans: (m,) each, in code units: where its text begins and ends, and whether quotes stand around it.
    """

    record: Positions
    column: Positions
    spans: tuple[Positions, Positions, Flags]


def _find(block: bytes, dialect: Dialect) -> _FormulaCells | None:
    raw = narrow(block, dialect.encoding)
    if not _may_have_any(raw, dialect):
        return None
    width, units = unit_bytes(dialect.encoding), np.frombuffer(raw, np.uint8)
    first, last = (at // width for at in layout.spans(block, dialect))
    marks = records.marks(records.plain(block, dialect), dialect)
    starts, stops = np.sort(np.append(first, marks + 1)), np.sort(np.append(marks, last))
    filled = starts < stops
    quote, escape = _code(dialect.quotechar), _code(dialect.escapechar)
    begins = units[np.minimum(starts, len(units) - 1)]
    is_quoted = filled & (begins == quote) & (stops - starts > 1)
    text, end = starts + is_quoted, stops - (is_quoted & (units[stops - 1] == quote))
    sign = np.minimum(text + (units[np.minimum(text, len(units) - 1)] == escape), len(units) - 1)
    at = np.flatnonzero(filled & (sign < end) & _table(SIGNS)[units[sign]])
    at = at[~_are_harmless(raw, sign[at], end[at])]
    if not len(at):
        return None
    record = np.searchsorted(first, starts[at], "right") - 1
    column = at - np.searchsorted(starts, first)[record]
    return _FormulaCells(record, column, (text[at], end[at], is_quoted[at]))


def _may_have_any(raw: bytes, dialect: Dialect) -> bool:
    """False where no cell of the block can be a formula; True where one may be. raw: one byte a code unit."""
    units = np.frombuffer(raw, np.uint8)
    opens_cell = _table(b"\n\r" + dialect.delimiter.encode())
    quote, escape = _code(dialect.quotechar), _code(dialect.escapechar)
    quoted = quote >= 0 and dialect.quotechar.encode() in raw
    for sign in SIGNS:
        if sign == ord(dialect.delimiter) or sign not in raw or (sign == _CR and not quoted):
            continue
        at = np.flatnonzero(units == sign)
        before = units[at - 1]
        bare = (at == 0) | opens_cell[before] if sign != _CR else np.zeros(len(at), bool)
        if escape >= 0 and (before == escape).any():
            return True
        if quoted:
            in_quotes = (at > 0) & (before == quote) & ((at == 1) | opens_cell[units[at - 2]])
            if _any_runs(raw, units, at[in_quotes], _table(dialect.quotechar.encode())):
                return True
        if _any_runs(raw, units, at[bare], opens_cell):
            return True
    return False


def _any_runs(raw: bytes, units: Units, at: Positions, ends_cell: Flags) -> bool:
    """Whether the text from any of these places to the next unit that ends a cell is more than a number."""
    if not len(at):
        return False
    if raw[at[0]] not in b"+-":
        return True
    ends = np.append(np.flatnonzero(ends_cell[units]), len(units))
    return not _are_harmless(raw, at, ends[np.searchsorted(ends, at)]).all()


def _are_harmless(raw: bytes, starts: Positions, stops: Positions) -> Flags:
    """(m,) whether each text is a number or a mere sign."""
    offsets = np.column_stack([starts, stops]).astype(np.int64).ravel()
    if not len(offsets):
        return np.zeros(0, bool)
    texts = pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(raw)]
    ).take(pa.array(np.arange(0, len(offsets) - 1, 2)))
    found: Flags = pc.match_substring_regex(texts, f"^(?:{_HARMLESS})$").to_numpy(zero_copy_only=False)
    return found


def _code(mark: str) -> int:
    return ord(mark) if mark else -1


def _table(codes: bytes) -> Flags:
    """(256,) True for these units."""
    found = np.zeros(256, bool)
    found[list(codes)] = True
    return found
