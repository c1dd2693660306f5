"""The recipe of boosted trees: numbers as they are, categories one-hot or as means, and the trees over all of these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import Any, Final

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, TargetEncoder

from core.models.schema import Schema
from core.predictions.scoring.fast import ablation, probe
from core.predictions.scoring.fast.bins import Bins, Codes, Floats
from core.predictions.scoring.fast.features import FeatureValues, ScoreChanges
from core.predictions.scoring.fast.trees import Splits, Trees
from core.predictions.scoring.fast.unsupported import Unsupported
from core.predictions.scoring.pipeline import reasons

_SIGNAL = -7.25  # a number that stands for itself in any column it reaches


class BoostedTables:
    """Answers of a fitted pipeline of numbers, encoded categories and HistGradientBoosting, bit for bit."""

    slack = 0.0
    answered_by: Final = "trees"

    def __init__(self, columns: ColumnTransformer, model: Any, schema: Schema) -> None:
        """Raises Unsupported where the pipeline is another, or larger than tables may be."""
        for _, step, _ in columns.transformers_:
            if not (isinstance(step, (OneHotEncoder, TargetEncoder)) or _passes_through(step)):
                raise Unsupported(f"a {type(step).__name__} comes before the trees")
        nodes = np.concatenate([tree.nodes for tree in chain.from_iterable(model._predictors)])
        inner = nodes[nodes["is_leaf"] == 0]
        self._classes: dict[str, Codes] = {}
        splits = {}
        for feature in schema.inputs:
            if feature.is_measured:
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
        self._schema = schema
        self._splits = splits
        self._trees = Trees(model, splits)
        self._loss = model._loss

    def sums(self, given: FeatureValues) -> Floats:
        """(n, k) in Fortran's order: log-odds, one a class or of the second of two, or the number itself."""
        return self._trees.raw(
            [group.codes(lambda name: self._codes(given, name)) for group in self._trees.groups]
        )

    @property
    def size(self) -> float:
        """No sum of the absolute terms of a row is larger."""
        return float(np.abs(self._trees.start).max()) + sum(
            float(np.abs(word.values).max()) * len(word.trees) for word in self._trees.words
        )

    def answers(self, given: FeatureValues) -> Floats:
        """What the pipeline's predict_proba answers, (n, k), or for a regression its predict, (n,)."""
        return self._answered(self.sums(given))

    def changes(self, given: FeatureValues, answers: Floats) -> ScoreChanges:
        """As in `compiled.Tables`; none is in doubt."""
        schema = self._schema
        chosen = reasons.predicted(answers, schema)
        own = reasons.as_written(reasons.explained(answers, schema, chosen), schema)
        changes = np.zeros((len(schema.inputs), given.n_rows))
        for rows, sums in self.without(given):
            of_rows = None if chosen is None else chosen[rows]
            for index, feature in enumerate(schema.inputs):
                if feature.name in sums:
                    without = reasons.explained(self._answered(sums[feature.name]), schema, of_rows)
                    changes[index, rows] = own[rows] - reasons.as_written(without, schema)
        return ScoreChanges(changes, np.zeros(given.n_rows, bool))

    def without(self, given: FeatureValues) -> Iterator[tuple[slice, dict[str, Floats]]]:
        """A few rows at a time: feature that a tree asks for → (m, k) their sums with its reference instead."""
        asked = [name for group in self._trees.groups for name in group.names]
        codes = {name: self._codes(given, name) for name in asked}
        step = ablation.rows_at_once(len(asked), self._trees.n_answers)
        for first in range(0, given.n_rows, step):
            rows = slice(first, first + step)
            yield (
                rows,
                ablation.without(self._trees, {name: codes[name][rows] for name in asked}, self._references),
            )

    def _answered(self, raw: Floats) -> Floats:
        if self._schema.task == "regression":
            return np.asarray(self._loss.link.inverse(raw.ravel()), np.float64)
        return np.asarray(self._loss.predict_proba(raw), np.float64)

    @cached_property
    def _references(self) -> dict[str, int]:
        """Feature → the code of its reference."""
        found = {name: int(codes[0]) for name, codes in self._classes.items()}  # the most common comes first
        for feature in self._schema.inputs:
            if (bins := self._splits[feature.name].bins) is not None:
                found[feature.name] = int(bins.codes(np.array([feature.reference], np.float64))[0])
        return found

    def _codes(self, given: FeatureValues, name: str) -> Codes:
        if name in self._classes:
            return given.texts[name].codes(self._classes[name])
        bins = self._splits[name].bins
        assert bins is not None
        return bins.codes(given.numbers[name])


def _passes_through(step: object) -> bool:
    return step == "passthrough" or (isinstance(step, FunctionTransformer) and step.func is None)
