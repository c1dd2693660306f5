"""A mean of recipes, from the tables of each: their sums are looked up apart, put together, and made into answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from core.models import blend
from core.models.schema import Schema
from core.predictions.results import rounding
from core.predictions.results.histograms import Floats
from core.predictions.results.run_summary import AnsweredBy
from core.predictions.scoring.fast import doubt
from core.predictions.scoring.fast.additive import Additive
from core.predictions.scoring.fast.boosted import BoostedTables
from core.predictions.scoring.fast.features import FeatureValues, ScoreChanges
from core.predictions.scoring.fast.linear import LinearTables
from core.predictions.scoring.fast.unsupported import Unsupported
from core.predictions.scoring.pipeline import exact, reasons

_TREES: Final = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class BlendedTables:
    """Answers of a `MeanOfLogits` or `MeanOfNumbers`: classes to within the last bits, numbers to the last digit."""

    answered_by: AnsweredBy = "blend"

    def __init__(self, pipeline: Pipeline, schema: Schema) -> None:
        """Raises Unsupported where a member is none of the recipes."""
        mean = pipeline[-1]
        self._schema = schema
        self._parts = [_part(member, schema) for member in mean.members]
        self._temperature, self._weights = getattr(mean, "temperature", 1.0), mean.weights
        self.slack = doubt.TOLERANCE
        self._linear: exact.LinearModel | None = None
        if schema.task == "regression":
            found = exact.of(pipeline)
            if not isinstance(found, exact.MeanWithTrees):
                raise Unsupported("it is a mean of other models than the linear recipe and trees")
            self._linear = found.linear
            self._linear_slack = LinearTables(found.linear, schema).slack
            trees = self._parts[1]
            assert isinstance(trees, BoostedTables)
            self.slack = 2 * self._linear_slack + exact.EPSILON * trees.size

    def answers(self, given: FeatureValues) -> Floats | None:
        """As in `compiled.Tables`."""
        sums = [part.sums(given) for part in self._parts]
        if self._linear is not None:
            return self._numbers(given, self._linear, *(one[:, 0] for one in sums))
        answers = self._probabilities(sums)
        return None if doubt.any_at_an_edge(answers, self._schema) else answers

    def _numbers(
        self, given: FeatureValues, linear: exact.LinearModel, sums: Floats, grown: Floats
    ) -> Floats:
        """(n,) means; a row with a digit in doubt gets that with the exact linear sum."""
        means = blend.mean([sums, grown], self._weights)
        doubtful = rounding.in_doubt(means, exact.mean_slack(self._linear_slack, sums, grown))
        if len(doubtful):
            summed = linear.summed(given.frame(self._schema, doubtful))
            means[doubtful] = blend.mean([summed, grown[doubtful]], self._weights)
        return means

    def _probabilities(self, sums: list[Floats]) -> Floats:
        """(n, k) of each class. sums: of each member, (n, 1) or (n, k)."""
        logits = blend.mean(sums, self._weights)
        return blend.probabilities(logits[:, 0] if logits.shape[1] == 1 else logits, self._temperature)

    def changes(self, given: FeatureValues, answers: Floats) -> ScoreChanges:
        """As in `compiled.Tables`."""
        schema = self._schema
        sums = [part.sums(given) for part in self._parts]
        trees = [self._of_trees(part, given, own) for part, own in zip(self._parts, sums, strict=True)]
        chosen = reasons.predicted(answers, schema)
        own = reasons.as_written(reasons.explained(answers, schema, chosen), schema)
        changes, doubtful = np.zeros((len(schema.inputs), given.n_rows)), np.zeros(given.n_rows, bool)
        for index, feature in enumerate(schema.inputs):
            replaced = [
                part.without(given, feature, whole) if isinstance(part, Additive) else found[feature.name]
                for part, whole, found in zip(self._parts, sums, trees, strict=True)
            ]
            if self._linear is not None:
                without = blend.mean([one[:, 0] for one in replaced], self._weights)
                doubtful[rounding.in_doubt(without, 2 * self.slack)] = True
            else:
                without = reasons.explained(self._probabilities(replaced), schema, chosen)
                steps = 10**rounding.DECIMALS
                doubtful |= doubt.at_half(without * steps, doubt.TOLERANCE * steps)
            changes[index] = own - reasons.as_written(without, schema)
        return ScoreChanges(changes, doubtful)

    def _of_trees(
        self, part: Additive | BoostedTables, given: FeatureValues, own: Floats
    ) -> Mapping[str, Floats]:
        """Feature → (n, k) the trees' sums without it: their own where no tree asks for it. Empty for curves."""
        if isinstance(part, Additive):
            return {}
        found = {feature.name: own for feature in self._schema.inputs}
        for rows, sums in part.without(given):
            for name, of_rows in sums.items():
                if found[name] is own:
                    found[name] = own.copy(order="F")
                found[name][rows] = of_rows
        return found


def _part(member: Any, schema: Schema) -> Additive | BoostedTables:
    columns, model = member[0], member[-1]
    if isinstance(model, _TREES):
        return BoostedTables(columns, model, schema)
    if isinstance(model, LogisticRegression) or exact.of(member) is not None:
        return Additive(columns, model, schema)
    raise Unsupported(f"a {type(model).__name__} is one of those whose mean it is")
