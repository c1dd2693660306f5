"""What the linear recipes answer, from their sums: probabilities of classes, or numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import softmax

from core.models.schema import Schema
from core.predictions import rounding
from core.predictions.exact import EPSILON, Linear
from core.predictions.fast import doubt
from core.predictions.fast.additive import Additive
from core.predictions.fast.bins import Floats
from core.predictions.fast.features import Given

# The largest distance from the exact sum that is let pass, in EPSILON × Additive.size.
_OFF_BY: Final = 8.0


class Logistic:
    """Answers of a logistic regression, to within the last bits."""

    slack = doubt.TOLERANCE
    answered_by: Final = "curves"

    def __init__(self, columns: ColumnTransformer, model: LogisticRegression, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        self._additive = Additive(columns, model, schema)
        self._schema = schema

    def answers(self, given: Given) -> Floats | None:
        """(n, k) the pipeline's probabilities; None where their last written digit is in doubt."""
        sums = self._additive.sums(given)
        if sums.shape[1] == 1:
            positive = expit(sums[:, 0])
            answers = np.vstack([1 - positive, positive]).T
        else:
            answers = np.asarray(softmax(sums), np.float64)
        return None if doubt.any_at_an_edge(answers, self._schema) else answers


class Regression:
    """Answers of a linear regression: what is written of them is what is written of the exact sums."""

    answered_by: Final = "curves"

    def __init__(self, linear: Linear, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        self._linear = linear
        self._additive = Additive(linear.columns, linear.model, schema)
        self._schema = schema
        # all but the last of these sums are as small as their terms
        size = _OFF_BY * self._additive.size[0] + abs(self._additive.start[0])
        self.slack = EPSILON * float(size)

    def answers(self, given: Given) -> Floats:
        """(n,) sums; a row with a digit in doubt gets the exact one, through the pipeline's own columns."""
        sums: Floats = self._additive.sums(given)[:, 0]
        doubtful = rounding.in_doubt(sums, self.slack)
        if len(doubtful):
            sums[doubtful] = self._linear.summed(given.frame(self._schema, doubtful))
        return sums
