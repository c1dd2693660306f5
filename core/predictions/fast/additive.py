"""The logistic recipe, its log-odds a sum of one function a feature, each taken from a table or a piecewise cubic.

Its numbers go through a quantile transform, linear between quantiles, and cubic splines of that, so that what a
number adds to the sum is a cubic between neighbouring quantiles and knots. What a feature adds is learned by
asking the pipeline itself; only where the pieces begin is read off its parts.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer, StandardScaler
from sklearn.utils.extmath import softmax

from core.models.schema import Feature, Schema
from core.predictions import columns, reasons
from core.predictions.fast import curves, doubt, probe
from core.predictions.fast.bins import Codes, Floats
from core.predictions.fast.coding import grouped
from core.predictions.fast.curves import Curves
from core.predictions.fast.features import Changes, Given
from core.predictions.fast.unsupported import Unsupported


class Additive:
    """Answers of a fitted pipeline of splines, one-hot categories and a logistic regression."""

    slack = doubt.TOLERANCE

    def __init__(self, columns: ColumnTransformer, model: LogisticRegression, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        knots = _knots(columns)
        self._schema = schema
        usual = probe.frame(schema, schema.features[0], [probe.usual(schema.features[0])])
        self._start = _sums(model, columns.transform(usual))[0]
        self._curves: dict[str, Curves] = {}
        self._classes: dict[str, Codes] = {}
        self._parts: dict[str, Floats] = {}

        for feature in schema.features:
            if feature.kind == "number":
                part = partial(self._part, columns, model, feature)
                self._curves[feature.name] = curves.fitted(part, knots[feature.name])
            else:
                rows, self._classes[feature.name] = probe.kinds(columns, schema, feature)
                self._parts[feature.name] = _sums(model, rows) - self._start
        self._groups = grouped({name: len(part) for name, part in self._parts.items()})
        self._tables = [
            [
                group.joined([self._parts[name][:, answer] for name in group.names], np.add)
                for answer in range(len(self._start))
            ]
            for group in self._groups
        ]

    def _part(
        self, columns: ColumnTransformer, model: LogisticRegression, feature: Feature, values: Floats
    ) -> Floats:
        """(m, k) what these values of one feature add to the start."""
        rows = probe.frame(self._schema, feature, values.tolist())
        added: Floats = _sums(model, columns.transform(rows)) - self._start
        return added

    def answers(self, given: Given) -> Floats | None:
        """(n, k) the pipeline's probabilities; None where their last written digit is in doubt."""
        answers = _answered(self._sums(given))
        return None if doubt.any_at_an_edge(answers, self._schema) else answers

    def changes(self, given: Given, answers: Floats) -> Changes:
        """As in `compiled.Tables`."""
        schema, sums = self._schema, self._sums(given)
        chosen = reasons.predicted(answers, schema)
        own = reasons.as_written(reasons.explained(answers, schema, chosen), schema)
        changes, doubtful = np.empty((len(schema.features), given.n_rows)), np.zeros(given.n_rows, bool)
        for place, feature in enumerate(schema.features):
            answered = _answered(sums + (self._reference(feature) - self._added(given, feature)))
            without = reasons.explained(answered, schema, chosen)
            changes[place] = own - reasons.as_written(without, schema)
            steps = 10**columns.DECIMALS
            doubtful |= doubt.at_half(without * steps, doubt.TOLERANCE * steps)
        return Changes(changes, doubtful)

    def _added(self, given: Given, feature: Feature) -> Floats:
        """(n, k) what one feature adds to the sums."""
        if feature.name in self._parts:
            codes = given.texts[feature.name].codes(self._classes[feature.name])
            return self._parts[feature.name].take(codes, axis=0)
        added = np.zeros((given.n_rows, len(self._start)), order="F")
        self._curves[feature.name].add(given.numbers[feature.name], added)
        return added

    def _reference(self, feature: Feature) -> Floats:
        """(1, k) what its reference adds."""
        if feature.name in self._parts:  # the most common category comes first
            return self._parts[feature.name][self._classes[feature.name][:1]]
        added = np.zeros((1, len(self._start)))
        self._curves[feature.name].add(np.array([feature.reference], np.float64), added)
        return added

    def _sums(self, given: Given) -> Floats:
        """(n, k) the log-odds, in Fortran's order."""
        sums = np.empty((given.n_rows, len(self._start)), order="F")
        sums[:] = self._start
        for group, tables in zip(self._groups, self._tables, strict=True):
            codes = group.codes(lambda name: given.texts[name].codes(self._classes[name]))
            for answer, table in enumerate(tables):
                sums[:, answer] += table.take(codes)
        for name, curve in self._curves.items():
            curve.add(given.numbers[name], sums)
        return sums


def _answered(sums: Floats) -> Floats:
    """(n, k) the probabilities of these log-odds. sums: used up."""
    if sums.shape[1] == 1:
        positive = expit(sums[:, 0])
        return np.vstack([1 - positive, positive]).T
    return np.asarray(softmax(sums), np.float64)


def _sums(model: LogisticRegression, matrix: Floats) -> Floats:
    """(n, k) the log-odds of the matrix's rows: one a class, or of the second of two."""
    return np.asarray(model.decision_function(matrix), np.float64).reshape(len(matrix), -1)


def _knots(columns: ColumnTransformer) -> dict[str, Floats]:
    """Number feature → where its pieces begin and end. Raises Unsupported for other steps than the recipe's."""
    knots: dict[str, Floats] = {}
    for _, step, names in columns.transformers_:
        match step:
            case OneHotEncoder() | MissingIndicator():
                continue
            case Pipeline(
                steps=[
                    (_, SimpleImputer()),
                    (_, QuantileTransformer(output_distribution="uniform") as ranks),
                    (_, FeatureUnion() as union),
                ]
            ):
                quantiles = ranks.quantiles_.T
                bends = [_bends(part) for _, part in union.transformer_list]
                for name, own, *within in zip(
                    names, quantiles, *[b for b in bends if b is not None], strict=True
                ):
                    at = np.interp(np.concatenate(within), ranks.references_, own)
                    knots[name] = np.concatenate([own, at])
            case _:
                raise Unsupported(f"a {type(step).__name__} stands before the linear model")
    return knots


def _bends(part: object) -> list[Floats] | None:
    """Per column, where its splines' pieces meet; None for a straight line."""
    match part:
        case StandardScaler():
            return None
        case SplineTransformer(degree=3, extrapolation="constant"):
            return [spline.t for spline in part.bsplines_]
        case _:
            raise Unsupported(f"a {type(part).__name__} stands before the linear model")
