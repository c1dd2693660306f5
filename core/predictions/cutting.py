"""The threshold that a prediction was asked for with: kept with it, whatever becomes of its model's later."""

from __future__ import annotations

from typing import Final

from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.models import thresholds
from core.models.errors import ThresholdUnusable
from core.models.schema import Schema

OPTION: Final = "threshold"
"""Its name in a prediction's options; one half where there is none."""


def of(prediction: PredictionRow) -> float:
    """The probability from which on its rows count as the positive one of two classes."""
    return float((prediction.options or {}).get(OPTION, thresholds.HALF))


def option(model: ModelRow, schema: Schema, asked: float | None) -> dict[str, float]:
    """What a new prediction keeps: the threshold that is asked for, else the model's of now.

    Raises ThresholdUnusable where one is asked of a model that tells more or fewer than two classes apart.
    """
    if schema.positive_label is None:
        if asked is not None:
            raise ThresholdUnusable(problem=f"{model.name} v{model.version} has no two classes")
        return {}
    threshold = thresholds.of_model(model) if asked is None else thresholds.checked(asked)
    return {} if threshold == thresholds.HALF else {OPTION: threshold}
