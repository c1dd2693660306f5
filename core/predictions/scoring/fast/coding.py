"""Cells as small integers: a code per value of a feature, and one joint code for several features.

A table over the joint code of two features is as long as the product of theirs; with a few thousand entries
it stays in the processor's nearest cache, and one look-up does the work of many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.predictions.scoring.fast.bins import Codes

JOINT_CODES = 4096

Table = TypeVar("Table", npt.NDArray[np.int64], npt.NDArray[np.float64])


@dataclass(frozen=True)
class Group:
    """Features that share one joint code.

    names, sizes: of each feature and how many codes it has; the last one's code counts by one.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def codes(self, of: Callable[[str], Codes]) -> Codes:
        """(n,) joint codes. of: gives the codes of a feature by its name."""
        joint = of(self.names[0])
        for name, size in zip(self.names[1:], self.sizes[1:], strict=True):
            joint = joint * size + of(name)
        return joint

    def joined(self, tables: Sequence[Table], combine: np.ufunc) -> Table:
        """One table over the joint code from one per feature, entries combined. tables: (size,) each."""
        joint = tables[0]
        for table in tables[1:]:
            joint = combine.outer(joint, table).reshape(-1)
        return joint


def grouped(sizes: Mapping[str, int], most: int = JOINT_CODES) -> tuple[Group, ...]:
    """Features shared out so that no group has more than `most` codes, unless one alone has.

    sizes: feature → how many codes it has.
    """
    filled: list[dict[str, int]] = []
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        for group in filled:
            if size * int(np.prod(list(group.values()), dtype=np.int64)) <= most:
                group[name] = size
                break
        else:
            filled.append({name: size})
    return tuple(Group(tuple(group), tuple(group.values())) for group in filled)
