"""The sums of a row's trees again, once for each feature with its cell replaced by the reference.

Only what a feature can change is looked up anew: of a word, the one table of the feature's group; of the trees, those
that split on the feature. The leaves' values are added tree by tree as in `Trees.raw`, so each sum is bit for bit what
the whole row with that one cell replaced would get.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.predictions.scoring.fast.bins import Codes, Floats
from core.predictions.scoring.fast.trees import Leaves, Trees, Word, Words

ROWS_AT_ONCE = 8192
"""So that words stay in the processor's cache, and the tables, which do not, are read for many rows."""
_NUMBERS_AT_ONCE = 1 << 19


def rows_at_once(n_features: int, n_answers: int) -> int:
    """How many rows `without` may be asked for, so that memory stays flat with wide files and many classes."""
    return max(1, min(ROWS_AT_ONCE, _NUMBERS_AT_ONCE // (n_features * n_answers)))


def without(trees: Trees, codes: Mapping[str, Codes], references: Mapping[str, int]) -> dict[str, Floats]:
    """Feature → (n, n_answers) the sums with its reference in place of each row's own value, in Fortran's order.

    codes: (n,) of each feature that a tree asks for; only these are answered.  references: their codes.
    """
    own = [group.codes(codes.__getitem__) for group in trees.groups]
    replaced: dict[str, tuple[int, Codes]] = {}
    for index, (group, joint) in enumerate(zip(trees.groups, own, strict=True)):
        steps = np.append(np.cumprod(group.sizes[:0:-1], dtype=np.int64)[::-1], 1)  # of no sizes, floats
        for name, step in zip(group.names, steps.tolist(), strict=True):
            replaced[name] = index, joint + (references[name] - codes[name]) * step
    n = len(own[0])
    sums = {name: np.empty((n, trees.n_answers), order="F") for name in replaced}
    for one in sums.values():
        one[:] = trees.start
    leaves = Leaves(n)
    for word in trees.words:
        _add(word, own, replaced, sums, leaves)
    return sums


def _add(
    word: Word,
    own: list[Codes],
    replaced: Mapping[str, tuple[int, Codes]],
    sums: Mapping[str, Floats],
    leaves: Leaves,
) -> None:
    """Add the leaves of one word's trees to each feature's sums."""
    looked_up = [table.take(codes) for table, codes in zip(word.tables, own, strict=True)]
    others = _all_but_each(looked_up)
    whole = others[0] & looked_up[0]
    asked = frozenset().union(*word.features)
    reached = {
        name: others[index] & word.tables[index].take(codes)
        for name, (index, codes) in replaced.items()
        if name in asked
    }
    for (answer, bits), features in zip(word.trees, word.features, strict=True):
        value = leaves.of(whole, bits, word.values).copy()
        for name, one in sums.items():
            one[:, answer] += leaves.of(reached[name], bits, word.values) if name in features else value


def _all_but_each(words: list[Words]) -> list[Words]:
    """For each word the AND of all others."""
    before = [np.full_like(words[0], -1)]
    for word in words[:-1]:
        before.append(before[-1] & word)
    behind = np.full_like(words[0], -1)
    found = []
    for word, front in zip(reversed(words), reversed(before), strict=True):
        found.append(front & behind)
        behind = behind & word
    return found[::-1]
