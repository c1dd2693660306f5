"""Which rows belong together, and the folds that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.errors import counted
from core.models.errors import SplitUnusable
from core.models.fitting import copies, folds, groups, times
from core.models.fitting.copies import Copies
from core.models.fitting.folds import Fold, Groups
from core.models.schema import RowIndices, Task
from core.models.validation import Evaluation, Validation
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule


@dataclass(frozen=True)
class Split:
    """The folds, how they came about, and what there is to say of them."""

    folds: tuple[Fold, ...]
    evaluation: Evaluation
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelatedRows:
    """What is known of n rows.

    groups: (n,) rows of one number stay together; None where all are independent.  times: (n,) when each was; None
    unless the latest are the test.  group_column: the column that says whose row each is.  warnings: what to say of it.
    """

    evaluation: Evaluation
    groups: Groups | None = None
    times: npt.NDArray[np.float64] | None = None
    group_column: str | None = None
    warnings: tuple[str, ...] = ()

    def of(self, rows: RowIndices) -> RelatedRows:
        """The same of some of the rows."""
        return replace(
            self,
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
        )

    def split(self, values: np.ndarray, task: Task) -> Split:
        """Folds of these rows. values: (n,) outcomes. Raises SplitUnusable where times leave a class on one side."""
        if self.times is not None:
            return Split((self._latest(values, task),), replace(self.evaluation, n_folds=1))
        if self.groups is None:
            alone = tuple(folds.independent(values, task))
            return Split(alone, replace(self.evaluation, n_folds=len(alone)))
        parted, lone = _without_lone(self.groups, values, task)
        found = folds.grouped(values, parted, task)
        if not found:
            alone = tuple(folds.independent(values, task))
            return Split(alone, Evaluation("rows", len(alone)), (NO_FOLD,))
        evaluation = replace(self.evaluation, n_folds=len(found))
        return Split(tuple(found), evaluation, _about_lone(lone) if lone else ())

    def _latest(self, values: np.ndarray, task: Task) -> Fold:
        assert self.times is not None
        learnt, held_out = folds.latest(self.times, self.groups)
        column = self.evaluation.column
        if min(len(learnt), len(held_out)) < folds.FEWEST:
            raise SplitUnusable(problem=f"'{column}' leaves too few rows before or in its latest fifth")
        if task != "regression":
            before, later = (set(values[rows].tolist()) for rows in (learnt, held_out))
            if lacking := sorted(map(str, set(values.tolist()) - before)):
                raise SplitUnusable(problem=f"before the latest fifth of '{column}' no row is '{lacking[0]}'")
            if len(later) == 1:
                only = next(iter(later))
                raise SplitUnusable(problem=f"in the latest fifth of '{column}' every row is '{only}'")
        return learnt, held_out

    def held_out(self, values: np.ndarray, task: Task, *, n_folds: int, most: int) -> Split:
        """One fold, where code learns that nobody has read: one of so many, or the latest fifth; at most `most` rows.

        No fold at all where rows are independent, or no side could hold every class. values: (n,) outcomes.
        Raises SplitUnusable.
        """
        if self.times is not None:
            learnt, late = self._latest(values, task)
            if len(late) > most:
                late = np.sort(np.random.default_rng(folds.SEED).choice(late, most, replace=False))
            return Split(((learnt, late),), self.evaluation)
        if self.groups is None:
            return Split((), replace(self.evaluation, n_folds=1))
        parted, lone = _without_lone(self.groups, values, task)
        is_held_out = folds.held_out(values, parted, task, n_folds)
        if is_held_out is None:
            return Split((), Evaluation("rows", 1), (NO_FOLD,))
        fold = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
        return Split((fold,), replace(self.evaluation, n_folds=1), _about_lone(lone) if lone else ())


INDEPENDENT = RelatedRows(Evaluation("rows"))
NO_FOLD: Final = (
    "No fold could hold every class with its rows kept together, so all rows were taken as independent."
)


def find(
    table: pa.Table,
    features: pd.DataFrame,
    *,
    validation: Validation,
    target: str,
    decimal: str,
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
) -> RelatedRows:
    """What is stated of the rows, or else what is found.

    table: (n,) rows of text cells.  features: their frame, of the columns that may be learnt from.
    Raises SplitUnusable.
    """
    if validation.independent_rows:
        return RelatedRows(Evaluation("rows", is_stated=True))
    kept = {name: rules[name].values if name in rules else () for name in table.column_names}
    if (name := validation.time_column) is not None:
        order = rules[name].date if name in rules else ""
        copied = copies.find(features, most_apart=1)  # visits of one person come one after the other
        return _by_time(times.read(table.column(name), decimal, order), name, copied)
    if (name := validation.group_column) is not None:
        of_row = groups.of_column(table.column(name), kept[name])
        n_blank = int(cells.is_missing(table.column(name), kept[name]).sum())
        return _by_groups(name, of_row, copies.find(features), is_stated=True, n_blank=n_blank)
    copied = copies.find(features)
    found = groups.find(table, features, target=target, decimal=decimal, rules=rules)
    if found is not None:
        return _by_groups(found.name, found.groups, copied, is_stated=False)
    return INDEPENDENT if copied is None else _by_copies(copied)


def _by_time(moments: npt.NDArray[np.float64] | None, name: str, copied: Copies | None) -> RelatedRows:
    if moments is None:
        raise SplitUnusable(problem=f"'{name}' holds no times")
    if len(np.unique(moments[~np.isnan(moments)])) < 2:
        raise SplitUnusable(problem=f"'{name}' has the same time in every row")
    told = []
    if n_unknown := int(np.isnan(moments).sum()):
        are = counted(n_unknown, "row without a time in|rows without a time in")
        told.append(f"{are} '{name}' were learnt from, and not measured.")
    return RelatedRows(
        Evaluation("time", 1, name, is_stated=True),
        groups=None if copied is None else copied.groups,
        times=moments,
        warnings=tuple(told),
    )


def _by_groups(
    name: str, of_row: Groups, copied: Copies | None, *, is_stated: bool, n_blank: int = 0
) -> RelatedRows:
    sizes = np.bincount(of_row)
    blank = f"'{name}' is blank in {n_blank:,} of {counted(len(of_row), 'row')}"
    if n_blank == len(of_row):
        raise SplitUnusable(problem=f"'{name}' is empty in every row")
    if len(sizes) == 1:
        raise SplitUnusable(problem=f"'{name}' has the same value in every row, so there is one group only")
    if len(sizes) == len(of_row):
        unlike = f"'{name}' is different in every row, so no rows belong together by it."
        if n_blank:
            unlike = f"{blank} and different in the others, so no rows belong together by it."
        rest = INDEPENDENT if copied is None else _by_copies(copied)
        return replace(rest, group_column=name, warnings=(unlike, *rest.warnings))
    n_related = int(sizes[sizes > 1].sum())
    told = () if is_stated else (_about_groups(name, len(sizes), len(of_row)),)
    if 2 * n_blank > len(of_row):
        told = (f"{blank}; each of these counts as a group of its own.",)
    return RelatedRows(
        Evaluation("groups", column=name, is_stated=is_stated, n_groups=len(sizes), n_related=n_related),
        groups=of_row if copied is None else _joined(of_row, copied.groups),
        group_column=name,
        warnings=told,
    )


def _about_groups(name: str, n_groups: int, n_rows: int) -> str:
    return (
        f"'{name}' says whose row each is: {n_rows:,} rows have {n_groups:,} values, and rows of one value are nearly "
        "the same. They stay together, so that the figures tell of new ones, and the column is left out."
    )


def _about_lone(lone: Sequence[str]) -> tuple[str, ...]:
    named = ", ".join(f"'{label}'" for label in lone)
    rows = (
        f"All rows of {named} belong together"
        if len(lone) == 1
        else f"All rows of each of {named} belong together"
    )
    return (f"{rows}. They are learned from and measured on, so the figures are too good for new ones.",)


def _by_copies(copied: Copies) -> RelatedRows:
    n_rows, n_sets = len(copied.groups), int(copied.groups.max()) + 1
    but_for = ""
    if copied.but_for:
        named = ", ".join(" and ".join(f"'{name}'" for name in some) for some in copied.but_for[:3])
        more = len(copied.but_for) - 3
        but_for = f", exact or but for {named}" + (f" or {more:,} more" if more > 0 else "")
    told = (
        f"{copied.n_rows:,} of {n_rows:,} rows are copies of each other{but_for}: {n_sets:,} differ. "
        "Copies stay together, so that the figures tell of new rows."
    )
    evaluation = Evaluation("copies", n_groups=n_sets, n_related=copied.n_rows)
    return RelatedRows(evaluation, groups=copied.groups, warnings=(told,))


def _joined(one: Groups, two: Groups) -> Groups:
    """(n,) rows that either holds together."""
    n = int(one.max()) + 1
    joins = coo_array((np.ones(len(one), np.int8), (one, two + n)), shape=(n + int(two.max()) + 1,) * 2)
    _, labels = connected_components(joins, directed=False)
    return np.unique(labels[one], return_inverse=True)[1].astype(np.int64)


def _without_lone(of_row: Groups, values: np.ndarray, task: Task) -> tuple[Groups, list[str]]:
    """The groups, divided where a class has no other one; and these classes."""
    if task == "regression":
        return of_row, []
    parted, lone = of_row.copy(), []
    for label in np.unique(values):
        rows = np.flatnonzero(values == label)
        if len(np.unique(of_row[rows])) == 1:
            parted[rows] = int(of_row.max()) + 1 + rows
            lone.append(str(label))
    return parted, lone
