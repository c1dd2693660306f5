"""What the linear recipes answer, from their sums: probabilities of classes, or numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import softmax

from core.models.schema import Schema
from core.predictions.results import rounding
from core.predictions.scoring.fast import doubt
from core.predictions.scoring.fast.additive import Additive
from core.predictions.scoring.fast.bins import Floats
from core.predictions.scoring.fast.features import FeatureValues, ScoreChanges
from core.predictions.scoring.pipeline import reasons
from core.predictions.scoring.pipeline.exact import EPSILON, LinearModel

# The largest distance from the exact sum that is let pass, in EPSILON × Additive.size.
_OFF_BY: Final = 8.0


class LogisticTables:
    """Answers of a logistic regression, to within the last bits."""

    slack = doubt.TOLERANCE
    answered_by: Final = "curves"

    def __init__(self, columns: ColumnTransformer, model: LogisticRegression, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        self._additive = Additive(columns, model, schema)
        self._schema = schema

    def answers(self, given: FeatureValues) -> Floats | None:
        """(n, k) the pipeline's probabilities; None where their last written digit is in doubt."""
        answers = _probabilities(self._additive.sums(given))
        return None if doubt.any_at_an_edge(answers, self._schema) else answers

    def changes(self, given: FeatureValues, answers: Floats) -> ScoreChanges:
        """As in `compiled.Tables`."""
        schema, sums, steps = self._schema, self._additive.sums(given), 10**rounding.DECIMALS
        chosen = reasons.predicted(answers, schema)
        own = reasons.as_written(reasons.explained(answers, schema, chosen), schema)
        changes, doubtful = np.empty((len(schema.inputs), given.n_rows)), np.zeros(given.n_rows, bool)
        for index, feature in enumerate(schema.inputs):
            answered = _probabilities(self._additive.without(given, feature, sums))
            without = reasons.explained(answered, schema, chosen)
            changes[index] = own - reasons.as_written(without, schema)
            doubtful |= doubt.at_half(without * steps, doubt.TOLERANCE * steps)
        return ScoreChanges(changes, doubtful)


def _probabilities(sums: Floats) -> Floats:
    """(n, k) of each class. sums: log-odds; used up."""
    if sums.shape[1] == 1:
        positive = expit(sums[:, 0])
        return np.vstack([1 - positive, positive]).T
    return np.asarray(softmax(sums), np.float64)


class LinearTables:
    """Answers of a linear regression: what is written of them is what is written of the exact sums."""

    answered_by: Final = "curves"

    def __init__(self, linear: LinearModel, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        self._linear = linear
        self._additive = Additive(linear.columns, linear.model, schema)
        self._schema = schema
        # all but the last of these sums are as small as their terms
        size = _OFF_BY * self._additive.size[0] + abs(self._additive.start[0])
        self.slack = EPSILON * float(size)

    def answers(self, given: FeatureValues) -> Floats:
        """(n,) sums; a row with a digit in doubt gets the exact one, through the pipeline's own columns."""
        sums: Floats = self._additive.sums(given)[:, 0]
        doubtful = rounding.in_doubt(sums, self.slack)
        if len(doubtful):
            sums[doubtful] = self._linear.summed(given.frame(self._schema, doubtful))
        return sums

    def changes(self, given: FeatureValues, answers: Floats) -> ScoreChanges:
        """As in `compiled.Tables`."""
        features, sums = self._schema.inputs, self._additive.sums(given)
        own = rounding.rounded(answers)
        changes, doubtful = np.empty((len(features), given.n_rows)), np.zeros(given.n_rows, bool)
        for index, feature in enumerate(features):
            without = self._additive.without(given, feature, sums)[:, 0]
            changes[index] = own - rounding.rounded(without)
            doubtful[rounding.in_doubt(without, 2 * self.slack)] = (
                True  # two more terms, as large as the others
            )
        return ScoreChanges(changes, doubtful)
