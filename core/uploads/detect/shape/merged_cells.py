"""Columns filled in the first row of each group alone, as spreadsheets write cells that were merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.uploads.csv import number_formats
from core.uploads.detect.delimiters import Row
from core.uploads.detect.guesses import Guess

_LOOKED_AT = 400
_FEWEST_ROWS, _FEWEST_GROUPS, _MOST_COLUMNS = 5, 2, 3
_LEAST_EMPTY, _LEAST_FULL = 0.4, 0.9


def doubts(rows: Sequence[Row], names: Sequence[str]) -> Iterator[Guess]:
    """rows: the table's first. One guess a column whose empty cells may mean what the cell above them does."""
    rows = [row for row in rows[:_LOOKED_AT] if row.n_filled > 1]
    if len(rows) < _FEWEST_ROWS or len(names) < 2:
        return
    for column, name in enumerate(names[:_MOST_COLUMNS]):
        cells = [_cell(row, column) for row in rows]
        filled = [cell for cell in cells if cell]
        n_empty = len(cells) - len(filled)
        if not cells[0] or n_empty < _LEAST_EMPTY * len(cells) or len(filled) < _FEWEST_GROUPS:
            return
        if len(set(filled)) < len(filled) or any(number_formats.of(cell) is not None for cell in filled):
            return
        if sum(map(_is_full, [row.cells[column + 1 :] for row in rows])) < _LEAST_FULL * len(rows):
            return
        why = f"{n_empty:,} of {len(cells):,} cells in the first rows are empty, each below a value as {filled[0]!r}"
        why += " that may hold for them too, as in merged cells of a spreadsheet. They are read as missing."
        yield Guess("doubt", "", "guess", why, name)


def _cell(row: Row, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def _is_full(cells: Sequence[str]) -> bool:
    return bool(cells) and 2 * sum(bool(cell.strip()) for cell in cells) >= len(cells)
