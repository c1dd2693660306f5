"""The columns that a result gains: their names, the text of their cells, and their place behind each record.

Everything works on whole blocks: no byte of the input is looked at by Python itself, and what is added comes
from Arrow and numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.models.schema import Schema
from core.predictions.errors import LabelUnquotable, LabelUnwritable
from core.predictions.results.csv_injection import is_formula
from core.predictions.results.histograms import Counts, Floats, most_probable
from core.predictions.results.rounding import DECIMALS
from core.uploads.csv import layout, raw_blocks, stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import unit_bytes

_SCALE = 10**DECIMALS
_LF, _CR = 0x0A, 0x0D
_UNITS = {(1, False): "u1", (1, True): "u1", (2, False): "<u2", (2, True): ">u2"}

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AddedColumns:
    """What the engine writes behind a record, in one file's dialect.

    names: of the added columns. caution: the one of them that says what makes a row's answer less sure, "" where
    there is none. reasons: those that say what moved it most, if they were asked for.
    labels: the cells of the classes, in the schema's order, ready to be written.
    shown: the columns of predict_proba that are written, in order.
    """

    names: tuple[str, ...]
    caution: str
    reasons: tuple[str, ...]
    labels: pa.Array
    shown: tuple[int, ...]
    dialect: Dialect


def plan(
    header: Sequence[str], schema: Schema, dialect: Dialect, *, with_caution: bool = True, n_reasons: int = 0
) -> AddedColumns:
    """The columns that a file with this header gains. Raises LabelUnwritable."""
    wanted, shown = ["prediction"], tuple[int, ...]()
    match schema.task:
        case "regression":
            pass
        case "binary":
            wanted = ["prediction", "probability"]
            shown = (schema.labels.index(cast(str, schema.positive_label)),)
        case "multiclass":
            wanted = ["prediction", *(f"probability_{label}" for label in schema.labels)]
            shown = tuple(range(len(schema.labels)))
    labels = pa.array([_label_cell(label, dialect) for label in schema.labels], pa.binary())
    about = ["caution"] * with_caution + [f"reason_{rank}" for rank in range(1, n_reasons + 1)]
    names = free_names([*wanted, *about], header)
    caution = names[len(wanted)] if with_caution else ""
    return AddedColumns(names, caution, names[len(names) - n_reasons :], labels, shown, dialect)


def free_names(wanted: Sequence[str], header: Sequence[str]) -> tuple[str, ...]:
    """The wanted names; one that is taken, in any case, becomes the first free of name_2, name_3, …"""
    taken = {name.strip().casefold() for name in header}
    free: list[str] = []
    for name in wanted:
        candidate, n = name, 2
        while candidate.casefold() in taken:
            candidate, n = f"{name}_{n}", n + 1
        taken.add(candidate.casefold())
        free.append(candidate)
    return tuple(free)


def quoted(text: str, dialect: Dialect) -> str:
    """The text as a cell of this dialect, in quotes only where it would not be one cell otherwise.

    Raises LabelUnquotable where the dialect has no quotes.
    """
    if dialect.escapechar:
        text = text.replace(dialect.escapechar, dialect.escapechar * 2)
    special = [mark for mark in (dialect.delimiter, dialect.quotechar, "\n", "\r") if mark and mark in text]
    if not special:
        return text
    if not dialect.quotechar:
        raise LabelUnquotable(label=text, encoding=dialect.encoding)
    return dialect.quotechar + text.replace(dialect.quotechar, dialect.quotechar * 2) + dialect.quotechar


def header_line(header_bytes: bytes, added: AddedColumns) -> bytes:
    """The header as it stands in the file, with the added names behind its last column's.

    A header shorter than its rows is filled up first, empty cells beyond the last column stay behind the names; a file
    without a header gets none.
    """
    dialect = added.dialect
    if not dialect.has_header:
        return header_bytes
    at, n_lacking = _header_end(header_bytes, dialect)
    names = "".join(dialect.delimiter + quoted(name, dialect) for name in added.names)
    more = (dialect.delimiter * n_lacking + names).encode(dialect.encoding)
    return header_bytes[:at] + more + header_bytes[at:]


def _header_end(header_bytes: bytes, dialect: Dialect) -> tuple[int, int]:
    """Where the header's last column ends, in bytes, and how many cells it has less than its rows, that which R leaves
    out not counted.
    """
    start = raw_blocks.bom_bytes(dialect)
    if dialect.skip_lines:
        start += raw_blocks.line_start(header_bytes[start:], dialect.skip_lines, dialect.encoding)
    width = len(dialect.names) - dialect.index_column if dialect.names else stream.MAX_COLUMNS
    found = layout.of(header_bytes[start:], dialect, width)
    n_lacking = width - int(found.n_cells[-1]) if dialect.names else 0
    return start + int(found.ends[-1]), max(0, n_lacking)


def class_cells(probabilities: Floats, added: AddedColumns, chosen: Counts | None = None) -> list[pa.Array]:
    """One array of cells per added column: the label, then the probabilities that are shown.

    probabilities: (n, k), in the order of the schema's labels.  chosen: (n,) the place of each row's label; None for
    the most probable one, of equals the first.
    """
    chosen = most_probable(probabilities) if chosen is None else chosen
    return [
        added.labels.take(pa.array(chosen)),
        *(probability_cells(probabilities[:, i], added.dialect) for i in added.shown),
    ]


def probability_cells(p: Floats, dialect: Dialect) -> pa.Array:
    """(n,) numbers in [0, 1] as cells with DECIMALS decimals, all of one width."""
    quote = dialect.quotechar.encode() if dialect.decimal == dialect.delimiter else b""
    heads, tails = _digits(dialect.decimal)
    millionths = np.rint(p * _SCALE).astype(np.int64)
    hundredths = millionths // len(tails)
    halves = np.empty((len(p), 2), np.uint32)
    halves[:, 0] = heads.take(hundredths)
    halves[:, 1] = tails.take(millionths - hundredths * len(tails))
    cells = halves.view(np.uint8)
    if quote:
        cells = np.pad(cells, ((0, 0), (1, 1)), constant_values=ord(quote))
    offsets = np.arange(len(p) + 1, dtype=np.int32) * np.int32(cells.shape[1])
    written = pa.Array.from_buffers(pa.binary(), len(p), [None, pa.py_buffer(offsets), pa.py_buffer(cells)])
    return _widened(written, dialect)


@cache
def _digits(mark: str) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The texts 0.00 … 1.00 with this decimal mark, and 0000 … 9999, four bytes each."""
    heads = b"".join(b"%d%c%02d" % (i // 100, ord(mark), i % 100) for i in range(101))
    tails = b"".join(b"%04d" % i for i in range(10_000))
    return np.frombuffer(heads, np.uint32), np.frombuffer(tails, np.uint32)


def number_texts(values: Floats, decimal: str) -> pa.Array:
    """(n,) finite numbers, as `rounding.rounded` leaves them, as text without trailing zeros. decimal: their mark."""
    texts = pc.cast(pa.array(values), pa.string())
    return texts if decimal == "." else pc.replace_substring(texts, ".", decimal)


def number_cells(values: Floats, dialect: Dialect) -> pa.Array:
    """(n,) such numbers as cells of a file."""
    cells = number_texts(values, dialect.decimal)
    if dialect.decimal == dialect.delimiter:
        cells = pc.binary_join_element_wise("", cells, "", dialect.quotechar)
    return _widened(pc.cast(cells, pa.binary()), dialect)


def appended(block: bytes, cells: Sequence[pa.Array], dialect: Dialect) -> bytes:
    """The block with the cells behind its records; every byte of the block stays, in its order.

    block: n records as the file holds them, the last with or without a line end, blank lines anywhere.
    cells: per added column an array of n binary values in the file's encoding.
    Raises ValueError where the block does not hold n records.
    """
    n_records = len(cells[0])
    if not dialect.is_regular:
        return _appended_to_rows(block, cells, dialect)
    ends = record_ends(block, dialect, n_records)
    _require_rows(n_records, len(ends))
    if n_records == 0:
        return block
    # Piece i runs from the end of record i-1 to the end of record i: line ends and blank lines ride in front.
    offsets = np.zeros(n_records + 1, np.int32)
    offsets[1:] = ends
    pieces = pa.Array.from_buffers(pa.binary(), n_records, [None, pa.py_buffer(offsets), pa.py_buffer(block)])
    delimiter = pa.scalar(dialect.delimiter.encode(dialect.encoding), pa.binary())
    joined = pc.binary_join_element_wise(pieces, *cells, delimiter)
    return b"".join((joined.buffers()[2], memoryview(block)[ends[-1] :]))


def _appended_to_rows(block: bytes, cells: Sequence[pa.Array], dialect: Dialect) -> bytes:
    """`appended` where records differ: a short row is filled up first, a long one gets the cells before its empty
    tail, a record that is no row gets empty cells where it is as wide as a row and nothing where it is not.
    """
    width = len(dialect.names)
    found = layout.of(block, dialect, width)
    n_records = len(found.stops)
    _require_rows(len(cells[0]), int(found.is_row.sum()))
    if n_records == 0:
        return block
    ends = np.where(found.is_row, found.ends, found.stops)
    offsets = np.append(0, ends)
    pieces = pa.Array.from_buffers(
        pa.large_binary(), n_records, [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    )
    lacking = np.where(found.is_row, np.maximum(width - found.n_cells, 0) + 1, 0)
    lacking[~found.is_row & (found.n_cells >= width)] = len(cells)
    columns = [column.cast(pa.large_binary()) for column in cells]
    delimiter = pa.scalar(dialect.delimiter.encode(dialect.encoding), pa.large_binary())
    row_of = pa.array(np.cumsum(found.is_row) - 1, mask=~found.is_row)
    nothing = pa.scalar(b"", pa.large_binary())
    answers = pc.fill_null(pc.binary_join_element_wise(*columns, delimiter).take(row_of), nothing)
    joined = pc.binary_join_element_wise(pieces, layout.fillers(lacking, dialect), answers, nothing)
    return b"".join((joined.buffers()[2], memoryview(block)[ends[-1] :]))


def _require_rows(n_answers: int, n_rows: int) -> None:
    if n_answers != n_rows:
        raise ValueError(f"{n_answers} rows were read from {n_rows} records")


def record_ends(block: bytes, dialect: Dialect, n_records: int | None = None) -> Positions:
    """(n,) positions just behind each record's last character, before its line end; blank lines are none.

    n_records: how many a reader found, if one has read the block. Where as many lines that are not blank end in
    the block, no line end can be inside a cell, and quotes need no look; else the records are scanned for.
    """
    width = unit_bytes(dialect.encoding)
    units = np.frombuffer(block, _UNITS[width, dialect.encoding.endswith("be")])
    breaks = units == _LF
    if _CR.to_bytes() in block:
        breaks |= units == _CR
    at = np.flatnonzero(breaks)
    ends: Positions = at[~breaks[at - 1] & (at > 0)]
    if len(units) > 0 and not breaks[-1]:
        ends = np.append(ends, len(units))
    is_certain = len(ends) == n_records and not dialect.escapechar
    return ends * width if is_certain else layout.spans(block, dialect)[1]


def _widened(cells: pa.Array, dialect: Dialect) -> pa.Array:
    """ASCII cells in the file's encoding, which is theirs already but for UTF-16."""
    if unit_bytes(dialect.encoding) == 1:
        return cells
    return pa.array([cell.decode().encode(dialect.encoding) for cell in cells.to_pylist()], pa.binary())


def _label_cell(label: str, dialect: Dialect) -> bytes:
    try:
        return quoted(f"'{label}" if is_formula(label) else label, dialect).encode(dialect.encoding)
    except UnicodeEncodeError as lacking:
        raise LabelUnwritable(label=label, encoding=dialect.encoding) from lacking
