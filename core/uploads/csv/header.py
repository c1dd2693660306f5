"""Column names as people and programs can use them: trimmed, on one line, all of it visible, none missing or twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NOTHING = " \t\r\n\u00a0,;|"
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def names(cells: Sequence[str], *, n_columns: int = 0) -> tuple[str, ...]:
    """One name a column: the header's cell `tidied`.

    n_columns: more than there are cells where rows are wider. A column without a name is called column_3 by its
    number, a name that was there before becomes name_2, or the first that is free.
    """
    given = [tidied(cell) for cell in cells]
    given += [""] * (n_columns - len(given))
    wanted = [name or f"column_{number}" for number, name in enumerate(given, 1)]
    taken = set(given)
    seen: set[str] = set()
    tried: Counter[str] = Counter()
    found = []
    for is_given, name in zip(map(bool, given), wanted, strict=True):
        free = name
        while free in seen or (free in taken and not (is_given and free == name)):
            tried[name] += 1
            free = f"{name}_{tried[name] + 1}"
        seen.add(free)
        found.append(free)
    return tuple(found)


def tidied(cell: str) -> str:
    """A header's cell without blanks around it, line breaks, and marks that nobody sees: of the text's direction, of
    byte order, of no width. "" where nothing is left that names a column.
    """
    seen = " ".join(_INVISIBLE.sub("", cell).split())
    return seen if seen.strip(_NOTHING) else ""
