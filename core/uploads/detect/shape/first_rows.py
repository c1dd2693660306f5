"""Whether a row that might be the header is a row of values, or one of words above values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from core.uploads.csv import cells
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import headings

_LOOKED_AT = 200
_LIKE_BELOW = 0.5
_FEWEST_ROWS, _FEWEST_YEARS = 3, 4
_YEAR = re.compile("(1[89]|20)[0-9]{2}")
_LARGE = re.compile("[0-9]{5,}|[0-9]+[.,][0-9]+")
_DIGITS = re.compile("[0-9]+")


def is_missing(cell: str) -> bool:
    """Whether a cell spells "no value" where the others are numbers or dates."""
    folded = cell.strip().lower()
    return folded in cells.MISSING or folded in cell_patterns.MISSING_AMONG_NUMBERS


def is_worded(row: Row, measures: Iterable[int]) -> bool:
    """Whether words stand wherever the columns hold measures, and in one of these at least."""
    there = [row.cells[column].strip() for column in measures if column < len(row.cells)]
    valued = [cell for cell in there if cell and not is_missing(cell)]
    return bool(valued) and not any(cell_patterns.is_measure(cell) for cell in valued)


def is_data(row: Row, body: Sequence[Row], measures: frozenset[int]) -> bool:
    """Whether a row that might be the header is one of values: measures, or nothing, where the columns hold measures;
    where no measure shows, values that come again below. body: the rows below it.
    """
    if not body or (
        len(body) > 1 and is_worded(body[0], measures) and not is_data(body[0], body[1:], measures)
    ):
        return False
    there = [row.cells[column].strip() for column in measures if column < len(row.cells)]
    filled = [cell for cell in there if cell]
    valued = [cell for cell in filled if not is_missing(cell)]
    if not all(map(cell_patterns.is_measure, valued)):
        return False
    if not valued:
        return _is_like_below(row, body, measures)
    if len(filled) < 0.5 * len(measures) or _names_years(row, body[0]):
        return False
    numbers = [cell for cell in row.cells if cell_patterns.is_measure(cell)]
    are_names = headings.count_up(valued) or headings.count_up(numbers)
    return not are_names or _are_dates_too(body[0], measures)


def first_of(rows: Sequence[Row], at: int, measures: frozenset[int], width: int) -> int:
    """The index of the first of the rows of values directly above this one, which have fewer cells that hold something
    and begin with one.
    """
    while (
        at
        and rows[at].line == rows[at - 1].line + 1
        and len(rows[at - 1].cells) == width
        and rows[at - 1].cells[0].strip()
        and is_data(rows[at - 1], rows[at:], measures)
    ):
        at -= 1
    return at


def names_some(row: Row, below: Row, measures: frozenset[int], width: int) -> bool:
    """Whether the line directly above the first row names some of the columns, of measures one at least."""
    is_near = below.line == row.line + 1 + sum(cell.count("\n") for cell in row.cells)
    return is_near and len(row.cells) == width and row.n_filled > 1 and is_worded(row, measures)


def is_named_above(rows: Sequence[Row], at: int) -> bool:
    """Whether the line directly above a row begins with a gap and has words above all its numbers, of which one is
    large or has a decimal mark, and above nothing else: their names.
    """
    if not at or rows[at].line != rows[at - 1].line + 1 or len(rows[at - 1].cells) != len(rows[at].cells):
        return False
    named = [
        (name.strip(), cell.strip())
        for name, cell in zip(rows[at - 1].cells, rows[at].cells, strict=True)
        if name.strip()
    ]
    return (
        len(named) > 1
        and not rows[at - 1].cells[0].strip()
        and all(headings.is_word(name) and not headings.is_word(cell) for name, cell in named)
        and any(_LARGE.fullmatch(cell) for _, cell in named)
    )


def is_only_row(row: Row) -> bool:
    """Whether a file's only line is a row and no header: half of its cells are measures, which don't count up."""
    valued = [cell.strip() for cell in row.cells if cell.strip() and not is_missing(cell)]
    measured = [cell for cell in valued if cell_patterns.is_measure(cell)]
    return 0 < len(valued) <= 2 * len(measured) and not headings.count_up(measured)


def _names_years(row: Row, below: Row) -> bool:
    """Whether all numbers of a row are years in their order, and the row below has none in those columns."""
    numbers = {column: cell for column, cell in enumerate(row.cells) if cell_patterns.is_measure(cell)}
    years = [cell.strip() for cell in numbers.values()]
    if len(numbers) < 2 or not (
        headings.count_up(list(numbers.values())) or _ascend(years) or _come_again(years)
    ):
        return False
    there = [below.cells[column].strip() for column in numbers if column < len(below.cells)]
    return all(_YEAR.fullmatch(year) for year in years) and not any(_YEAR.fullmatch(cell) for cell in there)


def _ascend(years: Sequence[str]) -> bool:
    """Whether these are several years, each after the one before, as of a survey that is made now and then."""
    return len(years) >= _FEWEST_YEARS and _ascends(years)


def _ascends(years: Sequence[str]) -> bool:
    return all(one < after for one, after in pairwise(years))


def _come_again(years: Sequence[str]) -> bool:
    """Whether these are the same years counted up several times, as below heads that each stand above all of them."""
    n_distinct = len(set(years))
    first = years[:n_distinct]
    return (
        1 < n_distinct < len(years)
        and list(years) == [*first] * (len(years) // n_distinct)
        and _ascends(first)
    )


def _are_dates_too(row: Row, measures: frozenset[int]) -> bool:
    """Whether a row has a date or a time in each column of measures: such names are no heading of it."""
    return all(
        column < len(row.cells) and cell_patterns.is_calendar(row.cells[column]) for column in measures
    )


def _is_like_below(row: Row, body: Sequence[Row], measures: frozenset[int]) -> bool:
    """Whether at least half of its words, and two, or one beside a missing number, come again in their columns."""
    words = {
        column: cell.strip()
        for column, cell in enumerate(row.cells)
        if column not in measures and cell.strip() and not is_missing(cell)
    }
    others = [one for one in body[:_LOOKED_AT] if one.cells != row.cells]
    if not words or len(others) < _FEWEST_ROWS - 1:
        return False
    below = {
        column: {one.cells[column].strip() for one in others if column < len(one.cells)} for column in words
    }
    again = [column for column, cell in words.items() if cell in below[column]]
    counted = [
        column
        for column, cell in words.items()
        if column not in again and _DIGITS.search(cell) and _is_counted(cell, below[column])
    ]
    lacks_number = any(_says_nothing(row, column, others) for column in measures if column < len(row.cells))
    enough = 1 if lacks_number else 2
    return len(again) >= enough - bool(counted) and len(again) + len(counted) >= max(
        enough, _LIKE_BELOW * len(words)
    )


def _says_nothing(row: Row, column: int, others: Iterable[Row]) -> bool:
    """Whether a row's cell among numbers stands for none: a column may be called "x" or "nr", too, unless it says so
    again.
    """
    cell = row.cells[column].strip().lower()
    return bool(cell) and (
        cell in cells.MISSING
        or any(column < len(one.cells) and one.cells[column].strip().lower() == cell for one in others)
    )


def comes_again(row: Row, body: Sequence[Row]) -> bool:
    """Whether all that a row holds comes again in its columns below."""
    filled = [(column, cell) for column, cell in enumerate(row.cells) if cell.strip()]
    others = body[:_LOOKED_AT]
    return bool(filled) and all(
        any(column < len(one.cells) and one.cells[column] == cell for one in others)
        for column, cell in filled
    )


def _is_counted(cell: str, below: Iterable[str]) -> bool:
    """Whether most cells below have its words with other numbers: "Table 1" above "Table 2"."""
    stem = _DIGITS.sub("0", cell)
    stems = [_DIGITS.sub("0", one) for one in below if one]
    return stems.count(stem) > len(stems) / 2
