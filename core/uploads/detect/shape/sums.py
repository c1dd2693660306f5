"""Whether a row sums up others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row

_FEWEST_ROWS = 2
_SIGNS = re.compile(r"[^0-9.,-]|(?<=[0-9])-")
_PARTS = re.compile(r"(?P<whole>-?[0-9.,]*?)([.,](?P<fraction>[0-9]{1,2}|[0-9]{4,}))?")
_NEARLY_EQUAL = 0.005


def adds_up(row: Row, above: Sequence[Row], *, fewest: int = _FEWEST_ROWS) -> bool:
    """Whether a cell is the sum of those above it, of which there are `fewest` at least."""
    for column, cell in enumerate(row.cells):
        if (total := _number(cell)) is None or not total:
            continue
        numbers = [_number(one.cells[column]) for one in above if column < len(one.cells)]
        known = [number for number in numbers if number is not None]
        if len(known) >= fewest and abs(sum(known) - total) <= _NEARLY_EQUAL * abs(total):
            return True
    return False


def _number(cell: str) -> float | None:
    """A number whatever groups its digits: the last mark before one or two digits is the decimal one."""
    if not cell_patterns.is_measure(cell):
        return None
    parts = _PARTS.fullmatch(_SIGNS.sub("", cell))
    if parts is None:
        return None
    return float(f"{parts['whole'].replace('.', '').replace(',', '') or 0}.{parts['fraction'] or 0}")
