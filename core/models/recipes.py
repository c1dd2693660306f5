"""The two recipes that every training tries, and the baseline they must beat.

A linear model over splines of the quantiles is strong on small files and smooth effects; boosted trees find
thresholds and interactions and win as files grow. Which is better is for cross-validation to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer, StandardScaler

from core.models.schema import Feature, Schema

LINEAR: Final = "linear_splines"
TREES: Final = "boosted_trees"
NAMES: Final = (LINEAR, TREES)

MIN_FREQUENCY = 5
MAX_CATEGORIES = 60  # columns a category may become; rarer values share one
N_KNOTS = 6
N_QUANTILES = 200
# Splines scaled down beside a straight line: one penalty then costs a bend more than a slope, which small
# files need.
BEND = 0.35
# Early stopping sets aside a tenth of the rows and needs a few of each class there.
MIN_ROWS_HELD_A_CLASS = 2


def build(name: str, schema: Schema, *, n_rows: int, with_missing: frozenset[str]) -> Pipeline:
    """An unfitted pipeline from the schema's frame to the task's answer.

    name: one of NAMES.  n_rows: the fewest rows it will be fitted on.
    with_missing: number columns whose gaps are frequent enough to be a signal of their own.
    """
    numbers = [feature.name for feature in schema.features if feature.kind == "number"]
    categories = [feature.name for feature in schema.features if feature.kind == "category"]
    if name == LINEAR:
        gaps = [column for column in numbers if column in with_missing]
        columns = [
            ("numbers", _splines(n_rows), numbers),
            ("gaps", MissingIndicator(features="all"), gaps),
            ("categories", _one_hot(), categories),
        ]
        model = _linear(schema)
    else:
        columns = [("numbers", "passthrough", numbers), ("categories", _one_hot(), categories)]
        model = _trees(schema, n_rows)
    return Pipeline(
        [
            ("columns", ColumnTransformer([part for part in columns if part[2]], sparse_threshold=0)),
            ("model", model),
        ]
    )


def n_columns(features: Sequence[Feature]) -> int:
    """How many float64 columns the wider recipe makes of these features, at most."""
    numbers = [feature for feature in features if feature.kind == "number"]
    texts = [feature for feature in features if feature.kind == "category"]
    # line, splines and gap a number; a column more a category for what is rare or missing
    return len(numbers) * (N_KNOTS + 4) + sum(min(len(text.categories), MAX_CATEGORIES) + 1 for text in texts)


def baseline(schema: Schema) -> BaseEstimator:
    """What can be said without looking at the columns: the share of each class, or the mean."""
    return DummyRegressor() if schema.task == "regression" else DummyClassifier(strategy="prior")


def _one_hot() -> OneHotEncoder:
    """One column a value; rare values share one, unseen ones get that one or none, missing is a value."""
    return OneHotEncoder(
        min_frequency=MIN_FREQUENCY,
        max_categories=MAX_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )


def _splines(n_rows: int) -> Pipeline:
    return Pipeline(
        [
            ("fill", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("quantiles", QuantileTransformer(n_quantiles=min(N_QUANTILES, n_rows), random_state=0)),
            (
                "curves",
                FeatureUnion(
                    [("line", StandardScaler()), ("splines", SplineTransformer(n_knots=N_KNOTS))],
                    transformer_weights={"splines": BEND},
                ),
            ),
        ]
    )


def _linear(schema: Schema) -> BaseEstimator:
    return Ridge(alpha=1.0) if schema.task == "regression" else LogisticRegression(C=0.3, max_iter=2000)


def _trees(schema: Schema, n_rows: int) -> BaseEstimator:
    stops_early = n_rows // 10 >= MIN_ROWS_HELD_A_CLASS * max(1, len(schema.labels))
    settings = {
        "learning_rate": 0.05,
        "max_iter": 1500 if stops_early else 100,
        "max_leaf_nodes": 12,
        "min_samples_leaf": 30,
        "l2_regularization": 3.0,
        "max_features": 0.5,
        "early_stopping": stops_early,
        "n_iter_no_change": 30,
        "validation_fraction": 0.1,
        "random_state": 0,
    }
    if schema.task == "regression":
        return HistGradientBoostingRegressor(**settings)
    return HistGradientBoostingClassifier(**settings)
