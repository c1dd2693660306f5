"""How wide the rows of a table are, and which of its columns hold measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.uploads.csv import cells as cell_spellings
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row

BODY_ROWS = 200
_MEASURES = 0.8
_FEWEST_ALIKE = 2
_MISSING = cell_patterns.MISSING_AMONG_NUMBERS | cell_spellings.MISSING


def width(rows: Sequence[Row]) -> int:
    """The most frequent width of rows, wide ones counting for more: the table's."""
    widths = Counter(len(row.cells) for row in rows)
    return max(widths, key=lambda n: (widths[n] * (1 - 1 / (n + 0.5)), n))


def effective(row: Row) -> int:
    """How many cells it has up to the last that holds something."""
    n_cells = len(row.cells)
    while n_cells and not row.cells[n_cells - 1].strip():
        n_cells -= 1
    return n_cells


def typical(rows: Sequence[Row]) -> int:
    """The most frequent number of cells up to the last that holds something."""
    widths = Counter(effective(row) for row in rows[:BODY_ROWS])
    return max(widths, key=lambda n: widths[n])


def measure_columns(body: Sequence[Row], width: int) -> frozenset[int]:
    """The columns of the body that hold numbers, dates or times."""
    found = set()
    for column in range(width):
        cells = [row.cells[column].strip() for row in body[:BODY_ROWS] if column < len(row.cells)]
        present = [cell for cell in cells if cell and not _is_missing(cell)]
        if present and sum(map(cell_patterns.is_measure, present)) >= _MEASURES * len(present):
            found.add(column)
    return frozenset(found)


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING


def like_rows(above: Sequence[Row]) -> list[Row]:
    """Of the lines above a header those that look like rows of a table: some alike in a row, with a measure each."""
    found: list[Row] = []
    for row in above:
        is_alike = not found or effective(row) == effective(found[-1])
        if row.n_filled > 2 and is_alike and any(map(cell_patterns.is_measure, row.cells)):
            found.append(row)
        elif len(found) < _FEWEST_ALIKE + 1:
            found = []
    return found if len(found) > _FEWEST_ALIKE else []
