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
    from collections.abc import Sequence

    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

EPSILON = float(np.finfo(np.float64).eps)


def predicted(pipeline: Any, given: pd.DataFrame) -> Floats:
    """(n,) what the pipeline predicts; of a linear regression, alone or in a mean, with exact digits."""
    found = of(pipeline)
    return np.asarray(pipeline.predict(given), np.float64) if found is None else found.predicted(given)


def of(pipeline: Any) -> LinearModel | MeanWithTrees | None:
    """The pipeline's last sum; None where it is neither the linear recipe's regression nor a mean with it."""
    # Not at the top: the app reads first rows as scoring does, but never predicts, and scikit-learn takes a second.
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

    from core.models.blend import MeanOfNumbers

    if not isinstance(pipeline, Pipeline):
        return None
    if len(pipeline) == 2 and isinstance(pipeline[0], ColumnTransformer):
        columns, model = pipeline[0], pipeline[1]
        if isinstance(model, Ridge) and np.ndim(model.coef_) == 1:
            return LinearModel(columns, model)
    if isinstance(pipeline[-1], MeanOfNumbers) and len(pipeline[-1].members) == 2:
        linear, trees = (of(pipeline[-1].members[0]), pipeline[-1].members[1])
        if isinstance(linear, LinearModel):
            return MeanWithTrees(linear, trees, pipeline[-1].weights)
    return None


@dataclass(frozen=True)
class LinearModel:
    """A fitted Ridge behind its columns."""

    columns: ColumnTransformer
    model: Ridge

    def predicted(self, given: pd.DataFrame) -> Floats:
        """(n,) the model's own sums, those with a digit in doubt replaced by the exact ones."""
        matrix, sums, slack = self.rough(given)
        doubtful = rounding.in_doubt(sums, slack)
        sums[doubtful] = self.exact(matrix[doubtful])
        return sums

    def rough(self, given: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
        """The columns' matrix, (n,) the model's own sums, and (n,) how far from the exact ones they may be."""
        matrix = np.asarray(self.columns.transform(given), np.float64)
        sums = np.asarray(self.model.predict(matrix), np.float64)
        # n terms added in any order: Higham 2002, Accuracy and Stability of Numerical Algorithms, 3.1
        sizes = np.abs(matrix) @ np.abs(self.model.coef_) + abs(self.model.intercept_)
        return matrix, sums, (matrix.shape[1] + 2) * (EPSILON / 2) * sizes

    def summed(self, given: pd.DataFrame) -> Floats:
        """(n,) the sums of the terms, rounded once, at the end."""
        return self.exact(np.asarray(self.columns.transform(given), np.float64))

    def exact(self, matrix: Floats) -> Floats:
        """(n,) the sums of the terms of the columns' matrix, rounded once."""
        terms = matrix * self.model.coef_
        return np.array([math.fsum((*row, self.model.intercept_)) for row in terms], np.float64)


@dataclass(frozen=True)
class MeanWithTrees:
    """The mean of a linear regression and of trees, whose own sums come out alike in every way.

    weights: as in `core.models.blend.mean`.
    """

    linear: LinearModel
    trees: Pipeline
    weights: Sequence[float] | None

    def predicted(self, given: pd.DataFrame) -> Floats:
        """(n,) the means, those with a digit in doubt from the exact linear sums."""
        from core.models import blend  # scikit-learn comes with it: as in `of`

        matrix, sums, slack = self.linear.rough(given)
        grown = np.asarray(self.trees.predict(given), np.float64)
        means = blend.mean([sums, grown], self.weights)
        doubtful = rounding.in_doubt(means, mean_slack(slack, sums, grown))
        means[doubtful] = blend.mean([self.linear.exact(matrix[doubtful]), grown[doubtful]], self.weights)
        return means


def mean_slack(slack: Floats | float, sums: Floats, grown: Floats) -> Floats:
    """(n,) how far a mean may be from that with the exact linear sum. slack: of the linear sums."""
    allowed: Floats = slack + EPSILON * (np.abs(sums) + np.abs(grown))
    return allowed
