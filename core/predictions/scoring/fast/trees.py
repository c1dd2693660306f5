"""Boosted trees as tables of bits: one look-up a group of features and tree, instead of a walk a row.

A word has one bit for every leaf of a few trees. For each value of a feature a table holds the leaves that a row
with it can still reach; the words of all features, put together by AND, leave the one leaf of each tree that the
row falls into. After Lucchese et al. 2015, QuickScorer, SIGIR, with tables in place of its sorted thresholds.
The leaves' values are added tree by tree, in scikit-learn's order, so the sums are its own to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from core.predictions.scoring.fast.bins import Bins, Codes, Floats
from core.predictions.scoring.fast.coding import JOINT_CODES, Group, grouped
from core.predictions.scoring.fast.unsupported import Unsupported

WORD_BITS = 63  # of an int64 that stays positive
TABLE_BYTES = 64 << 20
_ROWS_AT_ONCE = 1 << 15
# Of a float64: which bit of a word is set is read off the exponent.
_FRACTION_BITS, _EXPONENT_OF_ONE = 52, 1023

Words = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """One feature as the trees see it.

    bins: of a number; None for a category. columns: column of the matrix that the trees split → its value for
    each of the feature's codes, (n_codes,); a number's own values are not listed, as its codes are bins.
    """

    n_codes: int
    bins: Bins | None
    columns: Mapping[int, Floats | None]

    def goes_left(self, node: np.void) -> npt.NDArray[np.bool_]:
        """(n_codes,) whether a row with this code goes left at the node."""
        threshold, missing_left = float(node["num_threshold"]), bool(node["missing_go_to_left"])
        values = self.columns[int(node["feature_idx"])]
        if self.bins is None:
            assert values is not None
            return np.where(np.isnan(values), missing_left, values <= threshold)
        left = np.arange(self.n_codes) <= self.bins.cuts.searchsorted(threshold)
        left[-1] = missing_left
        return left


@dataclass(frozen=True)
class Word:
    """A few trees in a row.

    tables: per group, the leaves within reach by joint code. trees: which answer each adds to, and its bits.
    features: those that each tree splits on.  values: (>= 1023 + 63,) the value of bit i's leaf at 1023 + i.
    """

    tables: tuple[Words, ...]
    trees: tuple[tuple[int, int], ...]
    features: tuple[frozenset[str], ...]
    values: Floats


class Leaves:
    """Looks up the leaves that n rows fall into, over and over in the same memory."""

    def __init__(self, n: int) -> None:
        self._bits = np.empty(n, np.int64)
        self._power, self._value = np.empty(n), np.empty(n)
        self._exponent = self._power.view(np.int64)

    def of(self, word: Words, bits: int, values: Floats) -> Floats:
        """(n,) the value of the leaf that is left of one tree; overwritten by the next call.

        word: (n,) leaves within reach.  bits: the tree's.  values: as in Word.
        """
        np.bitwise_and(word, bits, out=self._bits)
        np.copyto(self._power, self._bits)
        np.right_shift(self._exponent, _FRACTION_BITS, out=self._bits)
        # codes are in range; "wrap" is the mode in which numpy fills `out` without a copy
        np.take(values, self._bits, out=self._value, mode="wrap")
        return self._value


class Trees:
    """All trees of a fitted HistGradientBoosting model.

    n_answers: numbers a row gets (1, or one a class).  groups: what joint codes `raw` reads.
    start: (n_answers,) what the trees add to.  words: in the order of the trees.
    """

    def __init__(self, model: Any, splits: Mapping[str, Splits]) -> None:
        """Raises Unsupported where the trees split on categories themselves or are too many or too large."""
        if model.is_categorical_ is not None or model._preprocessor is not None:
            raise Unsupported("the trees split on categories without one-hot columns")
        self.start = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
        self.n_answers = int(model.n_trees_per_iteration_)
        nodes = [tree.nodes for tree in chain.from_iterable(model._predictors)]
        owners = {column: name for name, one in splits.items() for column in one.columns}
        used = {
            owners[int(i)] for tree in nodes for i in np.unique(tree["feature_idx"][tree["is_leaf"] == 0])
        }
        if not used:
            raise Unsupported("no tree uses any feature")
        runs = _runs(nodes)
        self.groups = _groups({name: splits[name].n_codes for name in splits if name in used}, len(runs))
        if _size(self.groups, len(runs)) > TABLE_BYTES:
            raise Unsupported(f"the tables of {len(nodes):,} trees would not fit into memory")
        values = np.zeros(_EXPONENT_OF_ONE + WORD_BITS * len(runs))
        self.words = [
            self._word(nodes, run, splits, owners, values[WORD_BITS * i :]) for i, run in enumerate(runs)
        ]

    def _word(
        self,
        nodes: Sequence[np.ndarray],
        run: range,
        splits: Mapping[str, Splits],
        owners: Mapping[int, str],
        values: Floats,
    ) -> Word:
        """The trees of one run. values: filled in here."""
        names = [name for group in self.groups for name in group.names]
        reach = {name: np.full(splits[name].n_codes, _bits(0, WORD_BITS), np.int64) for name in names}
        trees, features, bit = [], [], 0
        for index in run:
            begin, asked = bit, set()
            for node, low, middle, high in _walk(nodes[index], begin):
                if node["is_leaf"]:
                    values[_EXPONENT_OF_ONE + low] = node["value"]
                    bit = high
                else:
                    owner = owners[int(node["feature_idx"])]
                    asked.add(owner)
                    left = splits[owner].goes_left(node)
                    reach[owner] &= np.where(left, ~_bits(middle, high), ~_bits(low, middle))
            trees.append((index % self.n_answers, _bits(begin, bit)))
            features.append(frozenset(asked))
        tables = [
            group.joined([reach[name] for name in group.names], np.bitwise_and) for group in self.groups
        ]
        return Word(tuple(tables), tuple(trees), tuple(features), values)

    def raw(self, codes: Sequence[Codes]) -> Floats:
        """(n, n_answers) the sums of the leaves' values, in Fortran's order. codes: (n,) of each group."""
        answers = np.empty((len(codes[0]), self.n_answers), order="F")
        for first in range(0, len(answers), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            self._add(answers[rows], [group[rows] for group in codes])
        return answers

    def _add(self, answers: Floats, codes: list[Codes]) -> None:
        answers[:] = self.start
        n = len(answers)
        word, other, leaves = np.empty(n, np.int64), np.empty(n, np.int64), Leaves(n)
        for packed in self.words:
            # codes are in range; "wrap" is the mode in which numpy fills `out` without a copy
            np.take(packed.tables[0], codes[0], out=word, mode="wrap")
            for table, group in zip(packed.tables[1:], codes[1:], strict=True):
                np.take(table, group, out=other, mode="wrap")
                np.bitwise_and(word, other, out=word)
            for answer, bits in packed.trees:
                answers[:, answer] += leaves.of(word, bits, packed.values)


def _groups(sizes: Mapping[str, int], n_words: int) -> tuple[Group, ...]:
    """The features in as few groups as memory allows; where no grouping fits, each alone."""
    for most in (JOINT_CODES, JOINT_CODES // 4, JOINT_CODES // 16):
        if _size(groups := grouped(sizes, most), n_words) <= TABLE_BYTES:
            return groups
    return grouped(sizes, 1)


def _size(groups: Sequence[Group], n_words: int) -> int:
    """Bytes of the tables of all words."""
    return n_words * 8 * sum(int(np.prod(group.sizes, dtype=np.int64)) for group in groups)


def _runs(trees: Sequence[np.ndarray]) -> list[range]:
    """Neighbouring trees whose leaves fit into a word together."""
    runs, first, n_bits = [], 0, 0
    for i, nodes in enumerate(trees):
        n_leaves = int(nodes["is_leaf"].sum())
        if n_leaves > WORD_BITS:
            raise Unsupported(f"a tree has {n_leaves} leaves, more than {WORD_BITS}")
        if n_bits + n_leaves > WORD_BITS:
            runs.append(range(first, i))
            first, n_bits = i, 0
        n_bits += n_leaves
    return [*runs, range(first, len(trees))]


def _bits(low: int, high: int) -> int:
    """A word in which the bits from low up to, not including, high are set."""
    return (1 << high) - (1 << low)


def _walk(nodes: np.ndarray, first: int) -> list[tuple[np.void, int, int, int]]:
    """Every node with the leaves below it, numbered from `first`: low … middle to its left, middle … high right.

    Parents come before children, leaves in the order of their numbers; a leaf's own number is low.
    """
    walked: list[tuple[np.void, int, int, int]] = []

    def below(index: int, low: int) -> int:
        node = nodes[index]
        at = len(walked)
        walked.append((node, low, low, low + 1))
        if node["is_leaf"]:
            return low + 1
        middle = below(int(node["left"]), low)
        high = below(int(node["right"]), middle)
        walked[at] = (node, low, middle, high)
        return high

    below(0, first)
    return walked
