"""Boosted trees after they were fitted: fewer of them, or several models as one that is the mean of what they say.

A split looks at columns that are drawn at random, so that models of other seeds err in other rows; their mean is
steadier than each. Source: Breiman 1996, Bagging Predictors, Machine Learning 24. The mean is one model of
scikit-learn's own, whose leaves hold shares of the values, so that files, tables and reasons need nothing new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

# Few rows hang on the columns that chance let their splits look at: they are grown over by other seeds.
STEADIED_ROWS: Final = 20_000
MOST_GROWTHS: Final = 3
# Scoring keeps 8 bytes for about every 60 leaves and each of up to 256 codes a column: 64 MB at most.
MOST_LEAVES: Final = 10_000
MOST_LEAVES_BY_COLUMNS: Final = 1_600_000


def n_growths(n_leaves: int, n_rows: int, n_columns: int) -> int:
    """How often trees of so many leaves in all are grown on so many rows and columns of features."""
    least = min(
        STEADIED_ROWS // n_rows, MOST_LEAVES // n_leaves, MOST_LEAVES_BY_COLUMNS // (n_leaves * n_columns)
    )
    return max(1, min(least, MOST_GROWTHS))


def cut(model: Any, n_trees: int) -> Any:
    """The fitted model with its first n_trees alone, or the fewer that it has; the model itself is changed."""
    model._predictors = model._predictors[:n_trees]
    return model


def fit(pipeline: Pipeline, features: pd.DataFrame, values: np.ndarray, *, n_growths: int) -> Pipeline:
    """The pipeline of columns and trees fitted, its trees grown n_growths times by other seeds."""
    columns, model = pipeline[0], pipeline[-1]
    matrix = columns.fit_transform(features, values)
    seeds = range(n_growths)
    grown = [clone(model).set_params(random_state=seed).fit(matrix, values) for seed in seeds]
    return Pipeline([("columns", columns), ("model", mean(grown))])


def mean(models: Sequence[Any]) -> Any:
    """The mean of what these models say, fitted on the same rows, as one of them; the models are changed."""
    first = models[0]
    if len(models) == 1:
        return first
    first._predictors = [trees for one in models for trees in one._predictors]
    for trees in first._predictors:
        for tree in trees:
            tree.nodes["value"] /= len(models)
    return first
