"""The recipe of boosted trees: numbers as they are, categories one-hot, and the trees over both."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from core.models.schema import Schema
from core.predictions.fast import probe
from core.predictions.fast.bins import Bins, Codes, Floats
from core.predictions.fast.features import Given
from core.predictions.fast.trees import Splits, Trees
from core.predictions.fast.unsupported import Unsupported

_SIGNAL = -7.25  # a number that stands for itself in any column it reaches


class Boosted:
    """Answers of a fitted pipeline of numbers, one-hot categories and HistGradientBoosting, bit for bit."""

    slack = 0.0
    answered_by: Final = "trees"

    def __init__(self, columns: ColumnTransformer, model: Any, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another, or larger than tables may be."""
        for _, step, _ in columns.transformers_:
            if not (isinstance(step, OneHotEncoder) or _passes_through(step)):
                raise Unsupported(f"a {type(step).__name__} stands before the trees")
        nodes = np.concatenate([tree.nodes for tree in chain.from_iterable(model._predictors)])
        inner = nodes[nodes["is_leaf"] == 0]
        self._classes: dict[str, Codes] = {}
        splits = {}
        for feature in schema.features:
            if feature.kind == "number":
                signal, gap = columns.transform(probe.frame(schema, feature, [_SIGNAL, np.nan]))
                reached = np.flatnonzero((signal == _SIGNAL) & np.isnan(gap))
                cuts = np.unique(inner["num_threshold"][np.isin(inner["feature_idx"], reached)])
                bins = Bins(cuts[np.isfinite(cuts)])
                splits[feature.name] = Splits(bins.n, bins, dict.fromkeys(reached.tolist()))
            else:
                rows, self._classes[feature.name] = probe.kinds(columns, schema, feature)
                reached = np.flatnonzero((rows != rows[0]).any(axis=0))
                splits[feature.name] = Splits(
                    len(rows), None, {int(column): rows[:, column] for column in reached}
                )
        self._splits = splits
        self._trees = Trees(model, splits)
        self._loss = model._loss
        self._is_regression = schema.task == "regression"

    def answers(self, given: Given) -> Floats:
        """What the pipeline's predict_proba answers, (n, k), or for a regression its predict, (n,)."""
        raw = self._trees.raw(
            [group.codes(lambda name: self._codes(given, name)) for group in self._trees.groups]
        )
        if self._is_regression:
            return np.asarray(self._loss.link.inverse(raw.ravel()), np.float64)
        return np.asarray(self._loss.predict_proba(raw), np.float64)

    def _codes(self, given: Given, name: str) -> Codes:
        if name in self._classes:
            return given.texts[name].codes(self._classes[name])
        bins = self._splits[name].bins
        assert bins is not None
        return bins.codes(given.numbers[name])


def _passes_through(step: object) -> bool:
    return step == "passthrough" or (isinstance(step, FunctionTransformer) and step.func is None)
