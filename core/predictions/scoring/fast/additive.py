"""A linear recipe as a sum of one function a feature, each taken from a table or a piecewise cubic.

Its numbers go through a quantile transform, linear between quantiles, and cubic splines of that, so that what a
number adds to the sum is a cubic between neighbouring quantiles and knots. What a feature adds is learned by
asking the pipeline itself; only where the pieces begin is read off its parts.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer, StandardScaler

from core.models.schema import Feature, Schema
from core.predictions.scoring.fast import curves, probe
from core.predictions.scoring.fast.bins import Codes, Floats
from core.predictions.scoring.fast.coding import grouped
from core.predictions.scoring.fast.curves import Curves
from core.predictions.scoring.fast.features import FeatureValues
from core.predictions.scoring.fast.unsupported import Unsupported


class Additive:
    """The sums of a fitted pipeline of splines and one-hot categories before a linear model.

    size: (k,) no sum of the absolute terms of a row is larger, the start, which comes last, apart.
    """

    def __init__(self, columns: ColumnTransformer, model: LogisticRegression | Ridge, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another."""
        knots = _knots(columns, {one.name for one in schema.inputs if one.is_measured})
        self._schema = schema
        self._usual = columns.transform(
            probe.frame(schema, schema.inputs[0], [probe.usual(schema.inputs[0])])
        )
        self._coefficients = np.atleast_2d(model.coef_).T
        self.start: Floats = self._usual[0] @ self._coefficients + model.intercept_
        self._curves: dict[str, Curves] = {}
        self._classes: dict[str, Codes] = {}
        self._parts: dict[str, Floats] = {}

        for feature in schema.inputs:
            if feature.is_measured:
                part = partial(self._part, columns, feature)
                self._curves[feature.name] = curves.fitted(part, knots[feature.name])
            else:
                rows, self._classes[feature.name] = probe.kinds(columns, schema, feature)
                self._parts[feature.name] = self._added(rows)
        self._groups = grouped({name: len(part) for name, part in self._parts.items()})
        self._tables = [
            [
                group.joined([self._parts[name][:, answer] for name in group.names], np.add)
                for answer in range(len(self.start))
            ]
            for group in self._groups
        ]
        self.size: Floats = np.zeros(len(self.start))
        for added in self._parts.values():
            self.size = self.size + np.abs(added).max(axis=0)
        for curve in self._curves.values():
            self.size = self.size + curve.size

    def _part(self, columns: ColumnTransformer, feature: Feature, values: Floats) -> Floats:
        """(m, k) what these values of one feature add to the start."""
        return self._added(columns.transform(probe.frame(self._schema, feature, values.tolist())))

    def _added(self, matrix: Floats) -> Floats:
        """(m, k) what rows of the matrix add to the start; their difference first, as it is mostly zeros."""
        added: Floats = (matrix - self._usual) @ self._coefficients
        return added

    def sums(self, given: FeatureValues) -> Floats:
        """(n, k) in Fortran's order: log-odds, one a class or of the second of two, or the number itself."""
        sums = np.zeros((given.n_rows, len(self.start)), order="F")
        for group, tables in zip(self._groups, self._tables, strict=True):
            codes = group.codes(lambda name: given.texts[name].codes(self._classes[name]))
            for answer, table in enumerate(tables):
                sums[:, answer] += table.take(codes)
        for name, curve in self._curves.items():
            curve.add(given.numbers[name], sums)
        sums += self.start
        return sums

    def without(self, given: FeatureValues, feature: Feature, sums: Floats) -> Floats:
        """(n, k) the sums with the feature's reference in place of each row's own value. sums: from `sums`."""
        own, reference = np.zeros((given.n_rows, len(self.start)), order="F"), np.zeros((1, len(self.start)))
        if feature.name in self._parts:
            part, classes = self._parts[feature.name], self._classes[feature.name]
            own = part.take(given.texts[feature.name].codes(classes), axis=0)
            reference = part[classes[:1]]  # the most common category comes first
        else:
            curve = self._curves[feature.name]
            curve.add(given.numbers[feature.name], own)
            curve.add(np.array([feature.reference], np.float64), reference)
        replaced: Floats = sums + (reference - own)
        return replaced


def _knots(columns: ColumnTransformer, numbers: Collection[str]) -> dict[str, Floats]:
    """Number feature → where its pieces begin and end. Raises Unsupported for other steps than the recipe's.

    Of numbers that are taken value by value, such as months, each is a piece of its own.
    """
    knots: dict[str, Floats] = {}
    for _, step, names in columns.transformers_:
        match step:
            case MissingIndicator():
                continue
            case OneHotEncoder():
                for name, values in zip(names, step.categories_, strict=True):
                    if name in numbers:
                        known = np.asarray(values, np.float64)
                        knots[name] = known[~np.isnan(known)]
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
                raise Unsupported(f"a {type(step).__name__} comes before the linear model")
    return knots


def _bends(part: object) -> list[Floats] | None:
    """Per column, where its splines' pieces meet; None for a straight line."""
    match part:
        case StandardScaler():
            return None
        case SplineTransformer(degree=3, extrapolation="constant"):
            return [spline.t for spline in part.bsplines_]
        case _:
            raise Unsupported(f"a {type(part).__name__} comes before the linear model")
