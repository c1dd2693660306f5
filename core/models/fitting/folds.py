"""Which rows are learnt from and which held out, so that what belongs together is never on both sides."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold

from core.models.schema import RowIndices, Task
from core.models.validation import N_FOLDS

SEED: Final = 0
LATEST_SHARE: Final = 0.2
FEWEST: Final = 5  # rows on either side
LARGE_GROUP: Final = 0.5  # share of the rows

Fold = tuple[RowIndices, RowIndices]
Groups = npt.NDArray[np.int64]


def independent(values: np.ndarray, task: Task, n_folds: int = N_FOLDS) -> list[Fold]:
    """Folds of rows that have nothing to do with each other, stratified by class: (learnt, held out) each.

    So many, or as many as the smallest class has rows; at least two.
    """
    if task != "regression":
        n_folds = int(np.clip(np.unique(values, return_counts=True)[1].min(), 2, n_folds))
    kind = KFold if task == "regression" else StratifiedKFold
    return list(kind(n_folds, shuffle=True, random_state=SEED).split(np.zeros(len(values)), values))


def grouped(values: np.ndarray, groups: Groups, task: Task, n_folds: int = N_FOLDS) -> list[Fold]:
    """Folds that never part a group, and hold about as many rows of each class.

    values: (n,) outcomes.  groups: (n,) rows of one number are kept together.  Fewer folds, down to 2, where a class is
    in fewer groups; none at all where a class is in a single one.
    """
    classes = (
        np.unique(values, return_inverse=True)[1] if task != "regression" else np.zeros(len(values), int)
    )
    of_row = np.unique(groups, return_inverse=True)[1]
    counts = _counts(of_row, classes)
    for n in range(min(n_folds, int((counts > 0).sum(axis=0).min())), 1, -1):
        fold_of = _spread(counts, n)[of_row]
        held_out = np.zeros((n, counts.shape[1]), np.int64)
        np.add.at(held_out, (fold_of, classes), 1)
        if (held_out > 0).all():
            return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(n)]
    return []


def held_out(values: np.ndarray, groups: Groups, task: Task, n_folds: int) -> npt.NDArray[np.bool_] | None:
    """(n,) one of so many folds that part no group, and have every class on either side; None where none does.

    The one that is nearest to its share of the rows; where one group is most of them, that may be all others.
    values, groups: as `grouped` takes them.
    """
    classes = (
        np.unique(values, return_inverse=True)[1] if task != "regression" else np.zeros(len(values), int)
    )
    of_row = np.unique(groups, return_inverse=True)[1]
    counts = _counts(of_row, classes)
    fold_of = _spread(counts, n_folds)[of_row]
    sides: list[npt.NDArray[np.bool_]] = [fold_of == fold for fold in range(n_folds)]
    largest = max(sides, key=np.sum)
    if largest.mean() > LARGE_GROUP:
        sides.append(~largest)
    usable = [side for side in sides if _has_all(classes[side], counts) and _has_all(classes[~side], counts)]
    return min(usable, key=lambda side: abs(side.mean() - 1 / n_folds), default=None)


def _has_all(classes: np.ndarray, counts: npt.NDArray[np.int64]) -> bool:
    return bool((np.bincount(classes, minlength=counts.shape[1]) > 0).all())


def latest(times: npt.NDArray[np.float64], groups: Groups | None) -> Fold:
    """The rows before the latest fifth, and these.

    times: (n,) at least one known; NaN where unknown, which counts as early. Rows of one moment stay together.
    groups: copies of what is held out are not learnt from.
    """
    known = np.sort(times[~np.isnan(times)])
    first = known[int((1 - LATEST_SHARE) * len(known))]
    is_late = times >= first
    if is_late.mean() > 2 * LATEST_SHARE:  # many rows are of that very moment
        is_late = times > first
    learnt = ~is_late
    if groups is not None:
        learnt &= ~np.isin(groups, np.unique(groups[is_late]))
    return np.flatnonzero(learnt), np.flatnonzero(is_late)


def _counts(of_row: Groups, classes: np.ndarray) -> npt.NDArray[np.int64]:
    """(groups, classes) rows."""
    counts = np.zeros((int(of_row.max()) + 1, int(classes.max()) + 1), np.int64)
    np.add.at(counts, (of_row, classes), 1)
    return counts


def _spread(counts: npt.NDArray[np.int64], n_folds: int) -> npt.NDArray[np.int64]:
    """(groups,) the fold of each: large ones first, each to where the least of its classes is.

    As scikit-learn's StratifiedGroupKFold, which takes minutes where groups are many.
    """
    shares = counts / counts.sum(axis=0)
    shuffled = np.random.default_rng(SEED).permutation(len(counts))
    in_order = shuffled[np.argsort(-shares[shuffled].max(axis=1), kind="stable")]
    load, fold_of = np.zeros((n_folds, counts.shape[1])), np.empty(len(counts), np.int64)
    for group in in_order:
        fold = int(np.argmin(load @ shares[group]))
        load[fold] += shares[group]
        fold_of[group] = fold
    return fold_of
