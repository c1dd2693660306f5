"""Streams of an upload that was checked: raw blocks cut between records, and the cells of such blocks as text."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from core.uploads import records
from core.uploads.dialect import Dialect
from core.uploads.errors import ChangedSinceChecked, TooManyColumns
from core.uploads.units import unit_bytes

BLOCK_BYTES = 4 << 20
RECORD_BYTES = 16 << 20
"""No record may be longer: it is what a reader must hold at once."""
MAX_COLUMNS = 4096

_BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


class RecordOverLimit(ChangedSinceChecked):
    """A record is longer than RECORD_BYTES. offset: of its first byte in the file; held: its bytes so far."""

    code = "record_over_limit"
    offset: int
    held: bytes


@dataclass(frozen=True)
class CsvStream:
    """A CSV's header and the rest of it as raw bytes.

    header_bytes: the file's first bytes as they are: BOM, blank lines above the header, the header, its line end.
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
    bom = source.read(bom_bytes(dialect))
    rest = _blocks(source, dialect, block_bytes, offset=len(bom))
    above = [bom]
    for block in rest:
        bounds = records.scan(block, dialect, final=True)
        for start, end in records.spans(block, bounds.ends, dialect)[:1]:
            above.append(block[:end])
            n_columns = records.n_cells(block[start:end], dialect)
            if n_columns > MAX_COLUMNS:
                raise TooManyColumns(file_name=file_name, n_columns=n_columns, maximum=MAX_COLUMNS)
            header = cells_of(block[start:end], dialect)
            return CsvStream(header, b"".join(above), _after(block[end:], rest))
        above.append(block)
    return CsvStream((), b"".join(above), iter(()))


def bom_bytes(dialect: Dialect) -> int:
    """How many bytes the file's byte order mark takes; 0 without one."""
    return len(_BOMS[dialect.encoding]) if dialect.has_bom else 0


def parse_block(block: bytes, header: Sequence[str], dialect: Dialect) -> pa.Table:
    """A block's cells: (n records) rows, one pa.string() column a header name, unquoted, "" where empty.

    Blank lines are no records. Raises ChangedSinceChecked where a record has not len(header) cells.
    """
    data = block if dialect.encoding == "utf-8" else block.decode(dialect.encoding).encode()
    if not data:
        return pa.Table.from_arrays([pa.array([], pa.string())] * len(header), names=list(header))
    try:
        return _arrow_table(data, dialect, list(header))
    except pa.ArrowInvalid as fault:
        raise ChangedSinceChecked(problem=str(fault)) from fault


def split_records(block: bytes, dialect: Dialect) -> list[bytes]:
    """The raw bytes of each record, its line end included (the last may lack one), blank lines left out.

    As many as parse_block has rows; the block must begin at a record's start, as those of open_csv do.
    """
    if b'"' not in block and unit_bytes(dialect.encoding) == 1:
        lines = block.splitlines(keepends=True)
        return [line for line in lines if line not in _BLANK]
    bounds = records.scan(block, dialect, final=True)
    return [block[start:end] for start, end in records.spans(block, bounds.ends, dialect)]


def read_table(source: BinaryIO, dialect: Dialect, *, max_rows: int | None = None) -> pa.Table:
    """The whole file, or its first max_rows records, as text columns. Raises ChangedSinceChecked."""
    stream = open_csv(source, dialect)
    parts = [parse_block(b"", stream.header, dialect)]
    n_rows = 0
    for block in stream.blocks:
        parts.append(parse_block(block, stream.header, dialect))
        n_rows += parts[-1].num_rows
        if max_rows is not None and n_rows >= max_rows:
            break
    return pa.concat_tables(parts).slice(0, max_rows)


def cells_of(record: bytes, dialect: Dialect) -> tuple[str, ...]:
    """One record's cells as text, however many there are."""
    numbers = [str(number) for number in range(records.n_cells(record, dialect))]
    table = _arrow_table(record.decode(dialect.encoding).encode(), dialect, numbers)
    return tuple(column[0].as_py() for column in table.columns)


@dataclass(frozen=True)
class Misfit:
    """The first record of a block with another number of cells: its position among the block's records, from 0."""

    index: int
    n_cells: int


def first_misfit(block: bytes, header: Sequence[str], dialect: Dialect) -> Misfit | None:
    """The first record that has not len(header) cells; None where parse_block would succeed."""
    misfits: list[Misfit] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        misfits.append(Misfit(row.number - 1, row.actual_columns))
        return "error"

    data = block.decode(dialect.encoding).encode()
    try:
        _arrow_table(data, dialect, list(header), on_misfit=note)
    except pa.ArrowInvalid:
        return misfits[0]
    return None


def _arrow_table(
    data: bytes,
    dialect: Dialect,
    column_names: list[str],
    on_misfit: Callable[[arrow_csv.InvalidRow], str] | None = None,
) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(
            use_threads=False,
            block_size=len(data) + 1,
            column_names=column_names,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=on_misfit
        ),
        convert_options=arrow_csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )


_BLANK = frozenset((b"\n", b"\r\n", b"\r"))


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _blocks(source: BinaryIO, dialect: Dialect, block_bytes: int, *, offset: int) -> Iterator[bytes]:
    held = b""
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
