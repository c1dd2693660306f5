"""Result files as Parquet: the same cells, with numbers where every cell of a column is a plain number.

"007", "1,234" and "+49" stay text, and so does a column with one such cell: a type is only given where the
value says all that the cell said. Blank cells become nulls. The columns that scoring added have the same type in
every file: probabilities and a regression's numbers are float64, cautions and reasons text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.predictions.errors import ResultUnreadable
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

ROWS_A_GROUP = 100_000
BLOCK_BYTES = 4 << 20
# 15 digits survive a float and 18 an int64, whatever they are
_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
_DECIMAL = r"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_DIGITS_KEPT = 15
_LONGEST = 24


@dataclass
class _ColumnTypes:
    """What a column's cells have all been so far."""

    whole: bool = True
    decimal: bool = True
    filled: bool = False

    def look(self, cells: pa.Array) -> None:
        """Take the cells, with a point as the decimal mark and nulls for blanks, into account."""
        present = cells.drop_null()
        if len(present) == 0:
            return
        self.filled = True
        self.whole = self.whole and _all_match(present, _WHOLE)
        self.decimal = self.decimal and (self.whole or _are_decimals(present))

    def fits(self, kind: pa.DataType) -> bool:
        """Whether the type holds every cell."""
        return kind != pa.float64() or self.decimal

    @property
    def type(self) -> pa.DataType:
        """The narrowest type that holds every cell."""
        if self.filled and self.whole:
            return pa.int64()
        return pa.float64() if self.filled and self.decimal else pa.string()


def types_of_added(added: Mapping[str, Any]) -> dict[str, pa.DataType]:
    """Added column → its type; predicted labels are typed by their cells, as the outcomes in the file are.

    added: the `columns` of a prediction.
    """
    texts = [*filter(None, [added.get("caution")]), *added.get("reasons", ())]
    answers = [name for name in added.get("added", ()) if name not in texts]
    numbers = answers if len(answers) == 1 else answers[1:]
    return dict.fromkeys(numbers, pa.float64()) | dict.fromkeys(texts, pa.string())


def to_parquet(
    source: BinaryIO,
    sink: BinaryIO,
    dialect: Dialect,
    *,
    types: Mapping[str, pa.DataType] = MappingProxyType({}),
) -> int:
    """Write the CSV in the source to the sink as Parquet; the number of rows.

    source: seekable, at its first byte; it is read twice, first for the types, then for the values.
    types: of columns whose type is known beforehand; one that a cell does not fit is found as for any other.
    Raises ResultUnreadable when it changes in between.
    """
    start = source.tell()
    file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
    seen = {name: _ColumnTypes() for name in file.header}
    for block in file.blocks:
        table = stream.parse_block(block, file.header, dialect)
        for name, column in seen.items():
            if column.decimal or column.whole:
                column.look(_plain(table.column(name), dialect))
    found = {name: column.type for name, column in seen.items()}
    found |= {name: kind for name, kind in types.items() if name in seen and seen[name].fits(kind)}
    schema = pa.schema(list(found.items()))

    source.seek(start)
    file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
    if list(file.header) != schema.names:
        raise ResultUnreadable
    n_rows = 0
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for block in file.blocks:
            table = _typed(stream.parse_block(block, file.header, dialect), schema, dialect)
            writer.write_table(table, row_group_size=ROWS_A_GROUP)
            n_rows += table.num_rows
    return n_rows


def _typed(table: pa.Table, schema: pa.Schema, dialect: Dialect) -> pa.Table:
    columns = [
        _nulled(table.column(field.name))
        if field.type == pa.string()
        else _plain(table.column(field.name), dialect)
        for field in schema
    ]
    try:
        return pa.table(columns, names=schema.names).cast(schema)
    except pa.ArrowInvalid as changed:
        raise ResultUnreadable from changed


def _nulled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    is_blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    return pc.if_else(is_blank, pa.scalar(None, pa.string()), column)


def _plain(column: pa.ChunkedArray, dialect: Dialect) -> pa.ChunkedArray:
    """The cells with a point as the decimal mark; one that has a point already becomes unreadable."""
    if dialect.decimal == ".":
        return _nulled(column)
    pointed = pc.replace_substring(column, dialect.decimal, ".")
    return _nulled(pc.if_else(pc.match_substring(column, "."), pa.scalar("no number"), pointed))


def _all_match(cells: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(cells, pattern)).as_py())


def _are_decimals(cells: pa.Array) -> bool:
    if pc.max(pc.utf8_length(cells)).as_py() > _LONGEST or not _all_match(cells, _DECIMAL):
        return False
    digits = pc.replace_substring_regex(cells, r"[eE].*$|[^0-9]", "")
    digits = pc.utf8_ltrim(digits, "0")
    return bool(pc.max(pc.utf8_length(digits)).as_py() <= _DIGITS_KEPT)
