"""Column names as people and programs can use them: trimmed, on one line, none missing, none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_NOTHING = " \t\r\n\u00a0,;|"


def names(cells: Sequence[str], *, n_columns: int = 0) -> tuple[str, ...]:
    """One name a column: the header's cell without blanks around it and line breaks in it.

    n_columns: more than there are cells where rows are wider. A column without a name is called column_3 by its
    number, a name that was there before becomes name_2, or the first that is free.
    """
    given = [" ".join(cell.split()) if cell.strip(_NOTHING) else "" for cell in cells]
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
