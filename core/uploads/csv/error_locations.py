"""Where exactly a CSV breaks, worked out only once it is known that it does."""

from __future__ import annotations

from pathlib import Path

from core.uploads.csv import layout, raw_blocks, records, stream
from core.uploads.csv.dialect import Dialect, delimiter_name
from core.uploads.csv.records import NOWHERE, Bounds
from core.uploads.csv.units import narrow
from core.uploads.errors import (
    BadCsv,
    QuoteNeverClosed,
    QuoteStaysOpen,
    RecordTooLong,
    TextAfterQuote,
    UnequalRow,
)


def of_quotes(
    path: Path, offset: int, block: bytes, bounds: Bounds, dialect: Dialect, file_name: str
) -> BadCsv | None:
    """The first quote of a block that leaves a cell's end in doubt. offset: of the block in the file."""
    at, is_open = _doubtful_quote(block, bounds, dialect)
    if at == NOWHERE:
        return None
    line, column = stream.line_and_column(path, offset + at, dialect)
    refusal = QuoteNeverClosed if is_open else TextAfterQuote
    return refusal(file_name=file_name, line=line, column=column)


def of_widths(
    path: Path,
    offset: int,
    block: bytes,
    bounds: Bounds,
    header: tuple[str, ...],
    dialect: Dialect,
    file_name: str,
) -> BadCsv | None:
    """The first row of a block that has something behind its last column, or the quote that made it so."""
    found = layout.of(block, dialect, len(header))
    index = found.overfull
    if index is None:
        return None
    start, end = int(found.starts[index]), int(found.stops[index])
    at, _ = _doubtful_quote(block, bounds, dialect)
    if NOWHERE < at < end:
        return of_quotes(path, offset, block, bounds, dialect, file_name)
    line, _ = stream.line_and_column(path, offset + start, dialect)
    return UnequalRow(
        file_name=file_name,
        line=line,
        expected=len(header),
        found=int(found.n_cells[index]),
        delimiter=delimiter_name(dialect.delimiter),
    )


def of_long_record(path: Path, error: raw_blocks.RecordOverLimit, dialect: Dialect, file_name: str) -> BadCsv:
    """What made a record too long to hold: an open quote, or the line itself."""
    bounds = records.scan(error.held, dialect, final=True)
    at, is_open = _doubtful_quote(error.held, bounds, dialect)
    limit_mb = raw_blocks.RECORD_BYTES >> 20
    # what is held ends anywhere, so a quote that opened late may well be closed beyond
    if NOWHERE < at < len(error.held) // 2:
        line, column = stream.line_and_column(path, error.offset + at, dialect)
        if is_open:
            return QuoteStaysOpen(file_name=file_name, line=line, column=column, limit_mb=limit_mb)
        return TextAfterQuote(file_name=file_name, line=line, column=column)
    line, _ = stream.line_and_column(path, error.offset, dialect)
    return RecordTooLong(file_name=file_name, line=line, limit_mb=limit_mb)


def _doubtful_quote(block: bytes, bounds: Bounds, dialect: Dialect) -> tuple[int, bool]:
    """(where, whether it is an opening one): a cell that runs over a line's end was most likely never closed."""
    if bounds.torn_at == NOWHERE:
        return bounds.open_at, True
    cell = narrow(block[bounds.torn_from : bounds.torn_at], dialect.encoding)
    if b"\n" in cell or b"\r" in cell:
        return bounds.torn_from, True
    return bounds.torn_at, False
