"""How trees are grown on a file: in up to three ways, each until more trees stop helping; the mean of them is kept.

On rows that nobody saw, the mean of small trees and large ones is better than either, more so than picking one of them
by few folds. Source: Breiman 1996, Stacked Regressions, Machine Learning 24, whose equal weights do as well here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from core.models import blend, forest, recipes
from core.models.binned import BinnedRows
from core.models.fitting import evaluation
from core.models.fitting.folds import Fold
from core.models.recipes import GROWTHS, Growth
from core.models.schema import Schema

# Rows to learn from in all folds together, about: small files need more folds than one.
TRIED_ROWS: Final = 10_000
# Of more rows, the largest trees are not grown where middle ones say less than small ones: on inner folds that was as
# good or better, while on fewer rows the mean of all three was.
FEW_ROWS: Final = 2_000
PATIENCE: Final = 20  # trees that may come without making the held-out rows likelier
FEWEST_TREES: Final = 10


@dataclass(frozen=True)
class Grown:
    """The growths whose mean is kept, with how many trees were best; the pipelines of that mean, a fold each.

    fitted: in the folds' order, each fitted when it is asked for, unless it learnt from one of the first folds.
    """

    growths: tuple[Growth, ...]
    fitted: Iterator[Pipeline]

    def on_all(
        self, columns: ColumnTransformer, features: pd.DataFrame, values: np.ndarray, schema: Schema
    ) -> Pipeline:
        """The mean that learns from all rows, by several seeds where they are few. columns: unfitted."""
        n_leaves = sum(_n_leaves(one, schema) for one in self.growths)
        n_seeds = forest.n_seeds(n_leaves, len(self.growths) * len(values), recipes.n_codes(schema.features))
        seeded = itertools.product(range(n_seeds), self.growths)
        models = [recipes.trees(schema, one, random_state=seed) for seed, one in seeded]
        return forest.fit(columns, models, features, values)


def growths(
    make: Callable[[], Pipeline],
    features: pd.DataFrame,
    values: np.ndarray,
    schema: Schema,
    *,
    step: Callable[[], None],
    splits: Sequence[Fold],
) -> Grown:
    """As many trees of each growth as were best on rows that they did not learn from.

    make: a new unfitted pipeline of columns and trees; its columns are used.  features, values: as
    `evaluation.cross_validate` takes them.  step: called after each growth.  splits: the folds; as many as make up
    TRIED_ROWS say when to stop.
    """
    n_folds = int(np.clip(TRIED_ROWS // len(values), 1, len(splits)))
    matrices = [_Matrices.of(make, fold, features, values) for fold in splits[:n_folds]]
    truth = evaluation.truth(np.concatenate([matrix.held_out_values for matrix in matrices]), schema)
    tried: list[_Tried] = []
    for one in GROWTHS:
        if len(values) <= FEW_ROWS or not _is_worse(tried, truth):
            tried.append(_tried(one, matrices, schema))
        step()
    kept = _needed(tried, truth)
    n_leaves = [_n_leaves(one.growth, schema) for one in kept]
    kept = kept[: forest.n_kept(n_leaves, recipes.n_codes(schema.features))]

    def fitted() -> Iterator[Pipeline]:
        for matrix, *models in zip(matrices, *(one.models for one in kept), strict=True):
            yield Pipeline([("columns", matrix.columns), ("model", forest.mean(models))])
        for train, _ in splits[n_folds:]:
            models = [recipes.trees(schema, one.growth) for one in kept]
            yield forest.fit(make()[0], models, features.iloc[train], values[train])

    return Grown(tuple(one.growth for one in kept), fitted())


def _n_leaves(growth: Growth, schema: Schema) -> int:
    a_round = len(schema.labels) if schema.task == "multiclass" else 1
    return growth.n_leaves * growth.n_trees * a_round


@dataclass(frozen=True)
class _Matrices:
    """One fold as the trees see it. columns: fitted on the rows that are learnt from."""

    columns: ColumnTransformer
    rows: BinnedRows
    learnt_values: np.ndarray
    held_out: np.ndarray
    held_out_values: np.ndarray

    @classmethod
    def of(
        cls, make: Callable[[], Pipeline], fold: Fold, features: pd.DataFrame, values: np.ndarray
    ) -> _Matrices:
        columns, (train, test) = make()[0], fold
        learnt = columns.fit_transform(features.iloc[train], values[train])
        held_out = columns.transform(features.iloc[test])
        return cls(columns, BinnedRows(learnt, held_out), values[train], held_out, values[test])


@dataclass(frozen=True)
class _Tried:
    """A growth with as many trees as were best, its trees of each fold, and what they say of the rows held out."""

    growth: Growth
    models: tuple[BaseEstimator, ...]
    said: np.ndarray


def _tried(one: Growth, matrices: Sequence[_Matrices], schema: Schema) -> _Tried:
    """Trees of this growth on each fold, until more stopped helping on the rows held out."""
    models, n_best = [], []
    for fold in matrices:
        model = recipes.trees(schema, one, early_stopping=True, n_iter_no_change=PATIENCE)
        models.append(fold.rows.fit(model, fold.learnt_values, fold.held_out_values))
        n_best.append(max(FEWEST_TREES, int(np.argmax(model.validation_score_))))
    n_trees = round(float(np.mean(n_best)))
    cut = tuple(forest.cut(model, n_trees) for model in models)
    said = [
        evaluation.answers_of(model, fold.held_out, schema) for model, fold in zip(cut, matrices, strict=True)
    ]
    return _Tried(replace(one, n_trees=n_trees), cut, np.concatenate(said))


def _needed(tried: Sequence[_Tried], truth: np.ndarray) -> list[_Tried]:
    """Those without the largest trees, then the smallest, for as long as the mean of the others is as good.

    truth: (n,) of the rows held out, as `evaluation.truth` gives it.
    """
    kept = list(tried)
    while len(kept) > 1 and _loss(kept[:-1], truth) <= _loss(kept, truth):
        kept.pop()
    while len(kept) > 1 and _loss(kept[1:], truth) <= _loss(kept, truth):
        kept.pop(0)
    return kept


def _is_worse(tried: Sequence[_Tried], truth: np.ndarray) -> bool:
    """Whether the last of several growths says less of the rows held out than the one before it."""
    return len(tried) > 1 and _loss(tried[-1:], truth) > _loss(tried[-2:-1], truth)


def _loss(some: Sequence[_Tried], truth: np.ndarray) -> float:
    """Of the mean of these growths."""
    return blend.loss(blend.mean([one.said for one in some]), truth)
