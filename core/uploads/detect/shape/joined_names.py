"""Names of columns that several lines of a header give together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_FEWEST_PARTED, _FEWEST_SPREAD = 3, 3
_MOSTLY_ALONE = 0.7


def joined(lines: Sequence[Sequence[str]], *, n_filled: int) -> tuple[tuple[str, ...], bool]:
    """The names of each column from the top, the first n_filled lines filled to the right as far as their group goes;
    and whether that is in doubt.

    Two lines are joined by a blank, more by slashes; a name that is repeated below itself is said once.
    """
    width = max(map(len, lines))
    padded = [[cell.strip() for cell in line] + [""] * (width - len(line)) for line in lines]
    filled = [list(line) for line in padded]
    are_parted = [_is_parted(padded[level], padded[level + 1 :]) for level in range(n_filled)]
    for level in (level for level, is_parted in enumerate(are_parted) if not is_parted):
        for column in range(1, width):
            begins = any(padded[upper][column] for upper in range(level))
            if not padded[level][column] and not begins:
                filled[level][column] = filled[level][column - 1]
    mark = " " if len(lines) == 2 and n_filled else " / "
    columns = ([name for name, _ in itertools.groupby(parts) if name] for parts in zip(*filled, strict=True))
    return tuple(mark.join(parts) for parts in columns), any(are_parted)


def _is_parted(line: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line holds the first words of names, and no groups: most of its names stand above one column alone, of
    those that the lines below name throughout.
    """
    named = [column for column, cell in enumerate(line) if cell]
    alone = [column for column in named if column + 1 == len(line) or line[column + 1]]
    is_named = all(any(other[column] for other in below) for column in range(len(line)))
    return is_named and len(named) >= _FEWEST_PARTED and len(alone) >= _MOSTLY_ALONE * len(named)


def grouped(names: Sequence[str], below: Sequence[Sequence[str]]) -> list[str]:
    """Names with those of groups filled to the right: above each column that a line below names beside its group's."""
    filled = list(names)
    for column in range(1, len(filled)):
        is_beside = any(
            len(line) > column and line[column].strip() and line[column - 1].strip() for line in below
        )
        if not filled[column].strip() and is_beside:
            filled[column] = filled[column - 1]
    return filled


def spread(cells: Sequence[str], measures: frozenset[int]) -> Sequence[str]:
    """A line of one cell alone with that above all columns from there on, where these are measures: their unit."""
    named = [column for column, cell in enumerate(cells) if cell.strip()]
    behind = range(named[0], len(cells)) if len(named) == 1 else range(0)
    if len(behind) < _FEWEST_SPREAD or not named[0] or not measures.issuperset(behind):
        return cells
    return (*cells[: named[0]], *(cells[named[0]] for _ in behind))
