"""The bytes of whole records as cells of text, by Arrow's reader."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
from pyarrow import csv as arrow_csv

from core.uploads.csv import layout, records, repairs
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import Rewriting
from core.uploads.csv.units import unit_bytes
from core.uploads.errors import ChangedSinceChecked


@dataclass(frozen=True)
class ParsedBlock:
    """The cells of a block as the file spells them; its layout, in UTF-8, where not every record was a whole row."""

    table: pa.Table
    layout: layout.Layout | None


def block_of(block: bytes, header: list[str], dialect: Dialect) -> ParsedBlock:
    """A block of whole records. Raises ChangedSinceChecked where they are not what the dialect provides for."""
    data, found = _in_utf8(block, dialect), None
    if any((text.rstrip(dialect.delimiter) or text).encode() in data for text in dialect.not_rows):
        data, found = _regular(data, dialect, len(header))
    if not data:
        empty = [pa.array([], pa.string())] * len(header)
        return ParsedBlock(pa.Table.from_arrays(empty, names=header), found)
    try:
        return ParsedBlock(_table(data, dialect, header), found)
    except pa.ArrowInvalid as error:
        if not dialect.is_ragged or found is not None:
            raise ChangedSinceChecked(problem=str(error)) from error
    data, found = _regular(data, dialect, len(header))
    try:
        return ParsedBlock(_table(data, dialect, header), found)
    except pa.ArrowInvalid as error:
        raise ChangedSinceChecked(problem=str(error)) from error


def cells_of(record: bytes, dialect: Dialect) -> tuple[str, ...]:
    """One record's cells as text, however many there are."""
    if unit_bytes(dialect.encoding) == 1 and not dialect.escapechar:
        record = record.rstrip(b"\r\n") or record
    marks = Dialect(
        dialect.encoding,
        dialect.delimiter,
        dialect.quotechar,
        escapechar=dialect.escapechar,
        rewriting=Rewriting(repairs=dialect.repairs) if dialect.repairs else None,
    )
    return _cells_of(record, marks)


@lru_cache(maxsize=8)  # a header is asked for by those who look for rows and by those who name columns
def _cells_of(record: bytes, dialect: Dialect) -> tuple[str, ...]:
    numbers = [str(number) for number in range(records.n_cells(record, dialect))]
    data = records.settled(record, dialect).decode(dialect.encoding).encode()
    return tuple(column[0].as_py() for column in _table(data, dialect, numbers).columns)


def for_arrow(data: bytes) -> bytes:
    """UTF-8 of which Arrow reads everything: it would leave out a byte order mark at the beginning of any block."""
    return b"\n" + data if data.startswith(codecs.BOM_UTF8) else data


def _in_utf8(block: bytes, dialect: Dialect) -> bytes:
    block = records.settled(block, dialect)
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


def _table(data: bytes, dialect: Dialect, column_names: list[str]) -> pa.Table:
    table = arrow_csv.read_csv(
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
    return repairs.cells(table, dialect.repairs) if dialect.repairs and repairs.may_change(data) else table
