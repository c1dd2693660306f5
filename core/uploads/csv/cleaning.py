"""From the cells that a file spells to clean ones: plain numbers in one spelling, missing cells empty."""

from __future__ import annotations

import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import loose_numbers, plain_signs
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.csv.number_formats import Spelling

_SCALES = {"fractions": 2, "hundredths": -2}
_PLAIN = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


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
        spelled = pc.utf8_lower(pc.utf8_trim_whitespace(column))
        column = pc.if_else(pc.is_in(spelled, value_set=pa.array(rule.missing, pa.string())), "", column)
    if not rule.is_number:
        return column
    spelling = Spelling(rule.decimal, rule.thousands, rule.mark)
    numbers = spelling.plain(column, decimal)
    if rule.scale:
        numbers = _scaled(numbers, column, rule, decimal)
    return _loose(numbers, column, rule, decimal) if rule.is_loose else numbers


def _scaled(numbers: pa.Array, column: pa.Array, rule: ColumnRule, decimal: str) -> pa.Array:
    """Percentages on the column's scale. numbers: (n,) plain ones. column: (n,) as they were spelled."""
    has_mark = pc.match_substring(column, rule.mark)
    is_moved = has_mark if rule.scale == "hundredths" else pc.invert(has_mark)
    encoded = numbers.dictionary_encode()
    moved = [_moved(text, _SCALES[rule.scale], decimal) for text in encoded.dictionary.to_pylist()]
    return pc.if_else(is_moved, pa.array(moved, pa.string()).take(encoded.indices), numbers)


def _moved(text: str, n_places: int, decimal: str) -> str:
    """The number with its decimal mark moved by so many places; what is no plain number as it stands."""
    plain = text.strip().replace(decimal, ".")
    if _PLAIN.fullmatch(plain) is None:
        return text
    return format(Decimal(plain).scaleb(n_places), "f").replace(".", decimal)


def _loose(numbers: pa.Array, column: pa.Array, rule: ColumnRule, decimal: str) -> pa.Array:
    """With the cells that are nearly numbers as `loose_numbers.loosely` reads them, and words for numbers as those."""
    spelling = Spelling(rule.decimal, rule.thousands, rule.mark)
    is_odd = pc.invert(pc.match_substring_regex(plain_signs.folded(column), spelling.pattern))
    is_odd = pc.and_(is_odd, pc.not_equal(column, ""))
    if not pc.any(is_odd).as_py():
        return numbers
    words = {word: number.replace(".", decimal) for word, number in rule.words}
    encoded = column.filter(is_odd).dictionary_encode()
    read = [
        words.get(text.strip().lower())
        or loose_numbers.loosely(text, spelling, decimal, rule.suffixes)
        or text
        for text in encoded.dictionary.to_pylist()
    ]
    return pc.replace_with_mask(numbers, is_odd, pa.array(read, pa.string()).take(encoded.indices))
