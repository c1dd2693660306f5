"""From the cells that a file spells to clean ones: plain numbers in one spelling, missing cells empty."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.csv.number_formats import Spelling


def clean(table: pa.Table, dialect: Dialect) -> pa.Table:
    """The table with every column that has a rule rewritten by it; the others are the same arrays.

    table: (n,) rows of text, columns in the file's order.  Clean numbers have the dialect's decimal mark.
    """
    for rule in dialect.rules:
        if rule.column < table.num_columns and (rule.missing or rule.is_number):
            column = table.column(rule.column).combine_chunks()
            name = table.column_names[rule.column]
            table = table.set_column(rule.column, name, cleaned(column, rule, dialect.decimal))
    return table


def cleaned(column: pa.Array, rule: ColumnRule, decimal: str) -> pa.Array:
    """(n,) the column's clean cells."""
    if rule.missing:
        spelled = pc.ascii_lower(pc.utf8_trim_whitespace(column))
        column = pc.if_else(pc.is_in(spelled, value_set=pa.array(rule.missing, pa.string())), "", column)
    if rule.is_number:
        column = Spelling(rule.decimal, rule.thousands, rule.mark).plain(column, decimal)
    return column
