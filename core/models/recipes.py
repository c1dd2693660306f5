"""The recipes that every training tries, and the baseline they must beat.

A linear model over splines of the quantiles is strong on small files and smooth effects; boosted trees find
thresholds and interactions and win as files grow; the mean of both is often better than either. Which is best is for
cross-validation to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from core.models import date_parts
from core.models.blend import MeanOfLogits, MeanOfNumbers, Weights
from core.models.schema import Feature, PartOfDate, Schema

Known = Mapping[str, Sequence[str | None]]  # of columns, all values that they have

LINEAR: Final = "linear_splines"
TREES: Final = "boosted_trees"
BLEND: Final = "blend"
NAMES: Final = (LINEAR, TREES, BLEND)

MIN_FREQUENCY = 5
MAX_CATEGORIES = 60  # columns a category may become; rarer values share one
N_KNOTS = 6
N_QUANTILES = 200
# Splines scaled down beside a straight line: one penalty then costs a bend more than a slope, which small
# files need.
BEND = 0.35
# Categories of more values go to the trees as one column, the mean outcome of each value: a column a value would
# cost five times as long and say no more.
ONE_HOT_VALUES = 8
# Of a number, at most, before trees are grown: more make no better trees, but cost time and what scoring looks up.
N_BINS = 127
# Newton's steps need the square of (columns × classes) and a few passes; beyond this, gradients are quicker.
NEWTON_COEFFICIENTS = 1500


@dataclass(frozen=True)
class Growth:
    """How trees are grown: leaves a tree, rows a leaf at least, and the share of columns that a split may look at.

    n_trees: how many, at most where `tuning` looks for the number.
    """

    n_leaves: int
    learning_rate: float
    min_leaf: int
    l2: float
    share_of_columns: float
    n_trees: int = 1500


# Small trees for effects that add up, large ones for what only hangs together in many columns: what is kept is their
# mean. Few columns a split make trees differ, so that their sum is steadier; large ones need most to find what hangs
# together.
GROWTHS: Final = (
    Growth(n_leaves=8, learning_rate=0.1, min_leaf=10, l2=3.0, share_of_columns=0.3),
    Growth(n_leaves=16, learning_rate=0.1, min_leaf=10, l2=3.0, share_of_columns=0.6),
    Growth(n_leaves=31, learning_rate=0.1, min_leaf=5, l2=10.0, share_of_columns=0.6),
)
USUAL_GROWTH: Final = Growth(
    n_leaves=12, learning_rate=0.05, min_leaf=30, l2=3.0, share_of_columns=0.5, n_trees=120
)


def build(
    name: str,
    schema: Schema,
    *,
    n_rows: int,
    with_missing: frozenset[str],
    growth: Growth = USUAL_GROWTH,
    known: Known = MappingProxyType({}),
) -> Pipeline:
    """An unfitted pipeline from the schema's frame to the task's answer.

    name: one of NAMES.  n_rows: the fewest rows it will be fitted on.  growth: of the trees.
    with_missing: number columns whose gaps are frequent enough to be a signal of their own.
    known: category columns without a rare value, whose values need not be counted anew by each fit.
    """
    if name == BLEND:
        members = [
            build(one, schema, n_rows=n_rows, with_missing=with_missing, growth=growth, known=known)
            for one in (LINEAR, TREES)
        ]
        return blended(members, schema)
    if name == LINEAR:
        columns = _columns_of_lines(schema, n_rows=n_rows, with_missing=with_missing, known=known)
        model = _linear(schema)
    else:
        columns = _columns_of_trees(schema, known)
        model = trees(schema, growth)
    return Pipeline(
        [
            ("columns", ColumnTransformer([part for part in columns if part[2]], sparse_threshold=0)),
            ("model", model),
        ]
    )


def blended(
    members: Sequence[Pipeline], schema: Schema, temperature: float = 1.0, weights: Weights | None = None
) -> Pipeline:
    """The mean of these pipelines as one. temperature: of classes; both as in `core.models.blend`."""
    if schema.task == "regression":
        return Pipeline([("blend", MeanOfNumbers(list(members), weights))])
    return Pipeline([("blend", MeanOfLogits(list(members), temperature, weights))])


def n_columns(features: Sequence[Feature]) -> int:
    """How many float64 columns the wider recipe makes of these features, at most."""
    parts = [part.name for feature in features for part in feature.parts]
    coded = [date_parts.N_CODES[part] for part in parts if part in date_parts.CODED]
    n_numbers = sum(feature.is_measured for feature in features) + len(parts) - len(coded)
    values = [*coded, *(len(feature.categories) for feature in features if not feature.is_measured)]
    # line, splines and gap a number; a column more a category for what is rare or missing
    return n_numbers * (N_KNOTS + 4) + sum(min(n_values, MAX_CATEGORIES) + 1 for n_values in values)


def n_codes(features: Sequence[Feature]) -> int:
    """How many values the trees tell apart, over all of these features and the parts of dates, at most."""
    n_measured = sum(len(feature.parts) + feature.is_measured for feature in features)
    values = (len(feature.categories) + 2 for feature in features if not feature.is_measured)  # new, missing
    return n_measured * (N_BINS + 1) + sum(values)


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


def _categories(names: Sequence[str], known: Known) -> list[tuple[str, Any, list[str]]]:
    """A column a value; those that are known are not looked for."""
    listed, counted = [name for name in names if name in known], [name for name in names if name not in known]
    plain = OneHotEncoder(
        categories=[list(known[name]) for name in listed], handle_unknown="ignore", sparse_output=False
    )
    return [("known", plain, listed), ("categories", _one_hot(), counted)]


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
    if schema.task == "regression":
        return Ridge(alpha=1.0)
    n_answers = 1 if schema.task == "binary" else len(schema.labels)
    small = n_columns(schema.features) * n_answers <= NEWTON_COEFFICIENTS
    return LogisticRegression(C=0.3, max_iter=2000, solver="newton-cholesky" if small else "lbfgs")


def _columns_of_lines(
    schema: Schema, *, n_rows: int, with_missing: frozenset[str], known: Known
) -> list[tuple[str, Any, list[str]]]:
    """Splines of numbers and of days; of what comes round again, months, weekdays and hours, a column each."""
    coded = [
        one.name for one in schema.inputs if isinstance(one, PartOfDate) and one.part in date_parts.CODED
    ]
    numbers = [one.name for one in schema.inputs if one.is_measured and one.name not in coded]
    gaps = [one.name for one in schema.features if one.is_measured and one.name in with_missing]
    return [
        ("numbers", _splines(n_rows), numbers),
        ("gaps", MissingIndicator(features="all"), gaps),
        ("codes", _one_hot(), coded),
        *_categories([one.name for one in schema.inputs if not one.is_measured], known),
    ]


def _columns_of_trees(schema: Schema, known: Known) -> list[tuple[str, Any, list[str]]]:
    """Numbers as they are, few categories a column each, many as the mean outcome of each.

    The means are cross-fitted: those that the trees learn from leave a row's own outcome out. Source: Micci-Barreca
    2001, A preprocessing scheme for high-cardinality categorical attributes, SIGKDD Explorations.
    """
    texts = [feature for feature in schema.features if not feature.is_measured]
    kinds = {"binary": "binary", "multiclass": "multiclass", "regression": "continuous"}
    means = TargetEncoder(target_type=kinds[schema.task], cv=KFold(5, shuffle=True, random_state=0))
    return [
        ("numbers", "passthrough", [one.name for one in schema.inputs if one.is_measured]),
        *_categories([text.name for text in texts if not _as_means(text, schema)], known),
        ("means", means, [text.name for text in texts if _as_means(text, schema)]),
    ]


def _as_means(text: Feature, schema: Schema) -> bool:
    """Whether a category's values become means: one column, or of several classes one a class."""
    return min(len(text.categories), MAX_CATEGORIES) > max(ONE_HOT_VALUES, len(schema.labels))


def trees(schema: Schema, growth: Growth, **more: object) -> BaseEstimator:
    """Unfitted boosted trees. more: settings of scikit-learn's besides, such as those of early stopping."""
    settings: dict[str, Any] = {
        "learning_rate": growth.learning_rate,
        "max_iter": growth.n_trees,
        "max_leaf_nodes": growth.n_leaves,
        "min_samples_leaf": growth.min_leaf,
        "l2_regularization": growth.l2,
        "max_features": growth.share_of_columns,
        "max_bins": N_BINS,
        "early_stopping": False,
        "random_state": 0,
        **more,
    }
    if schema.task == "regression":
        return HistGradientBoostingRegressor(**settings)
    return HistGradientBoostingClassifier(**settings)
