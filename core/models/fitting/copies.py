"""Rows that are copies of each other, exactly or but for a column or two, where chance does not make so many.

A copy that is learnt from answers for its twin that is held out, so that figures tell of memory. Rows are compared by
hashes: a row's is the sum of its cells' hashes, and without a column's it is that of the row but for that column.

What chance makes is judged by the neighbours of a set of equal rows: those that differ from it in one column alone. If
that column's value is drawn by itself, rows with the set's value and rows with another one come as the value's odds
say. So a set of six rows around which nothing lies is no chance, and six equal rows of a survey, with as many that
differ in one answer, are. The column that explains most decides, as columns hang together and some hardly vary.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Columns = tuple[int, ...]

MIN_SHARE: Final = 0.01  # of the rows that have a copy; what fewer do to a figure is less than its spread
MIN_COLUMNS: Final = 2  # that rows agree in; the values of a single one repeat by themselves
TIMES_CHANCE: Final = 5.0
LARGE_SET: Final = 6  # twins from which on a set is judged by itself
MOST_IN_ONE: Final = 0.2  # share of the rows; larger sets are no copies, but what a table is like
MIN_SETS: Final = 10  # different rows; fewer can't be spread over folds
MOST_TRIED: Final = 8  # columns but for which rows are compared with their neighbours
SAME_ORDER: Final = 0.95  # rank correlation from which on a column of numbers says the same as another
NARROW: Final = 6  # columns up to which it is looked for those that follow from another
ROWS_A_VALUE: Final = 15  # of that other at least; where all rows were copied, each column follows from any
SAMPLED_ROWS: Final = 2_000
FEWEST_LEFT: Final = 3  # columns that copies but for two agree in
MOST_KEYS: Final = 40_000_000  # rows, times pairs of columns, that are compared: about three seconds
MOST_CORRELATED: Final = 500  # columns, as their number counts twice
_GOLDEN: Final = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Copies:
    """Which rows are copies.

    groups: (n,) ints, the same for rows that are copies of each other. n_rows: those that have a copy.
    but_for: the columns in which copies differ, one or two at a time; none where all are exact.
    """

    groups: Numbers
    n_rows: int
    but_for: tuple[tuple[str, ...], ...]


def find(features: pd.DataFrame, *, most_apart: int = 2) -> Copies | None:
    """The copies among the rows, None where there are few or as many as chance makes.

    features: (n,) rows, float64 or object columns of text. most_apart: columns in which copies may differ.
    """
    names = _distinct_columns(features)
    if len(names) < MIN_COLUMNS:
        return None
    table = _Table.of(features[names])
    exact, near = table.copied(()), _near(table)
    if exact is None and not near and most_apart > 1:
        near = _near_but_for_two(table)
    whole = [] if exact is None else [(np.flatnonzero(exact), table.rows[exact])]
    but_for = [(np.flatnonzero(rows), table.key(some)[rows]) for some, rows in near.items()]
    named = tuple(tuple(names[one] for one in some) for some in near)
    for sets, columns in ((whole + but_for, named), (whole, ())):  # chains of near copies may join all rows
        if not sets:
            continue
        groups = _joined(len(features), sets)
        sizes = np.bincount(groups)
        if sizes.max() <= MOST_IN_ONE * len(features) and len(sizes) >= MIN_SETS:
            return Copies(groups, int(sizes[sizes > 1].sum()), columns)
    return None


@dataclass(frozen=True)
class _Table:
    """cells: (p, n) hashes.  rows: (n,) their sums.  _odds: of columns that were asked for."""

    cells: Hashes
    rows: Hashes
    _odds: dict[int, npt.NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of(cls, features: pd.DataFrame) -> _Table:
        cells = np.stack([_hashed(features[name], place) for place, name in enumerate(features.columns)])
        return cls(cells, cells.sum(axis=0, dtype=np.uint64))

    @property
    def n_least(self) -> float:
        """Rows that make a finding."""
        return max(3.0, MIN_SHARE * len(self.rows))

    def key(self, but_for: Columns) -> Hashes:
        """(n,) what equal rows have in common. but_for: columns that do not count."""
        key = self.rows
        for column in but_for:
            key = key - self.cells[column]
        return key

    def odds(self, column: int) -> npt.NDArray[np.float64]:
        """(n,) how much oftener the row's value stands in the column than another one."""
        if column not in self._odds:
            sizes = _set_sizes(self.cells[column])
            self._odds[column] = sizes / np.maximum(len(sizes) - sizes, 1)
        return self._odds[column]

    def copied(self, but_for: Columns) -> npt.NDArray[np.bool_] | None:
        """(n,) which rows are equal to others beyond chance; None where too few are, or most of them by chance."""
        key = self.key(but_for)
        if _n_twins(key) < self.n_least / 2:
            return None
        twins = _set_sizes(key) - 1
        by_chance = [
            (_set_sizes(key - self.cells[column]) - 1 - twins) * self.odds(column)
            for column in range(len(self.cells))
            if column not in but_for
        ]
        # A large set is judged by itself: a few of them, such as the rows of zeros alone, would hide all others.
        rest = np.ones(len(key), np.bool_)
        for expected in by_chance:
            rest &= (twins < LARGE_SET) | (TIMES_CHANCE * expected < twins)
        n = int((rest & (twins > 0)).sum())
        most_expected = max(float(expected[rest].sum()) for expected in by_chance)
        if n < self.n_least or twins[rest].sum() < TIMES_CHANCE * most_expected:
            return None
        return rest & (twins > 0)


def _near(table: _Table) -> dict[Columns, npt.NDArray[np.bool_]]:
    """The columns but for which rows are equal beyond chance, and these rows.

    Those are tried but for which most rows have a twin that they don't have otherwise; where all of them copy beyond
    chance, so do the others.
    """
    n_columns = len(table.cells)
    if n_columns <= MIN_COLUMNS:
        return {}
    n_exact = _n_twins(table.rows)
    more: dict[Columns, int] = {
        (column,): _n_twins(table.key((column,))) - n_exact for column in range(n_columns)
    }
    worth = _worth_trying(table, more)
    found = {one: rows for one in worth[:MOST_TRIED] if (rows := table.copied(one)) is not None}
    if len(found) == MOST_TRIED:
        found |= {one: _set_sizes(table.key(one)) > 1 for one in worth[MOST_TRIED:]}
    return found


def _near_but_for_two(table: _Table) -> dict[Columns, npt.NDArray[np.bool_]]:
    """The same of two columns at a time, where these are few enough to be looked at by pairs."""
    pairs = list(itertools.combinations(range(len(table.cells)), 2))
    if len(table.cells) - 2 < FEWEST_LEFT or len(pairs) * len(table.rows) > MOST_KEYS:
        return {}
    alone = [_n_twins(table.key((column,))) for column in range(len(table.cells))]
    more: dict[Columns, int] = {
        (a, b): _n_twins(table.key((a, b))) - max(alone[a], alone[b]) for a, b in pairs
    }
    worth = _worth_trying(table, more)[:MOST_TRIED]
    return {pair: rows for pair in worth if (rows := table.copied(pair)) is not None}


def _worth_trying(table: _Table, more: Mapping[Columns, int]) -> list[Columns]:
    """Those but for which enough rows have a twin, most first. more: twins that a row has not otherwise."""
    return sorted((one for one in more if more[one] >= table.n_least / 2), key=lambda one: -more[one])


def is_measured(column: pd.Series) -> bool:
    """Whether it holds fractions."""
    return column.dtype != object and bool((column.dropna() % 1 != 0).any())


def _set_sizes(keys: npt.NDArray[np.generic]) -> Numbers:
    """(n,) how many of the keys are equal to each, itself among them."""
    in_order = np.argsort(keys)
    ordered = keys[in_order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    counts = np.diff(np.append(first, len(keys)))
    sizes = np.empty(len(keys), np.int64)
    sizes[in_order] = np.repeat(counts, counts)
    return sizes


def _n_twins(keys: Hashes) -> int:
    """How many keys stood there before."""
    ordered = np.sort(keys)
    return int((ordered[1:] == ordered[:-1]).sum())


def _hashed(column: pd.Series, place: int) -> Hashes:
    """(n,) a hash a cell, of the value and of the column's place. Source: Steele et al. 2014, SplitMix64."""
    if column.dtype == object:
        codes = pd.factorize(column)[0].astype(np.int64).view(np.uint64)
    else:
        values = column.to_numpy(np.float64) + 0.0  # one zero, not two
        values[np.isnan(values)] = np.nan
        codes = values.view(np.uint64)
    mixed = codes + np.uint64(_GOLDEN * (place + 1) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), np.uint64)


def _joined(n: int, sets: list[tuple[Numbers, Hashes]]) -> Numbers:
    """(n,) a number for rows that any of the sets join. sets: rows, and the key of each."""
    rows, places, n_nodes = [], [], n
    for of_rows, keys in sets:
        distinct, which = np.unique(keys, return_inverse=True)
        rows.append(of_rows)
        places.append(which + n_nodes)
        n_nodes += len(distinct)
    ends = np.concatenate(rows), np.concatenate(places)
    joins = coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(n_nodes, n_nodes))
    _, labels = connected_components(joins, directed=False)
    return np.unique(labels[:n], return_inverse=True)[1].astype(np.int64)


def _distinct_columns(features: pd.DataFrame) -> list[str]:
    """The columns less those that say what another says: a temperature in other units, a group beside an age."""
    names = list(features.columns)
    gone = _in_same_order(features) if len(names) <= MOST_CORRELATED else set()
    left = [name for name in names if name not in gone]
    if len(left) > NARROW:  # then others tell by how their values come together
        return left
    codes = {name: pd.factorize(features[name], use_na_sentinel=False)[0].astype(np.int64) for name in left}
    n_values = {name: int(codes[name].max()) + 1 for name in left}
    for name in sorted(left, key=n_values.__getitem__):
        for other in (
            one for one in left if one not in gone and one != name and not is_measured(features[one])
        ):
            pairs = pd.unique(codes[name] * n_values[other] + codes[other])
            if n_values[other] <= len(features) / ROWS_A_VALUE and len(pairs) == n_values[other]:
                gone.add(name)
                break
    return [name for name in left if name not in gone]


def _in_same_order(features: pd.DataFrame) -> set[str]:
    """The columns of numbers whose rows are nearly in the order of a column before."""
    numbers = features.select_dtypes("number")
    if numbers.shape[1] < 2:
        return set()
    some = numbers.sample(SAMPLED_ROWS, random_state=0) if len(numbers) > SAMPLED_ROWS else numbers
    ranks = some.rank().fillna(0.0).to_numpy()
    spread = ranks.std(axis=0)
    standard = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    alike = np.abs(standard.T @ standard) / max(1, len(standard)) >= SAME_ORDER
    gone: set[str] = set()
    for place, name in enumerate(numbers.columns):
        if any(alike[place, before] and numbers.columns[before] not in gone for before in range(place)):
            gone.add(name)
    return gone
