"""Lines at the head of what looks like a table that its rows contradict: attributes of columns, keys and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.uploads.csv import number_formats
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import attributes, headings, marked_names, widths

_MOST = 60
_FEWEST_ODD = 2
_FEWEST_ROWS = 3
_IN_A_ROW = 3
_LIKE_THE_REST = 0.9
_LOOKED_AT = 200
_FEWEST_ATTRIBUTES = 3
_LARGE = 0.4


@dataclass(frozen=True)
class Rules:
    """What the cells of columns have in common. measures: columns of numbers, dates or times; shaped: columns in which
    nearly all cells have the same digits and letters, as periods do.
    """

    measures: frozenset[int]
    shaped: frozenset[int]

    @classmethod
    def of(cls, body: Sequence[Row], width: int) -> Rules:
        """The rules of rows. width: how many columns are looked at."""
        measures = widths.measure_columns(body, width)
        return cls(measures, frozenset(c for c in range(width) if c not in measures and _is_shaped(body, c)))

    def words(self, row: Row) -> tuple[int, list[tuple[int, str]]]:
        """How many cells a row has in these columns, and those of them that are words there, with their columns."""
        n, found = 0, []
        for column in sorted(self.measures | self.shaped):
            cell = row.cells[column].strip() if column < len(row.cells) else ""
            n += bool(cell)
            is_plain = column in self.shaped and not any(map(str.isdigit, cell))
            if cell and (is_plain or (column in self.measures and headings.is_word(cell))):
                found.append((column, cell))
        return n, found

    def are_broken(self, row: Row, *, throughout: bool = False) -> bool:
        """Whether half of a row's cells in these columns, or more, are words there; or it holds none of them.

        throughout: whether all are.
        """
        n, found = self.words(row)
        return row.n_filled > 0 and (1 if throughout else 2) * len(found) >= n


def first_row(rows: Sequence[Row], start: int, width: int) -> int:
    """The index of the first row of values, where the rows from `start` on are not yet such; else 0.

    They are not if the first of them, and most until three come that do, break the rules of the rows below. A word that
    comes again in its column may stand for a missing value, and a row of one cell may be a heading.
    """
    begun, stop = _largest_block(rows, start)
    rules = Rules.of(rows[(begun + stop) // 2 : stop], width)
    while start < len(rows) and start and marked_names.is_comment(rows[start]):
        start += 1
    if not rules.measures or start >= len(rows) or not rules.are_broken(rows[start]):
        return 0
    last, odd, n_worded, n_like = start, [], 0, 0
    for index in range(start, min(len(rows), start + _MOST)):
        row = rows[index]
        if marked_names.is_comment(row):
            continue
        if rules.are_broken(row):
            is_worded = bool(rules.words(row)[1])
            n_worded, n_like = n_worded + is_worded, 0
            last = index if is_worded or n_worded >= _FEWEST_ATTRIBUTES else last
            odd.append(row)
        elif row.n_filled and (n_like := n_like + 1) >= _IN_A_ROW:
            break
    rest = [row for row in rows[last + 1 : stop] if row.n_filled][:_LOOKED_AT]
    n_broken = sum(map(rules.are_broken, rest))
    told = Counter(pair for row in odd for pair in rules.words(row)[1])
    is_certain = (
        len(odd) >= max(_FEWEST_ODD, (last + 1 - start) / 2)
        and len(rest) >= _FEWEST_ROWS
        and n_broken <= (1 - _LIKE_THE_REST) * len(rest)
        and set(told.values()) == {1}
    )
    return last + 1 if is_certain else 0


def block_start(rows: Sequence[Row], first: int) -> int:
    """The first of the lines directly above a row that no blank line parts."""
    top = first - 1
    while top > 0 and rows[top - 1].n_filled and not _is_parted(rows[top - 1], rows[top]):
        top -= 1
    return top


def are_attributes(block: Sequence[Row]) -> bool:
    """Whether lines give attributes of the columns: each but the first begins with another key, and some say the same
    of two columns, or nothing of one.
    """
    named = [row.cells[0].strip() for row in block[1:]]
    if len(named) > 1 and not named[0] and block[1].n_filled < block[0].n_filled:
        named = named[1:]  # a title of the first of several series
    n_told = sum(row.n_filled > 1 for row in block)
    if n_told < _FEWEST_ATTRIBUTES or not all(named) or len(set(named)) < len(named):
        return False
    values = [[cell.strip() for cell in row.cells[1:]] for row in block]
    return any(len(cells) < 2 or "" in cells or len(set(cells)) < len(cells) for cells in values)


def n_named(block: Sequence[Row], width: int) -> int:
    """How many of the last lines, two at most, name each column otherwise: names, and units below them."""
    last, above = block[-1], block[-2:-1]
    if not _is_named(last, width):
        return 0
    has_units = any(
        _is_named(row, width) and not any(map(cell_patterns.is_measure, row.cells)) for row in above
    )
    return 1 + has_units


def _is_named(row: Row, width: int) -> bool:
    return row.n_filled == width == len({cell.strip() for cell in row.cells})


def names(block: Sequence[Row], width: int, values: Row) -> tuple[str, ...]:
    """What lines of attributes call the columns; the first has no name. values: the first row below them.

    Where that begins with a number, as points of a curve do, the lines are about all of it.
    """
    if number_formats.of(values.cells[0]) is not None:
        return ("",) * width
    told = [row for row in block if len(row.cells) == width and all(cell.strip() for cell in row.cells[1:])]
    titled = next((row for row in told if attributes.is_title(row.cells[0])), None)
    found = titled or (told[0] if told else None)
    return ("", *found.cells[1:]) if found else ("",) * width


def _is_parted(above: Row, row: Row) -> bool:
    return row.line - above.line > 1 + sum(cell.count("\n") for cell in above.cells)


def _largest_block(rows: Sequence[Row], start: int) -> tuple[int, int]:
    """Where the longest run of rows that no blank line parts begins and ends; all from `start` where none is long."""
    ends = [
        i for i in range(start + 1, len(rows)) if not rows[i].n_filled or _is_parted(rows[i - 1], rows[i])
    ]
    blocks = list(pairwise([start, *ends, len(rows)]))
    begun, stop = max(blocks, key=lambda block: block[1] - block[0])
    if stop - begun >= _LARGE * (len(rows) - start):
        return begun, stop
    stop = len(rows)
    while stop > start + 1 and rows[stop - 1].n_filled < 2:
        stop -= 1
    return start, stop


def _is_shaped(body: Sequence[Row], column: int) -> bool:
    cells = [row.cells[column].strip() for row in body[:_LOOKED_AT] if column < len(row.cells)]
    shapes = Counter(map(_shape, filter(None, cells)))
    shape, n = max(shapes.items(), key=lambda pair: pair[1], default=("", 0))
    return "9" in shape and n >= _LIKE_THE_REST * len(cells) and n >= _FEWEST_ROWS


def _shape(cell: str) -> str:
    """Which of a cell's characters are digits and which letters."""
    return "".join("9" if one.isdigit() else "a" if one.isalpha() else one for one in cell)


def explained(rows: Sequence[Row], first: int) -> str:
    """Why the table begins where it does."""
    line = rows[first].line
    return (
        f"Lines {rows[0].line} to {line - 1} have words where the rows from line {line} on have values, so they "
        "describe the table."
    )
