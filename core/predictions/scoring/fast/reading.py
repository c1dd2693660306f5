"""A block's cells as the tables need them: numbers as float64 and texts as dictionaries, straight from the bytes.

Only what Arrow reads without doubt is read here. A block with a cell that it takes for no number, with a record of
another width, or with a character to repair, is left to the pipeline scorer, whose reading is the rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from core.models.schema import Schema
from core.uploads.csv import cells, parsing, repairs
from core.uploads.csv.dialect import Dialect

_TEXT = pa.dictionary(pa.int32(), pa.string())


class Reader:
    """Reads blocks of one file: the schema's features, and its outcomes where the file has them."""

    def __init__(self, header: Sequence[str], dialect: Dialect, schema: Schema) -> None:
        """header: under the model's names. dialect: a plain one."""
        types = {
            feature.name: pa.float64() if feature.kind == "number" else _TEXT for feature in schema.features
        }
        if schema.target in header:
            types[schema.target] = pa.string() if schema.task == "regression" else _TEXT
        self._numbers = [feature.name for feature in schema.features if feature.kind == "number"]
        self._dialect = dialect
        self._header = list(header)
        self._parse = arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True)
        self._convert = arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=_spellings(),
            strings_can_be_null=False,
            decimal_point=dialect.decimal,
        )

    def read(self, block: bytes) -> pa.Table | None:
        """(n records) rows, each column in one chunk; None without any, or where one is in doubt.

        Numbers are finite, and null where missing; texts are as they stand.
        """
        encoding = self._dialect.encoding
        data = parsing.for_arrow(block if encoding == "utf-8" else block.decode(encoding).encode())
        if self._dialect.repairs and repairs.may_change(data):
            return None
        read = arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=self._header)
        try:
            table = arrow_csv.read_csv(pa.BufferReader(data), read, self._parse, self._convert)
        except pa.ArrowInvalid:
            return None
        if table.num_rows == 0 or any(column.num_chunks != 1 for column in table.columns):
            return None
        for name in self._numbers:
            column = table.column(name)
            if np.isfinite(column.to_numpy()).sum() != len(column) - column.null_count:
                return None
        return table


def _spellings() -> list[str]:
    """Cells of a number column that read as missing, as exact texts; every one of them is so in `cells` too."""
    lower = [" ", *cells.MISSING]
    spelled = sorted({way for text in lower for way in (text, text.upper(), text.title())} | {"NaN"})
    return [
        text for text, missing in zip(spelled, cells.is_missing(pa.array(spelled)), strict=True) if missing
    ]
