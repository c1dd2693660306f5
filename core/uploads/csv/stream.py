"""Streams of an upload that was checked: its header, blocks cut between records, and such blocks as tables of text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.uploads.csv import header as headers
from core.uploads.csv import parsing, positions, raw_blocks, records
from core.uploads.csv.cleaning import clean
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.line_range import LineRange
from core.uploads.csv.parsing import ParsedBlock
from core.uploads.csv.rewriting import LaidOutReader
from core.uploads.errors import TooManyColumns

BLOCK_BYTES = 4 << 20
MAX_COLUMNS = 4096


@dataclass(frozen=True)
class CsvStream:
    """A CSV's header and the rest of it as raw bytes.

    header: a name for each column: the dialect's, then those of cells that the header has beyond them.
    header_bytes: the file's first bytes as they are: BOM, lines above the header, the header, its line end.
    blocks: what follows in the file's own encoding, every byte once, in order; each block ends with a record (the
    last may lack its line end). behind: lines that follow the last block and are not read, as they stand, in pieces.

    Of a file that is laid out, these are the bytes as they are laid out.
    """

    header: tuple[str, ...]
    header_bytes: bytes
    blocks: Iterator[bytes]
    behind: Iterator[bytes]


def open_csv(
    source: BinaryIO,
    dialect: Dialect,
    *,
    block_bytes: int = BLOCK_BYTES,
    file_name: str = "The file",
    keeps_behind: bool = False,
) -> CsvStream:
    """Reads the header; the blocks, about block_bytes each, are read as they are asked for.

    source: at the file's first byte; it stays open until the blocks are used up, which reads it to its end.
    keeps_behind: the lines behind them are read from `behind` afterwards; else nobody wants them.
    Raises TooManyColumns, and RecordOverLimit here and from the blocks.
    """
    lines = _line_range(source, dialect)
    behind = raw_blocks.of_lines(lines.behind(), dialect.encoding) if lines else iter(())
    passed = iter(()) if keeps_behind else behind
    read = _laid_out(lines or source, dialect)  # type: ignore[arg-type]  # a raw stream will do
    above, held = raw_blocks.above_header(read, dialect)
    of_rows = raw_blocks.of_records(read, dialect, block_bytes, offset=len(above), held=held)
    rest = _to_the_end(of_rows, passed)
    if len(dialect.names) > MAX_COLUMNS:
        raise TooManyColumns(file_name=file_name, n_columns=len(dialect.names), maximum=MAX_COLUMNS)
    if not dialect.has_header:
        return CsvStream(dialect.names, above, rest, behind)
    parts = [above]
    for block in rest:
        bounds = records.scan(block, dialect, final=True)
        for start, end in records.spans(block, bounds.ends, dialect)[:1]:
            parts.append(block[:end])
            n_columns = records.n_cells(block[start:end], dialect)
            if n_columns > MAX_COLUMNS:
                raise TooManyColumns(file_name=file_name, n_columns=n_columns, maximum=MAX_COLUMNS)
            header = _names(parsing.cells_of(block[start:end], dialect), dialect)
            return CsvStream(header, b"".join(parts), _after(block[end:], rest), behind)
        parts.append(block)
    return CsvStream((), b"".join(parts), iter(()), behind)


def lines_read(source: BinaryIO, dialect: Dialect) -> BinaryIO:
    """The source as the dialect's reader sees it. source: at the file's first byte."""
    return _laid_out(_line_range(source, dialect) or source, dialect)  # type: ignore[arg-type]  # a raw stream will do


def _line_range(source: BinaryIO, dialect: Dialect) -> LineRange | None:
    wanted = dialect.rewriting
    if wanted is None or not wanted.has_range:
        return None
    return LineRange(
        source,
        codec=dialect.encoding,
        bom=raw_blocks.bom_bytes(dialect),
        first_line=wanted.first_line,
        last_line=wanted.last_line,
    )


def _laid_out(source: BinaryIO, dialect: Dialect) -> BinaryIO:
    if dialect.rewriting is None or not dialect.rewriting.lays_out:
        return source
    return LaidOutReader(  # type: ignore[return-value]  # a raw stream will do
        source,
        dialect.rewriting,
        codec=dialect.encoding,
        bom=raw_blocks.bom_bytes(dialect),
        delimiter=dialect.delimiter,
    )


def _names(cells: tuple[str, ...], dialect: Dialect) -> tuple[str, ...]:
    if not dialect.names:
        return cells
    more = list(cells[len(dialect.names) - dialect.index_column :])
    while more and not headers.tidied(more[-1]):
        more.pop()
    return headers.names((*dialect.names, *more)) if more else dialect.names


def line_and_column(path: Path, offset: int, dialect: Dialect) -> tuple[int, int]:
    """(line, column) in the file of the byte at an offset of what `open_csv` reads."""
    return positions.line_and_column(
        path, offset, dialect.encoding, opened=lambda source: lines_read(source, dialect)
    )


def parse_block(block: bytes, header: Sequence[str], dialect: Dialect) -> pa.Table:
    """A block's clean cells: (n rows) rows, one pa.string() column a header name, unquoted, "" where empty.

    Blank lines and the dialect's `not_rows` are no rows. With a dialect's `verbatim`, cells are as spelt.
    Raises ChangedSinceChecked where a row has not len(header) cells and the dialect does not provide for it.
    """
    return clean(read_block(block, header, dialect).table, dialect)


def read_block(block: bytes, header: Sequence[str], dialect: Dialect) -> ParsedBlock:
    """`parse_block` without cleaning. Raises ChangedSinceChecked."""
    return parsing.block_of(block, list(header), dialect)


def read_table(
    source: BinaryIO, dialect: Dialect, *, max_rows: int | None = None, only: str | None = None
) -> pa.Table:
    """The whole file, or its first max_rows records, as text columns. Raises ChangedSinceChecked.

    only: the one column that is kept; of a file without it, no rows and every column.
    """
    stream = open_csv(source, dialect)
    parts = [parse_block(b"", stream.header, dialect)]
    if only is not None:
        if only not in stream.header:
            return parts[0]
        parts = [parts[0].select([only])]
    n_rows = 0
    for block in stream.blocks:
        table = parse_block(block, stream.header, dialect)
        parts.append(table if only is None else table.select([only]))
        n_rows += table.num_rows
        if max_rows is not None and n_rows >= max_rows:
            break
    return pa.concat_tables(parts).slice(0, max_rows)


def read_blocks(source: BinaryIO, dialect: Dialect, columns: Collection[str]) -> Iterator[pa.Table]:
    """The file piece by piece, of its columns these alone, as text. Raises ChangedSinceChecked."""
    stream = open_csv(source, dialect)
    kept = [name for name in stream.header if name in columns]
    for block in stream.blocks:
        yield parse_block(block, stream.header, dialect).select(kept)


def read_rows(source: BinaryIO, dialect: Dialect, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Only these rows of a file, as text columns: no more than they and one block are held.

    rows: (m,) ascending places, from 0. Raises ChangedSinceChecked.
    """
    stream = open_csv(source, dialect)
    parts, n_rows = [parse_block(b"", stream.header, dialect)], 0
    for block in stream.blocks:
        table = parse_block(block, stream.header, dialect)
        first, last = np.searchsorted(rows, (n_rows, n_rows + table.num_rows))
        parts.append(table.take(pa.array(rows[first:last] - n_rows)))
        n_rows += table.num_rows
    return pa.concat_tables(parts)


def _to_the_end(blocks: Iterator[bytes], behind: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks; what is behind them is read and forgotten."""
    yield from blocks
    for _ in behind:
        pass


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
