"""Headers of more than one line: names grouped by lines above them, and lines below that explain them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.uploads.csv import cells as cell_spellings
from core.uploads.csv import loose_numbers
from core.uploads.csv.number_formats import Spelling
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import joined_names

_WHOLE = re.compile("[0-9]{1,18}")
_INFINITE = re.compile("[+-]?(?:inf|infinity|∞)")
_MOST_LINES = 5
_SPARSE = 0.5
_WORDED = 0.8
_COVERED = 0.6
_MOSTLY = 0.9
_LOOKED_AT = 50
_FEWEST_BELOW = 3
_FEWEST_WORDS = 3


@dataclass(frozen=True)
class HeaderLines:
    """A header of several lines. joined: the indexes of its rows; the names they give together, one a column;
    below: rows under the last of them that explain the names and are no data. is_doubtful: a name may belong to more of
    the columns, or to fewer.
    """

    joined: tuple[int, ...]
    names: tuple[str, ...]
    below: tuple[Row, ...]
    is_doubtful: bool = False


def find(
    rows: Sequence[Row], at: int, measures: frozenset[int], width: int, *, is_data: bool
) -> HeaderLines | None:
    """The lines around the one that looks like the header that are part of it; None where it is that line alone.

    is_data: the row at `at` is the first of values, so that the header can only stand above it.
    """
    if not measures:
        return _complementary(rows, at, width)
    first_row = at if is_data else _first_row(rows, at, measures)
    top = first_row if is_data else at
    while top > 0 and first_row - top < _MOST_LINES and _may_group(rows, top - 1, measures, width):
        top -= 1
    lines = [index for index in range(top, first_row) if not _is_rule(rows[index])]
    if not lines or (len(lines) == 1 and not is_data):
        return None
    main = next((index for index in lines if _is_complete(rows[index], width)), None)
    first_named = main
    if main is not None and any(not cell.strip() for cell in rows[main].cells[1:]):
        full = (
            index for index in lines if rows[index].n_filled == width and _is_complete(rows[index], width)
        )
        main = next(full, main)
    if main is None:
        return _all_joined(rows, lines, width, is_data=is_data)
    above = [
        index
        for index in lines
        if index < main and (_is_group_line(rows[index], width) or _fills_gaps(rows[index], rows[main]))
    ]
    below = [index for index in lines if index > main]
    sparse = [index for index in below if rows[index].n_filled <= _SPARSE * width]
    adding = [index for index in below if sparse and index <= sparse[-1]]
    if below and _names_gaps(rows[main], [rows[index] for index in below]):
        adding = below
    if not above and not adding:
        alone = HeaderLines((main,), rows[main].cells, explaining(rows, main, measures))
        return alone if is_data or main != first_named else None
    joined = (*above, main, *adding)
    dropped = tuple(rows[index] for index in below if index > joined[-1])
    spread = [joined_names.spread(rows[index].cells, measures) for index in adding]
    own = [rows[index].cells for index in adding]
    lines_ = [*(rows[index].cells for index in above), joined_names.grouped(rows[main].cells, own), *spread]
    names, is_doubtful = joined_names.joined(lines_, n_filled=len(above))
    return HeaderLines(joined, names, dropped, is_doubtful or spread != own)


def _complementary(rows: Sequence[Row], at: int, width: int) -> HeaderLines | None:
    """Two lines of names where no column holds measures: the lower begins with a gap, as hardly a row does, and names
    each column that the upper leaves unnamed.
    """
    below = rows[at + 2 : at + 2 + _LOOKED_AT]
    if width < 3 or len(below) < 2 or at + 1 >= len(rows) or rows[at + 1].cells[0].strip():
        return None
    is_begun = sum(bool(row.cells[0].strip()) for row in below) >= _MOSTLY * len(below)
    if not is_begun or not _fills_gaps(rows[at + 1], rows[at]):
        return None
    lines = (at, at + 1)
    names, is_doubtful = joined_names.joined([rows[index].cells for index in lines], n_filled=1)
    return HeaderLines(lines, names, (), is_doubtful)


def _all_joined(
    rows: Sequence[Row], lines: Sequence[int], width: int, *, is_data: bool
) -> HeaderLines | None:
    """All lines joined, where that names more columns, or tells more of them apart, than any one does.

    Else the first of the two lines above two columns, of which the lower tells the unit of the second.
    """
    names, is_doubtful = joined_names.joined([rows[index].cells for index in lines], n_filled=len(lines) - 1)
    n_named = len({name for name in names if name})
    best = max(len({cell.strip() for cell in rows[index].cells if cell.strip()}) for index in lines)
    if width == 2 and not is_data and n_named == 1 and not names[0]:
        return HeaderLines((lines[0],), rows[lines[0]].cells, tuple(rows[index] for index in lines[1:]))
    if n_named < _COVERED * width or (n_named <= best and not is_data):
        return None
    return HeaderLines(tuple(lines), names, (), is_doubtful)


def _first_row(rows: Sequence[Row], at: int, measures: frozenset[int]) -> int:
    """The first row of values below the one that looks like the header."""
    gaps = {column for column, cell in enumerate(rows[at].cells) if not cell.strip()}
    index = at + 1
    while index < len(rows) - 1 and index - at < _MOST_LINES - 1:
        row = rows[index]
        filled = {column for column, cell in enumerate(row.cells) if cell.strip()}
        fills_gaps = bool(filled) and filled <= gaps and bool(gaps - set(measures))
        if not (fills_gaps or _is_rule(row) or _is_dense(row, measures) or _qualifies(rows, index, measures)):
            break
        gaps -= filled
        index += 1
    return index


def worded(row: Row, measures: frozenset[int]) -> tuple[list[str], list[str]]:
    """The cells in the columns of measures that hold something, and those of them that are words."""
    there = [row.cells[column].strip() for column in measures if column < len(row.cells)]
    filled = [cell for cell in there if cell]
    return filled, [cell for cell in filled if is_word(cell)]


def is_word(cell: str) -> bool:
    """Whether a cell is neither a measure, nor a range of one, nor a spelling of "no value"."""
    folded = cell.lower()
    return not (
        cell_patterns.is_measure(cell)
        or folded in cell_patterns.MISSING_AMONG_NUMBERS
        or folded in cell_spellings.MISSING
        or _is_range(cell)
        or _INFINITE.fullmatch(folded) is not None
        or any(loose_numbers.loosely(cell, Spelling(mark), mark) is not None for mark in ".,")
    )


def _is_dense(row: Row, measures: frozenset[int]) -> bool:
    """Whether words stand in most columns of measures."""
    filled, words = worded(row, measures)
    if len(measures) < 2 or len(filled) < 2 or len(filled) < _SPARSE * len(measures):
        return False
    return len(words) >= _WORDED * len(filled)


def _qualifies(rows: Sequence[Row], index: int, measures: frozenset[int]) -> bool:
    """Whether a row holds nothing but words or years above some measures, while the rows below begin with something."""
    row = rows[index]
    filled, words = worded(row, measures)
    are_names = (len(words) == len(filled) > 0) or (
        _are_years(filled) and row.n_filled <= _SPARSE * len(row.cells)
    )
    if not are_names or row.n_filled != len(filled) or row.cells[0].strip():
        return False
    below = rows[index + 1 : index + 1 + _LOOKED_AT]
    return sum(bool(one.cells[0].strip()) for one in below) >= _MOSTLY * len(below)


def _may_group(rows: Sequence[Row], index: int, measures: frozenset[int], width: int) -> bool:
    """Whether the row stands directly above the next and may be a line of the header: several cells, no values."""
    row = rows[index]
    n_lines = 1 + sum(cell.count("\n") for cell in row.cells)
    if row.line + n_lines != rows[index + 1].line or row.n_filled < 2 or len(row.cells) < _MOSTLY * width:
        return False
    if row.cells[0].lstrip().startswith("#") or cell_patterns.is_note(row.cells[0]):
        return False
    filled, words = worded(row, measures)
    return len(words) == len(filled) or count_up(filled)


def _is_group_line(row: Row, width: int) -> bool:
    """Whether a line above complete names groups them: it begins with a gap, and has more of them or repeats a name."""
    cells = [cell.strip() for cell in row.cells]
    is_repeated = any(one == next_ != "" for one, next_ in itertools.pairwise(cells))
    return not cells[0] and row.n_filled >= 2 and (row.n_filled < width - 1 or is_repeated)


def _names_gaps(names: Row, below: Sequence[Row]) -> bool:
    """Whether lines below names have a word for each column that these leave unnamed, of which the first is one."""
    gaps = [column for column, cell in enumerate(names.cells) if not cell.strip()]
    return 0 in gaps and all(
        any(column < len(row.cells) and row.cells[column].strip() for row in below) for column in gaps
    )


def _fills_gaps(row: Row, names: Row) -> bool:
    """Whether a line names every column that the names below it leave unnamed."""
    gaps = [column for column, cell in enumerate(names.cells) if not cell.strip()]
    return bool(gaps) and all(column < len(row.cells) and row.cells[column].strip() for column in gaps)


def _is_complete(row: Row, width: int) -> bool:
    named = [cell.strip() for cell in row.cells if cell.strip()]
    return len(named) >= min(width, len(row.cells)) - (width > 2) and len(set(named)) == len(named)


def _is_rule(row: Row) -> bool:
    return row.n_filled > 0 and all(set(cell.strip()) <= set("-=+:_") for cell in row.cells)


def explaining(rows: Sequence[Row], at: int, measures: frozenset[int]) -> tuple[Row, ...]:
    """Rows directly below the header that hold words where the columns hold measures: labels, units, rules."""
    found: list[Row] = []
    for row in rows[at + 1 : at + 4]:
        if _numbers_columns(row) and at + 1 + len(found) + 1 < len(rows):
            found.append(row)
            continue
        filled, words = worded(row, measures)
        is_units = len(measures) > 1 and len(filled) >= 2 and len(words) >= _WORDED * len(filled)
        is_units = is_units and len(filled) >= _SPARSE * len(measures)
        is_units = is_units or (not found and _labels_only_measure(rows, at, measures))
        is_units = is_units or (not found and _asks_questions(rows, at))
        if not (_is_rule(row) or is_units) or at + 1 + len(found) + 1 >= len(rows):
            break
        found.append(row)
    return tuple(found)


def _numbers_columns(row: Row) -> bool:
    """Whether a row does nothing but number the columns in brackets: (1), (2), (3)."""
    cells = [cell.strip() for cell in row.cells]
    are_bracketed = all(cell[:1] in ("(", "[") and cell[-1:] in (")", "]") for cell in cells)
    return (
        len(cells) > 2
        and are_bracketed
        and [cell[1:-1] for cell in cells] == [str(n + 1) for n in range(len(cells))]
    )


def _asks_questions(rows: Sequence[Row], at: int) -> bool:
    """Whether the row below the header has several words in each column, where no row below it has that many."""
    row, below = rows[at + 1], rows[at + 2 : at + 2 + _LOOKED_AT]
    n_words = [len(cell.split()) for cell in row.cells]
    if len(below) < _FEWEST_BELOW or len(n_words) < 2 or min(n_words) < _FEWEST_WORDS:
        return False
    return all(
        len(cell.split()) < least for one in below for cell, least in zip(one.cells, n_words, strict=False)
    )


def _labels_only_measure(rows: Sequence[Row], at: int, measures: frozenset[int]) -> bool:
    """Whether the row below the header has words in each column, and no row below it one where there are measures."""
    below = [row for row in rows[at + 2 : at + 2 + _LOOKED_AT] if row.n_filled > 1]
    if len(measures) != 1 or len(below) < _FEWEST_BELOW or rows[at + 1].n_filled < len(rows[at].cells):
        return False
    (column,) = measures
    return bool(worded(rows[at + 1], measures)[1]) and all(
        column < len(row.cells) and cell_patterns.is_measure(row.cells[column]) for row in below
    )


def _are_years(cells: Sequence[str]) -> bool:
    return all(len(cell) == 4 and cell.isdigit() for cell in cells) and count_up(cells)


def count_up(cells: Sequence[str]) -> bool:
    """Whether these are names as statistics have them: years, or months and days counted up.

    A name that stands above several columns may be repeated.
    """
    cells = [cell for cell, _ in itertools.groupby(cells)]
    digits = [cell.strip("()* ") for cell in cells]
    if not all(_WHOLE.fullmatch(cell) for cell in digits):
        return len(cells) > 2 and len(set(cells)) == len(cells) and all(map(cell_patterns.is_calendar, cells))
    numbers = [int(cell) for cell in digits]
    are_years = all(1800 <= number <= 2100 for number in numbers)
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return (are_years and (len(numbers) > 1) and 0 not in steps and len(steps) == 1) or (
        len(numbers) > 2 and steps in ({1}, {-1})
    )


def _is_range(cell: str) -> bool:
    return cell[:1] in "<>~≤≥"
