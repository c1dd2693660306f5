"""Where in a file its table ends: totals, notes and empty rows below the data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import odd_rows, sums, widths
from core.uploads.detect.shape.leading import Rules

_MOST_BELOW = 400
_RULE = re.compile("[-=_+*~]{4,}")
_LONG_NOTE = 25
_END_OF_FILE = "\x1a"  # as old programs write it
_NOTHING = f" \t\u00a0,;|{_END_OF_FILE}"
_FEWEST_ROWS = 3
_FEWEST_WORDS = 5
_LOOKED_AT = 200


def footer(rows: Sequence[Row], n_columns: int) -> tuple[Row, ...]:
    """The last rows of a file that are no data: totals, notes, empty cells. rows: its last ones, header left out."""
    kept = min(len(rows), _apart(rows, n_columns))
    margin = min((_first_filled(row) for row in rows if row.n_filled), default=0)
    while kept > 1 and len(rows) - kept < _MOST_BELOW and _is_below(rows, kept - 1, n_columns, margin):
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


def _apart(rows: Sequence[Row], n_columns: int) -> int:
    """The index of the first row below a blank line, or of a note, from which on all are unlike the rows above: they
    break the rules of the columns, or fill half as many; behind the last where there is none.
    """
    above = rows[: max(_FEWEST_ROWS, len(rows) * 2 // 3)][-_LOOKED_AT:]
    rules = Rules.of(above, n_columns)
    if n_columns < 2 or not rules.measures or len(rows) <= _FEWEST_ROWS:
        return len(rows)
    usual = Counter(row.n_filled for row in above).most_common(1)[0][0]
    found, is_sure = len(rows), False
    for index in range(len(rows) - 1, max(_FEWEST_ROWS - 1, len(rows) - _MOST_BELOW), -1):
        row = rows[index]
        is_narrow = 2 * row.n_filled <= usual
        if widths.effective(row) > n_columns or (row.n_filled and not (is_narrow or rules.are_broken(row))):
            break
        is_sure = is_sure or (row.n_filled > 0 and (is_narrow or rules.are_broken(row, throughout=True)))
        is_lone_note = row.n_filled == 1 and cell_patterns.is_note(row.cells[0])
        if row.n_filled and is_sure and (is_lone_note or _is_gap(rows[index - 1], row)):
            found = index
    return found


def _is_gap(above: Row, row: Row) -> bool:
    """Whether blank lines, or cells without anything, stand between two rows."""
    return not above.n_filled or row.line - above.line > 1 + sum(cell.count("\n") for cell in above.cells)


def _is_below(rows: Sequence[Row], index: int, n_columns: int, margin: int) -> bool:
    """Whether the row is none of the table's, where none below it is. margin: how many first columns are empty."""
    row, previous = rows[index], rows[index - 1]
    filled = [cell.strip() for cell in row.cells if cell.strip(_NOTHING)]
    if not filled:
        return len(row.cells) > 1 or _END_OF_FILE in row.cells[0]
    if n_columns == 1:
        return False
    first = filled[0]
    if first.startswith("#") and len(row.cells) < n_columns:
        return True
    gap = _is_gap(previous, row)
    if odd_rows.is_statistic(row) and _sums_up_others(rows, index):
        return True
    if _is_total(row, rows[:index], n_columns, margin):
        return True
    is_alone = len(filled) == 1 and not cell_patterns.is_measure(filled[0])
    if is_alone and _first_filled(row) <= margin:
        is_sentence = len(first) > _LONG_NOTE or (len(row.cells) == 1 and " " in first)
        is_sentence = is_sentence or _reads_as_text(first)
        return cell_patterns.is_note(first) or gap or (n_columns > 2 and is_sentence)
    is_torn = len(row.cells) != n_columns and any(cell[:1] == " " for cell in row.cells[1:])
    if index >= _FEWEST_ROWS and _is_sentence(row, rows[max(0, index - _LOOKED_AT) : index], n_columns):
        return True
    return cell_patterns.is_note(first) and (gap or is_torn or len(row.cells) < n_columns)


def _sums_up_others(rows: Sequence[Row], index: int) -> bool:
    """Whether a row is one of several at the end that name what is computed of the others, none of which does."""
    begin = index
    while begin > 0 and odd_rows.is_statistic(rows[begin - 1]):
        begin -= 1
    stop = index + 1
    while stop < len(rows) and (odd_rows.is_statistic(rows[stop]) or odd_rows.is_total(rows[stop])):
        stop += 1
    others = rows[max(0, begin - _LOOKED_AT) : begin]
    return stop - begin > 1 and len(others) >= _FEWEST_ROWS and not any(map(odd_rows.is_statistic, others))


def _reads_as_text(cell: str) -> bool:
    """Whether a cell has four words, ends as a sentence does, or tells something behind a colon."""
    is_told = len(cell.partition(":")[0]) > 1 and (cell.endswith(":") or ": " in cell)
    return is_told or "：" in cell[2:] or cell.endswith((".", "。")) or len(cell.split()) > 3


def _is_sentence(row: Row, above: Sequence[Row], n_columns: int) -> bool:
    """Whether a row is a sentence that its commas cut: a blank follows them, as in no row above, and it breaks their
    rules throughout.
    """
    if (
        not any(cell[:1] == " " and cell.strip() for cell in row.cells[1:])
        or len(" ".join(row.cells).split()) < _FEWEST_WORDS
    ):
        return False
    rules = Rules.of(above, n_columns)
    is_usual = any(cell[:1] == " " for one in above for cell in one.cells[1:])
    return bool(rules.measures) and not is_usual and rules.are_broken(row, throughout=True)


def _is_total(row: Row, above: Sequence[Row], n_columns: int, margin: int) -> bool:
    """Whether a row sums up those above: it says so, or it begins with nothing, as none of them does, and adds up."""
    if row.n_filled < 2 and n_columns < 3:
        return False
    if any(
        one.cells[margin : margin + 1] == row.cells[margin : margin + 1] for one in above if one.n_filled > 1
    ):
        return False  # a category
    if cell_patterns.is_total(next(cell for cell in row.cells if cell.strip())):
        return True
    is_only = not any(one.n_filled > 1 and odd_rows.is_total(one) for one in above)
    if odd_rows.is_total(row) and row.n_filled < above[-1].n_filled and is_only:
        return True
    is_unnamed = _first_filled(row) > margin and all(_first_filled(one) == margin for one in above)
    return (
        is_unnamed and n_columns > 2 and len(above) >= _FEWEST_ROWS and sums.adds_up(row, above[-_LOOKED_AT:])
    )


def _first_filled(row: Row) -> int:
    return next((place for place, cell in enumerate(row.cells) if cell.strip()), 0)
