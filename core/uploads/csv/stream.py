"""Streams of an upload that was checked: raw blocks cut between records, and the cells of such blocks as text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from core.uploads.csv import header as headers
from core.uploads.csv import layout, positions, records
from core.uploads.csv.cleaning import clean
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import RewrittenReader
from core.uploads.csv.units import narrow, unit_bytes
from core.uploads.errors import ChangedSinceChecked, TooManyColumns

BLOCK_BYTES = 4 << 20
RECORD_BYTES = 16 << 20
"""No record may be longer: it is what a reader must hold at once."""
MAX_COLUMNS = 4096
_PREAMBLE_BYTES = 64 << 10
_LINE_END = re.compile(rb"\r\n|\n|\r")

_BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


class RecordOverLimit(ChangedSinceChecked):
    """A record is longer than RECORD_BYTES. offset: of its first byte in the file; held: its bytes so far."""

    code = "record_over_limit"
    offset: int
    held: bytes


@dataclass(frozen=True)
class CsvStream:
    """A CSV's header and the rest of it as raw bytes.

    header: a name for each column: the dialect's, then those of cells that the header has beyond them.
    header_bytes: the file's first bytes as they are: BOM, lines above the header, the header, its line end.
    blocks: what follows in the file's own encoding, every byte once, in order; each block ends with a record (the
    last may lack its line end).
    """

    header: tuple[str, ...]
    header_bytes: bytes
    blocks: Iterator[bytes]


def open_csv(
    source: BinaryIO, dialect: Dialect, *, block_bytes: int = BLOCK_BYTES, file_name: str = "The file"
) -> CsvStream:
    """Reads the header; the blocks, about block_bytes each, are read as they are asked for.

    source: at the file's first byte; it stays open until the blocks are used up.
    Raises TooManyColumns, and RecordOverLimit here and from the blocks.
    """
    source = rewritten(source, dialect)
    above, held = _above(source, dialect)
    rest = _blocks(source, dialect, block_bytes, offset=len(above), held=held)
    if len(dialect.names) > MAX_COLUMNS:
        raise TooManyColumns(file_name=file_name, n_columns=len(dialect.names), maximum=MAX_COLUMNS)
    if not dialect.has_header:
        return CsvStream(dialect.names, above, rest)
    parts = [above]
    for block in rest:
        bounds = records.scan(block, dialect, final=True)
        for start, end in records.spans(block, bounds.ends, dialect)[:1]:
            parts.append(block[:end])
            n_columns = records.n_cells(block[start:end], dialect)
            if n_columns > MAX_COLUMNS:
                raise TooManyColumns(file_name=file_name, n_columns=n_columns, maximum=MAX_COLUMNS)
            header = _names(cells_of(block[start:end], dialect), dialect)
            return CsvStream(header, b"".join(parts), _after(block[end:], rest))
        parts.append(block)
    return CsvStream((), b"".join(parts), iter(()))


def rewritten(source: BinaryIO, dialect: Dialect) -> BinaryIO:
    """The source as the dialect's reader sees it. source: at the file's first byte."""
    if dialect.rewriting is None:
        return source
    bom = _BOMS[dialect.encoding] if dialect.has_bom else b""
    return RewrittenReader(  # type: ignore[return-value]  # a raw stream will do
        source, dialect.rewriting, codec=dialect.encoding, bom=bom, delimiter=dialect.delimiter
    )


def _names(cells: tuple[str, ...], dialect: Dialect) -> tuple[str, ...]:
    if not dialect.names:
        return cells
    more = cells[len(dialect.names) - dialect.index_column :]
    return headers.names((*dialect.names, *more)) if any(map(headers.tidied, more)) else dialect.names


def _above(source: BinaryIO, dialect: Dialect) -> tuple[bytes, bytes]:
    """(BOM and the lines to skip, what was read beyond them). Raises RecordOverLimit."""
    above = source.read(bom_bytes(dialect))
    if not dialect.skip_lines:
        return above, b""
    held = b""
    while len(held) < RECORD_BYTES:
        more = source.read(max(_PREAMBLE_BYTES, len(held)))
        held += more
        end = line_start(held, dialect.skip_lines, dialect.encoding)
        if 0 <= end < len(held) or not more:
            end = len(held) if end < 0 else end
            return above + held[:end], held[end:]
    problem = f"the lines above the header are longer than {RECORD_BYTES >> 20} MB"
    raise RecordOverLimit(problem=problem, offset=len(above), held=held)


def line_start(text: bytes, n_lines: int, codec: str) -> int:
    """Where the line behind the first n_lines begins, in bytes; -1 where there are no such lines."""
    at = 0
    units = narrow(text, codec)
    for _ in range(n_lines):
        found = _LINE_END.search(units, at)
        if found is None:
            return -1
        at = found.end()
    return at * unit_bytes(codec)


def line_and_column(path: Path, offset: int, dialect: Dialect) -> tuple[int, int]:
    """(line, column) in the file of the byte at an offset of what `open_csv` reads."""
    return positions.line_and_column(
        path, offset, dialect.encoding, opened=lambda source: rewritten(source, dialect)
    )


def bom_bytes(dialect: Dialect) -> int:
    """How many bytes the file's byte order mark takes; 0 without one."""
    return len(_BOMS[dialect.encoding]) if dialect.has_bom else 0


def parse_block(block: bytes, header: Sequence[str], dialect: Dialect) -> pa.Table:
    """A block's clean cells: (n rows) rows, one pa.string() column a header name, unquoted, "" where empty.

    Blank lines and the dialect's `not_rows` are no rows. With a dialect's `verbatim`, cells are as spelt.
    Raises ChangedSinceChecked where a row has not len(header) cells and the dialect does not provide for it.
    """
    return clean(read_block(block, header, dialect).table, dialect)


@dataclass(frozen=True)
class ParsedBlock:
    """The cells of a block as the file spells them; its layout, in UTF-8, where not every record was a whole row."""

    table: pa.Table
    layout: layout.Layout | None


def read_block(block: bytes, header: Sequence[str], dialect: Dialect) -> ParsedBlock:
    """`parse_block` without cleaning. Raises ChangedSinceChecked."""
    data, found = _in_utf8(block, dialect), None
    if any((text.rstrip(dialect.delimiter) or text).encode() in data for text in dialect.not_rows):
        data, found = _regular(data, dialect, len(header))
    if not data:
        empty = [pa.array([], pa.string())] * len(header)
        return ParsedBlock(pa.Table.from_arrays(empty, names=list(header)), found)
    try:
        return ParsedBlock(_arrow_table(data, dialect, list(header)), found)
    except pa.ArrowInvalid as error:
        if not dialect.is_ragged or found is not None:
            raise ChangedSinceChecked(problem=str(error)) from error
    data, found = _regular(data, dialect, len(header))
    try:
        return ParsedBlock(_arrow_table(data, dialect, list(header)), found)
    except pa.ArrowInvalid as error:
        raise ChangedSinceChecked(problem=str(error)) from error


def _in_utf8(block: bytes, dialect: Dialect) -> bytes:
    data = block if dialect.encoding == "utf-8" else block.decode(dialect.encoding).encode()
    if dialect.escapechar and b"\\N" in data:
        mark = re.escape(dialect.delimiter.encode())
        # where it is all of its line it becomes a blank, for nothing at all would be no row
        data = re.sub(rb"(?<![^\n\r])\\N(?![^\n\r])", rb"\\ ", data)
        data = re.sub(rb"(?<![^\n\r" + mark + rb"])\\N(?![^\n\r" + mark + rb"])", b"", data)
    return data


def _regular(data: bytes, dialect: Dialect, n_columns: int) -> tuple[bytes, layout.Layout]:
    rows, found = layout.regular(data, layout.in_utf8(dialect), n_columns)
    if found.overfull is not None:
        raise ChangedSinceChecked(problem=f"a row has more than {n_columns} cells")
    return rows, found


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


def cells_of(record: bytes, dialect: Dialect) -> tuple[str, ...]:
    """One record's cells as text, however many there are."""
    numbers = [str(number) for number in range(records.n_cells(record, dialect))]
    table = _arrow_table(record.decode(dialect.encoding).encode(), dialect, numbers)
    return tuple(column[0].as_py() for column in table.columns)


def _arrow_table(data: bytes, dialect: Dialect, column_names: list[str]) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(for_arrow(data)),
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=len(data) + 2,
            column_names=column_names,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quotechar or False,
            escape_char=dialect.escapechar or False,
            newlines_in_values=True,
        ),
        convert_options=arrow_csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )


def for_arrow(data: bytes) -> bytes:
    """UTF-8 of which Arrow reads everything: it would leave out a byte order mark at the beginning of any block."""
    return b"\n" + data if data.startswith(codecs.BOM_UTF8) else data


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _blocks(
    source: BinaryIO, dialect: Dialect, block_bytes: int, *, offset: int, held: bytes
) -> Iterator[bytes]:
    wanted = block_bytes
    while more := source.read(max(1, wanted - len(held))):
        held += more
        if len(held) < wanted:
            continue
        if cut := records.last_end(held, dialect):
            yield held[:cut]
            held = held[cut:]
            offset += cut
            wanted = max(block_bytes, len(held) + 1)
        elif len(held) >= RECORD_BYTES:
            problem = f"a row is longer than {RECORD_BYTES >> 20} MB"
            raise RecordOverLimit(problem=problem, offset=offset, held=held)
        else:
            wanted = 2 * len(held)
    if held:
        yield held
