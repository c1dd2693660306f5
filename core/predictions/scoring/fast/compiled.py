"""A fitted pipeline as tables: which of the recipes it is, and whether it is what the tables were made for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from core.models.blend import MeanOfLogits, MeanOfNumbers
from core.models.schema import Schema
from core.predictions.results.histograms import Floats
from core.predictions.results.run_summary import AnsweredBy
from core.predictions.scoring.fast.blended import BlendedTables
from core.predictions.scoring.fast.boosted import BoostedTables
from core.predictions.scoring.fast.features import FeatureValues, ScoreChanges
from core.predictions.scoring.fast.linear import LinearTables, LogisticTables
from core.predictions.scoring.fast.unsupported import Unsupported
from core.predictions.scoring.pipeline import exact

# What comes of scikit-learn's private parts when a version has renamed or reshaped them.
CHANGED_PARTS = (AttributeError, KeyError, IndexError, TypeError, ValueError)


class Tables(Protocol):
    """A compiled pipeline.

    slack: the largest difference from its own answer that may be; 0 for the same bits. answered_by: what it looks
    answers up in, for the receipt.
    """

    @property
    def slack(self) -> float: ...

    @property
    def answered_by(self) -> AnsweredBy: ...

    def answers(self, given: FeatureValues) -> Floats | None:
        """What the pipeline answers, (n, k) or (n,); None where a written digit of it would be in doubt."""

    def changes(self, given: FeatureValues, answers: Floats) -> ScoreChanges | None:
        """What reasons are made of; None where these tables can't say. answers: from `answers`.

        The schema's references are known.
        """


@lru_cache(maxsize=2)
def build(pipeline: Any, schema: Schema) -> Tables:
    """Raises Unsupported, which says why there are no tables for this pipeline."""
    try:
        return _recognised(pipeline, schema)
    except CHANGED_PARTS as changed:
        reason = f"its parts are not as expected ({type(changed).__name__}: {changed})"
        raise Unsupported(reason) from changed


def _recognised(pipeline: Any, schema: Schema) -> Tables:
    if isinstance(pipeline, Pipeline) and isinstance(pipeline[-1], (MeanOfLogits, MeanOfNumbers)):
        return BlendedTables(pipeline, schema)
    if isinstance(pipeline, Pipeline) and len(pipeline) == 2 and isinstance(pipeline[0], ColumnTransformer):
        columns, model = pipeline[0], pipeline[1]
        if isinstance(model, (HistGradientBoostingClassifier, HistGradientBoostingRegressor)):
            return BoostedTables(columns, model, schema)
        if isinstance(model, LogisticRegression):
            return LogisticTables(columns, model, schema)
        if isinstance(linear := exact.of(pipeline), exact.LinearModel):
            return LinearTables(linear, schema)
    raise Unsupported("its model is not one of the built-in recipes")
