"""Headers of more than one line: names grouped by a line above them, and lines below that explain them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from core.uploads.detect import cell_patterns
from core.uploads.detect.delimiters import Row

_WHOLE = re.compile("[0-9]{1,18}")


def grouped(rows: Sequence[Row], at: int) -> tuple[str, ...]:
    """The header's names with those of the row directly above, where that groups columns that are named alike."""
    if not at or rows[at - 1].line + 1 != rows[at].line:
        return ()
    upper, lower = rows[at - 1].cells, rows[at].cells
    named = [cell.strip() for cell in lower if cell.strip()]
    if (
        len(upper) != len(lower)
        or len(set(named)) == len(named)
        or sum(1 for cell in upper if cell.strip()) < 2
    ):
        return ()
    return _joined(upper, lower)


def combined(rows: Sequence[Row], at: int, measures: frozenset[int]) -> tuple[str, ...]:
    """The names of two header rows, of which the first groups columns and the second names them; () if it is not so."""
    if at + 1 >= len(rows):
        return ()
    upper = rows[at].cells
    lower = rows[at + 1].cells
    gaps = [column for column in range(len(upper)) if not upper[column].strip()]
    if len(lower) != len(upper) or len(gaps) < 2 or not measures:
        return ()
    below = [lower[column].strip() for column in sorted(measures) if column < len(lower)]
    if not all(lower[column].strip() for column in gaps) or (
        any(cell and cell_patterns.is_measure(cell) for cell in below) and not count_up(below)
    ):
        return ()
    return _joined(upper, lower)


def explaining(rows: Sequence[Row], at: int, measures: frozenset[int]) -> tuple[Row, ...]:
    """Rows directly below the header that hold words where the columns hold measures: labels, units, rules."""
    found: list[Row] = []
    for row in rows[at + 1 : at + 4]:
        there = [row.cells[column].strip() for column in measures if column < len(row.cells)]
        filled = [cell for cell in there if cell]
        worded = [
            cell
            for cell in filled
            if not cell_patterns.is_measure(cell)
            and cell.lower() not in cell_patterns.MISSING_AMONG_NUMBERS
            and not _is_range(cell)
        ]
        is_rule = row.n_filled and all(set(cell.strip()) <= set("-=+:") for cell in row.cells)
        is_units = len(measures) > 1 and len(filled) >= 2 and len(worded) >= 0.8 * len(filled)
        is_units = is_units and len(filled) >= 0.5 * len(measures)
        if not (is_rule or is_units) or at + 1 + len(found) + 1 >= len(rows):
            break
        found.append(row)
    return tuple(found)


def count_up(cells: Sequence[str]) -> bool:
    """Whether these are names as statistics have them: years, or months and days counted up."""
    digits = [cell.strip("()* ") for cell in cells]
    if not all(_WHOLE.fullmatch(cell) for cell in digits):
        return all(
            cell_patterns.is_measure(cell) and not cell.replace(".", "").replace(",", "").isdigit()
            for cell in cells
        ) and (len(cells) > 2 and len(set(cells)) == len(cells))
    numbers = [int(cell) for cell in digits]
    are_years = all(1800 <= number <= 2100 for number in numbers)
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return (are_years and (len(numbers) > 1) and 0 not in steps and len(steps) == 1) or (
        len(numbers) > 2 and steps in ({1}, {-1})
    )


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """Each name behind that of its group, which stands above the first of the group."""
    group, joined = "", []
    for above, below in zip(upper, lower, strict=True):
        group = above.strip() or group
        joined.append(f"{group} {below.strip()}".strip() if below.strip() else above.strip())
    return tuple(joined)


def _is_range(cell: str) -> bool:
    return cell[:1] in "<>~≤≥"
