"""A linear regression's answers, down to the last written digit, in whatever order its terms are added.

Floats added in another order, as another block, kernel or table adds them, give another last bit. Where a written
digit hangs on it, the terms are added without any rounding, so that every way writes the same number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.predictions.results import rounding
from core.predictions.results.histograms import Floats

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import Ridge

EPSILON = float(np.finfo(np.float64).eps)


def predicted(pipeline: Any, given: pd.DataFrame) -> Floats:
    """(n,) what the pipeline predicts; of a linear regression as `LinearModel` says it."""
    linear = of(pipeline)
    return np.asarray(pipeline.predict(given), np.float64) if linear is None else linear.predicted(given)


def of(pipeline: Any) -> LinearModel | None:
    """The pipeline's last sum; None where it is not the linear recipe's regression."""
    # Not at the top: the app reads first rows as scoring does, but never predicts, and scikit-learn takes a second.
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

    if isinstance(pipeline, Pipeline) and len(pipeline) == 2 and isinstance(pipeline[0], ColumnTransformer):
        columns, model = pipeline[0], pipeline[1]
        if isinstance(model, Ridge) and np.ndim(model.coef_) == 1:
            return LinearModel(columns, model)
    return None


@dataclass(frozen=True)
class LinearModel:
    """A fitted Ridge behind its columns."""

    columns: ColumnTransformer
    model: Ridge

    def predicted(self, given: pd.DataFrame) -> Floats:
        """(n,) the model's own sums, those with a digit in doubt replaced by the exact ones."""
        matrix = np.asarray(self.columns.transform(given), np.float64)
        sums = np.asarray(self.model.predict(matrix), np.float64)
        # n terms added in any order: Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1
        sizes = np.abs(matrix) @ np.abs(self.model.coef_) + abs(self.model.intercept_)
        doubtful = rounding.in_doubt(sums, (matrix.shape[1] + 2) * (EPSILON / 2) * sizes)
        sums[doubtful] = self._summed(matrix[doubtful])
        return sums

    def summed(self, given: pd.DataFrame) -> Floats:
        """(n,) the sums of the terms, rounded once, at the end."""
        return self._summed(np.asarray(self.columns.transform(given), np.float64))

    def _summed(self, matrix: Floats) -> Floats:
        terms = matrix * self.model.coef_
        return np.array([math.fsum((*row, self.model.intercept_)) for row in terms], np.float64)
