"""What a job is filled in with: a grid that is multiplied, or rows as they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.generation.errors import BadParameters, NoItems, TooManyItems

MOST_ITEMS: Final = 100_000


@dataclass(frozen=True)
class Parameters:
    """The rows of a job, before they are checked against a template. names: of what has a value in every row.

    rows(known): all of them, where the template has these variables; other columns of a file are left out. May raise
    TooMuchText, and what reading an upload raises.
    """

    names: tuple[str, ...]
    rows: Callable[[Collection[str]], Sequence[Mapping[str, Any]]]


def of_grid(grid: object) -> Parameters:
    """Every combination of the values, none of which is made before their number is known to be allowed."""
    if not isinstance(grid, Mapping) or not all(isinstance(values, list | tuple) for values in grid.values()):
        raise BadParameters(problem="the grid is no object of lists")
    if not grid:
        raise NoItems
    require_size(math.prod(len(values) for values in grid.values()))
    names = tuple(str(name) for name in grid)
    combined = itertools.product(*grid.values())
    rows = [dict(zip(names, values, strict=True)) for values in combined]
    return Parameters(names, lambda _known: rows)


def of_rows(rows: object) -> Parameters:
    """These rows; only what all of them name can fill a required variable."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise BadParameters(problem="the rows are no list of objects")
    require_size(len(rows))
    common = set(rows[0])
    for row in rows:
        common &= set(row)
    return Parameters(tuple(name for name in rows[0] if name in common), lambda _known: rows)


def require_size(n_items: int) -> None:
    """Raises NoItems, TooManyItems."""
    if n_items < 1:
        raise NoItems
    if n_items > MOST_ITEMS:
        shown = f"{n_items:,}" if n_items < 10**15 else f"more than {10**15:,}"
        raise TooManyItems(n_items=shown, limit=MOST_ITEMS)
