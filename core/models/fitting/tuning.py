"""How trees should be grown on a file: three ways are tried on the same folds, each until more trees stop helping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from core.models import forest, recipes
from core.models.fitting import evaluation, folds
from core.models.fitting.evaluation import CHOSEN_BY
from core.models.fitting.folds import Fold
from core.models.recipes import GROWTHS, Growth
from core.models.schema import Schema

# Rows to learn from in all folds together, about: small files need more folds than one.
TRIED_ROWS: Final = 10_000
PATIENCE: Final = 20  # trees that may come without making the held-out rows likelier
FEWEST_TREES: Final = 10
# The right class may still win more often when its probability gets no better any more: of several classes, large
# trees are also grown to this number, as LightGBM does by default, and the temperature mends their probabilities.
LARGE_TREES_A_CLASS: Final = 100


@dataclass(frozen=True)
class Grown:
    """The growth that was best, and the pipelines of it that learnt from the first folds, in their order."""

    growth: Growth
    fitted: tuple[Pipeline, ...]


def growth(
    make: Callable[[], Pipeline],
    features: pd.DataFrame,
    values: np.ndarray,
    schema: Schema,
    *,
    step: Callable[[], None],
    splits: Sequence[Fold] = (),
) -> Grown:
    """The growth that is best by the metric of the task, with the number of trees that was best.

    make: a new unfitted pipeline of columns and trees; its columns are used.  features, values: as
    `evaluation.cross_validate` takes them.  step: called after each way that was tried.  splits: the folds, where rows
    are not independent.
    """
    splits = splits or folds.independent(values, schema.task)
    n_folds = int(np.clip(TRIED_ROWS // len(values), 1, len(splits)))
    matrices = [_Matrices.of(make, fold, features, values) for fold in splits[:n_folds]]
    best: tuple[float, Grown] | None = None
    for one in GROWTHS:
        tried = [_tried(one, matrix, schema) for matrix in matrices]
        score = float(np.mean([fold.score for fold in tried]))
        if best is None or score > best[0]:
            n_trees = round(float(np.mean([fold.n_trees for fold in tried])))
            fitted = [
                Pipeline([("columns", matrix.columns), ("model", forest.cut(fold.model, n_trees))])
                for fold, matrix in zip(tried, matrices, strict=True)
            ]
            best = score, Grown(replace(one, n_trees=n_trees), tuple(fitted))
        step()
    assert best is not None
    return best[1]


@dataclass(frozen=True)
class _Matrices:
    """One fold as the trees see it. columns: fitted on the rows that are learnt from."""

    columns: ColumnTransformer
    learnt: np.ndarray
    learnt_values: np.ndarray
    held_out: np.ndarray
    held_out_values: np.ndarray

    @classmethod
    def of(
        cls, make: Callable[[], Pipeline], fold: Fold, features: pd.DataFrame, values: np.ndarray
    ) -> _Matrices:
        columns, (train, test) = make()[0], fold
        learnt = columns.fit_transform(features.iloc[train], values[train])
        return cls(columns, learnt, values[train], columns.transform(features.iloc[test]), values[test])


@dataclass(frozen=True)
class _Tried:
    model: BaseEstimator
    n_trees: int
    score: float


def _tried(one: Growth, fold: _Matrices, schema: Schema) -> _Tried:
    """Trees of this growth on the fold, how many were best, and how good they are."""
    is_fixed = schema.task == "multiclass" and one is GROWTHS[-1]
    if is_fixed:
        model = recipes.trees(schema, replace(one, n_trees=LARGE_TREES_A_CLASS))
        model.fit(fold.learnt, fold.learnt_values)
        n_trees = LARGE_TREES_A_CLASS
    else:
        model = recipes.trees(schema, one, early_stopping=True, n_iter_no_change=PATIENCE)
        model.fit(fold.learnt, fold.learnt_values, X_val=fold.held_out, y_val=fold.held_out_values)
        n_trees = max(FEWEST_TREES, int(np.argmax(model.validation_score_)))
    said = evaluation.answers_of(model, fold.held_out, schema)
    score = evaluation.metrics(said, fold.held_out_values, schema)[CHOSEN_BY[schema.task]]
    return _Tried(model, n_trees, score)
