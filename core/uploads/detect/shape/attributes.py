"""Lines above a table of two columns that give attributes of it: a key and what it is, with no blank line between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.uploads.csv import number_formats
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import first_rows

_FEWEST = 3
_FEWEST_BELOW = 5
_MOST = 40
_VALUES = 1
_TITLE = re.compile(
    r"(title|titel|titre|t[íi]tulo|titolo|series( name)?|name|indicator|variable)\W*", re.IGNORECASE
)


def first_row(rows: Sequence[Row], measures: frozenset[int], width: int) -> int:
    """The index of the first row of values; 0 where the first lines are no attributes.

    They are if at least three of them have words, and none a number, where all rows below have measures.
    """
    if width != _VALUES + 1 or _VALUES not in measures or len(rows) < _FEWEST + _FEWEST_BELOW:
        return 0
    worded = [index for index, row in enumerate(rows[:_MOST]) if _has_word(row)]
    if len(worded) < _FEWEST or worded[0] > 0:
        return 0
    first = worded[-1] + 1
    while first < len(rows) and not _value(rows[first]):
        first += 1
    keys = [row.cells[0].strip() for row in rows[:first]]
    if len(set(keys)) < len(keys) or not all(keys) or any(map(cell_patterns.is_measure, keys)):
        return 0
    has_number = any(number_formats.of(_value(row)) is not None for row in rows[:first])
    return 0 if has_number or not _is_series(rows[first:]) else first


def _is_series(rows: Sequence[Row]) -> bool:
    """Whether rows hold measures, or nothing, of periods: what each begins with has a digit."""
    values = [_value(row) for row in rows if _value(row)]
    if len(values) < _FEWEST_BELOW or not all(any(map(str.isdigit, row.cells[0])) for row in rows):
        return False
    return all(cell_patterns.is_measure(cell) or first_rows.is_missing(cell) for cell in values)


def title(rows: Sequence[Row]) -> str:
    """What the lines call the series; "" where they don't."""
    return next((_value(row) for row in rows if is_title(row.cells[0])), "")


def is_title(key: str) -> bool:
    """Whether a key says that a title stands beside it."""
    return _TITLE.fullmatch(key.strip()) is not None


def _value(row: Row) -> str:
    return row.cells[_VALUES].strip() if len(row.cells) > _VALUES else ""


def _has_word(row: Row) -> bool:
    cell = _value(row)
    return bool(cell) and not cell_patterns.is_measure(cell) and not first_rows.is_missing(cell)
