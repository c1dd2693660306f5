"""skops, loaded so that of scikit-learn it trusts what models of this app are made of, and loads nothing more.

By itself skops trusts every estimator of scikit-learn. To name them all it imports all of scikit-learn's modules, a
third of what it takes to start a process that scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sklearn.utils
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    OneHotEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

ESTIMATORS: Final = (
    ColumnTransformer, FeatureUnion, FunctionTransformer, HistGradientBoostingClassifier,
    HistGradientBoostingRegressor, LabelEncoder, LogisticRegression, MissingIndicator, OneHotEncoder,
    Pipeline, QuantileTransformer, Ridge, SimpleImputer, SplineTransformer, StandardScaler, TargetEncoder,
)  # fmt: skip


@contextmanager
def _of_scikit_learn_only_these() -> Iterator[None]:
    """Meanwhile scikit-learn says, asked for all its estimators, that they are these."""
    all_estimators = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = lambda: [(estimator.__name__, estimator) for estimator in ESTIMATORS]
    try:
        yield
    finally:
        sklearn.utils.all_estimators = all_estimators


with _of_scikit_learn_only_these():
    import skops.io as skops_io
    from skops.io.exceptions import UntrustedTypesFoundException

__all__ = ["ESTIMATORS", "UntrustedTypesFoundException", "skops_io"]
