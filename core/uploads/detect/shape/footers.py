"""Where in a file its table ends: totals, notes and empty rows below the data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row

_MOST_BELOW = 400
_RULE = re.compile("[-=_+*~]{4,}")
_LONG_NOTE = 25
_END_OF_FILE = "\x1a"  # as old programs write it
_NOTHING = f" \t\u00a0,;|{_END_OF_FILE}"


def footer(rows: Sequence[Row], n_columns: int) -> tuple[Row, ...]:
    """The last rows of a file that are no data: totals, notes, empty cells. rows: its last ones, header left out."""
    kept, named = len(rows), Counter(row.cells[0].strip() for row in rows)
    while kept > 1 and len(rows) - kept < _MOST_BELOW:
        row = rows[kept - 1]
        is_value = len(row.cells) == n_columns and named[row.cells[0].strip()] > 1  # as other rows have it
        if not _is_below(row, rows[kept - 2], n_columns, is_value=is_value):
            break
        kept -= 1
    return tuple(rows[min(kept, _last_rule(rows, n_columns)) :])


def _last_rule(rows: Sequence[Row], n_columns: int) -> int:
    """The index of a line of dashes below which nothing but lines of one cell stand; behind the last where none is."""
    for index in range(len(rows) - 1, max(0, len(rows) - _MOST_BELOW), -1):
        filled = [cell.strip() for cell in rows[index].cells if cell.strip()]
        if n_columns < 2 or len(filled) > 1:
            break
        if filled and _RULE.fullmatch(filled[0]):
            return index
    return len(rows)


def _is_below(row: Row, previous: Row, n_columns: int, *, is_value: bool) -> bool:
    filled = [cell.strip() for cell in row.cells if cell.strip(_NOTHING)]
    if not filled:
        return len(row.cells) > 1 or _END_OF_FILE in row.cells[0]
    if n_columns == 1:
        return False
    first = row.cells[0].strip() or filled[0]
    if first.startswith("#") and len(row.cells) < n_columns:
        return True
    gap = row.line - previous.line > 1 + sum(cell.count("\n") for cell in previous.cells)
    if cell_patterns.is_total(first) and (len(filled) > 1 or n_columns > 2):
        return not is_value
    is_alone = len(filled) == 1 and not cell_patterns.is_measure(filled[0])
    if is_alone and row.cells[0].strip():
        is_sentence = len(first) > _LONG_NOTE or (len(row.cells) == 1 and " " in first)
        return cell_patterns.is_note(first) or gap or (n_columns > 2 and is_sentence)
    is_torn = len(row.cells) != n_columns and any(cell[:1] == " " for cell in row.cells[1:])
    return cell_patterns.is_note(first) and (gap or is_torn or len(row.cells) < n_columns)
