"""Boosted trees after they were fitted: fewer of them, or several models as one that is the mean of what they say.

Small trees, large ones, and such whose splits look at columns drawn by another seed err in other rows; their mean is
steadier than each. Source: Breiman 1996, Bagging Predictors, Machine Learning 24. The mean is one model of
scikit-learn's own, whose leaves hold shares of the values, so that files, tables and reasons need nothing new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from core.models.binned import BinnedRows

# Few rows hang on the columns that chance let their splits look at: they are grown over by other seeds.
STEADIED_ROWS: Final = 20_000
MOST_SEEDS: Final = 3
MOST_LEAVES: Final = 10_000
# Scoring keeps 8 bytes for about every 60 leaves and each code that a cell may become: 64 MB at most.
MOST_LEAVES_BY_CODES: Final = 400_000_000


def n_seeds(n_leaves: int, n_rows: int, n_codes: int) -> int:
    """By how many seeds trees of so many leaves in all are grown.

    n_rows: that one seed's growths learn from, each counted.  n_codes: that cells may become, over all features.
    """
    least = min(
        STEADIED_ROWS // n_rows, MOST_LEAVES // n_leaves, MOST_LEAVES_BY_CODES // (n_leaves * n_codes)
    )
    return max(1, min(least, MOST_SEEDS))


def n_kept(n_leaves: Sequence[int], n_codes: int) -> int:
    """How many of these growths, from the first, scoring can look up together; at least one.

    n_leaves: of each growth.  n_codes: as above.
    """
    return max(1, int((np.cumsum(n_leaves) * n_codes <= MOST_LEAVES_BY_CODES).sum()))


def cut(model: Any, n_trees: int) -> Any:
    """The fitted model with its first n_trees alone, or the fewer that it has; the model itself is changed."""
    model._predictors = model._predictors[:n_trees]
    return model


def fit(
    columns: ColumnTransformer, models: Sequence[Any], features: pd.DataFrame, values: np.ndarray
) -> Pipeline:
    """The pipeline of the columns and the mean of the models, all fitted here."""
    rows = BinnedRows(columns.fit_transform(features, values))
    return Pipeline([("columns", columns), ("model", mean([rows.fit(one, values) for one in models]))])


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
