"""What a fitted pipeline does to one feature's values, learned by asking it: one row a value, the rest alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import ColumnTransformer

from core.models.schema import Feature, Schema
from core.predictions.scoring.fast.bins import Codes, Floats

_NEVER_SEEN: Final = "\x00 never seen \x00"


def domain(feature: Feature) -> list[str | None]:
    """Every kind of cell a category column can hold: the values seen, one never seen, and none."""
    return [*feature.categories, _NEVER_SEEN, None]


def frame(schema: Schema, feature: Feature, values: Sequence[object]) -> pd.DataFrame:
    """(len(values),) rows in which only this feature varies, in the types of `core.models.schema.frame`."""
    columns = {
        other.name: series(other, values if other is feature else [usual(other)] * len(values))
        for other in schema.inputs
    }
    return pd.DataFrame(columns)


def kinds(columns: ColumnTransformer, schema: Schema, feature: Feature) -> tuple[Floats, Codes]:
    """The rows that a category column's cells become, and which of them each place in its domain becomes.

    Returns (m, columns of the matrix) and (len(domain),) codes below m.
    """
    matrix = columns.transform(frame(schema, feature, domain(feature)))
    rows, codes = np.unique(np.asarray(matrix, np.float64), axis=0, return_inverse=True)
    return rows, codes.astype(np.int64)


def usual(feature: Feature) -> object:
    """The value of a feature in the rows in which it does not vary."""
    if feature.is_measured:
        return feature.minimum or 0.0
    return next(iter(feature.categories), None)


def series(feature: Feature, values: Sequence[object] | npt.NDArray[Any]) -> pd.Series:
    """A feature's column of the pipeline's frame."""
    return pd.Series(values, dtype="float64" if feature.is_measured else object)
