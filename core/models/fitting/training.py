"""The built-in training path: from a table of text cells to a pipeline with cross-validated figures."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from core.models import blend, recipes, versions
from core.models.fitting import evaluation, preparation, remarks, targets, tuning
from core.models.fitting.columns import DroppedColumn
from core.models.fitting.evaluation import CHOSEN_BY, FoldStatistics
from core.models.fitting.preparation import Prepared, Take, draw
from core.models.fitting.questions import TargetChoices
from core.models.fitting.related_rows import Split
from core.models.schema import Schema
from core.models.thresholds import KnownScores
from core.models.validation import N_FOLDS, UNSTATED, Evaluation, Validation
from core.uploads.csv.dialect import ColumnRule

CROSS_VALIDATED_ROWS = 50_000
_FITTED = (recipes.LINEAR, recipes.TREES)  # the blend is the mean of these two
RARE_ROWS = 2 * recipes.MIN_FREQUENCY  # fewer of them may be rare in a fold
MIN_GAPS = 20  # missing cells from which on a gap is a signal of its own


@dataclass(frozen=True)
class EvaluatedRecipe:
    """A recipe that was tried, with its metrics over the folds."""

    name: str
    metrics: dict[str, FoldStatistics]


@dataclass(frozen=True)
class TrainingResult:
    """A fitted pipeline and everything worth knowing about how it came to be.

    chosen: the candidate that was best by `chosen_by`.  metrics: its cross-validated metrics; baseline:
    those of an answer that looks at no column.  n_rows: rows with an outcome.  n_fitted: those the pipeline
    was fitted on.
    importance: (column, fall of the metric when it is shuffled), largest first. evaluation: which rows were together.
    scores: of two classes, what each row's own fold said of it.
    """

    pipeline: Pipeline
    schema: Schema
    candidates: tuple[EvaluatedRecipe, ...]
    chosen: str
    chosen_by: str
    metrics: dict[str, FoldStatistics]
    baseline: dict[str, FoldStatistics]
    importance: tuple[tuple[str, float], ...]
    evaluation: Evaluation
    dropped: tuple[DroppedColumn, ...]
    warnings: tuple[str, ...]
    n_rows: int
    n_fitted: int
    versions: dict[str, str]
    seconds: float
    scores: KnownScores | None = None

    def report(self, *, keep: Collection[str] = ()) -> dict[str, Any]:
        """Everything but the pipeline and the schema as plain values, as it is kept with the model.

        keep: the columns that were to stay in.
        """
        return {
            "candidates": [
                {"name": candidate.name, "metrics": _plain(candidate.metrics)}
                for candidate in self.candidates
            ],
            "chosen": self.chosen,
            "chosen_by": self.chosen_by,
            "metrics": _plain(self.metrics),
            "baseline": _plain(self.baseline),
            "importance": [{"column": column, "fall": fall} for column, fall in self.importance],
            "evaluation": self.evaluation.to_json(),
            "dropped": [asdict(dropped) for dropped in self.dropped],
            "keep": list(keep),
            "warnings": list(self.warnings),
            "n_rows": self.n_rows,
            "n_fitted": self.n_fitted,
            "versions": self.versions,
            "seconds": self.seconds,
            "n_folds": self.evaluation.n_folds,
            "thresholds": self.scores.to_json() if self.scores else None,
        }


def _plain(metrics: Mapping[str, FoldStatistics]) -> dict[str, dict[str, float]]:
    return {name: asdict(statistics) for name, statistics in metrics.items()}


def train(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    choices: TargetChoices | None = None,
    keep: Collection[str] = (),
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
    validation: Validation = UNSTATED,
    progress: Callable[[int, int], None],
    take: Take | None = None,
) -> TrainingResult:
    """Choose between the recipes by cross-validation and fit the better one on every row that has an outcome.

    table: (n,) rows, every column pa.string(), cells as in the file.  decimal: the file's decimal mark.
    choices: what somebody stated of the target; the rest follows from its values.
    keep: columns that stay in even if they look like identifiers or leaks.
    rules: how a column was read, by its name, where it needed a rule.
    validation: what is known of how rows belong together; copies and groups are looked for where nothing is.
    progress: called with (units done, units in all) after each fold and fit.
    take: gives rows by their ascending places, with every column; then the table needs only the target's.
    Same table, same result. Raises the errors of `targets.find`, NoFeatures, SplitUnusable.
    """
    # HistGradientBoosting on contended cores spins; one thread is faster than two there and hardly slower
    # elsewhere.
    with threadpool_limits(limits=1):
        given = take or (lambda rows: table.take(pa.array(rows)))
        return _train(table, given, target, decimal, choices, frozenset(keep), rules, validation, progress)


def _train(
    table: pa.Table,
    take: Take,
    target: str,
    decimal: str,
    choices: TargetChoices | None,
    keep: frozenset[str],
    rules: Mapping[str, ColumnRule],
    validation: Validation,
    progress: Callable[[int, int], None],
) -> TrainingResult:
    started, done = time.perf_counter(), itertools.count(1)
    n_units = len(recipes.GROWTHS) + len(_FITTED) * N_FOLDS + 2

    def step() -> None:
        progress(next(done), n_units)

    outcome = targets.find(table, target=target, decimal=decimal, choices=choices, rule=rules.get(target))
    prepared = preparation.prepare(
        take, outcome, decimal=decimal, keep=keep, rules=rules, validation=validation
    )
    schema, features, values = prepared.schema, prepared.features, prepared.values
    step()

    comparison = _compare(prepared, step)
    best = comparison.evaluated[comparison.chosen]
    pipeline = _fitted(comparison, schema, features, values)
    progress(n_units, n_units)  # fewer folds take fewer steps

    how = comparison.split.evaluation
    warnings = prepared.warnings + comparison.split.warnings
    warnings += remarks.about_rows(len(outcome.rows), len(values), comparison.n_rows)
    if how.by == "rows":
        warnings += remarks.about_folds(how.n_folds, target)
    chosen_by = CHOSEN_BY[schema.task]
    n_leaking = prepared.n_leaking
    warnings += remarks.about_gain(best.metrics[chosen_by], comparison.baseline[chosen_by], target, n_leaking)
    return TrainingResult(
        pipeline=pipeline,
        schema=schema,
        candidates=tuple(EvaluatedRecipe(name, comparison.evaluated[name].metrics) for name in recipes.NAMES),
        chosen=comparison.chosen,
        chosen_by=chosen_by,
        metrics=best.metrics,
        baseline=comparison.baseline,
        importance=comparison.importance,
        evaluation=how,
        dropped=prepared.dropped,
        warnings=warnings,
        n_rows=len(outcome.rows),
        n_fitted=len(values),
        versions=versions.installed(),
        seconds=time.perf_counter() - started,
        scores=comparison.scores,
    )


@dataclass(frozen=True)
class _Comparison:
    """The recipes side by side on the same rows. make: what makes each of _FITTED. importance: of the chosen one."""

    make: Mapping[str, Callable[[], Pipeline]]
    grown: tuning.Grown
    evaluated: Mapping[str, evaluation.CrossValidation]
    baseline: dict[str, FoldStatistics]
    chosen: str
    importance: tuple[tuple[str, float], ...]
    split: Split
    n_rows: int
    scores: KnownScores | None


def _compare(prepared: Prepared, step: Callable[[], None]) -> _Comparison:
    """Cross-validate every recipe and choose the best by the metric of the task."""
    schema, features, values = prepared.schema, prepared.features, prepared.values
    compared = draw(values, schema.task, CROSS_VALIDATED_ROWS)
    seen, answers = features.iloc[compared], values[compared]
    split = prepared.related.of(compared).split(answers, schema.task)
    build = partial(
        recipes.build,
        schema=schema,
        n_rows=min(len(learnt) for learnt, _ in split.folds),
        with_missing=_with_missing(features),
        known=_known(features, schema),
    )
    make = {name: partial(build, name) for name in _FITTED}
    grown = tuning.growths(make[recipes.TREES], seen, answers, schema, step=step, splits=split.folds)
    known: dict[str, Iterable[Pipeline]] = {recipes.LINEAR: (), recipes.TREES: grown.fitted}
    evaluated = {
        name: evaluation.cross_validate(
            make[name], seen, answers, schema, step=step, splits=split.folds, fitted=known[name]
        )
        for name in _FITTED
    }
    evaluated[recipes.BLEND] = evaluation.blended(
        [evaluated[name] for name in _FITTED], answers, schema, split.folds
    )
    baseline = evaluation.cross_validate(
        lambda: recipes.baseline(schema), seen, answers, schema, step=lambda: None, splits=split.folds
    ).metrics
    chosen_by = CHOSEN_BY[schema.task]
    chosen = max(recipes.NAMES, key=lambda name: evaluated[name].metrics[chosen_by].mean)
    return _Comparison(
        make=make,
        grown=grown,
        evaluated=evaluated,
        baseline=baseline,
        chosen=chosen,
        importance=evaluation.importance(evaluated[chosen], seen, answers, schema),
        split=split,
        n_rows=len(seen),
        scores=_scores(evaluated[chosen], answers, schema),
    )


def _scores(evaluated: evaluation.CrossValidation, answers: np.ndarray, schema: Schema) -> KnownScores | None:
    """Of two classes, of the rows that some fold holds out. answers: (n,) labels."""
    if schema.positive_label is None:
        return None
    positive, rows = schema.labels.index(schema.positive_label), evaluated.measured
    scores = blend.probabilities(evaluated.said[rows], 1.0)[:, positive]
    return KnownScores.of(scores, answers[rows] == schema.positive_label)


def _fitted(comparison: _Comparison, schema: Schema, features: pd.DataFrame, values: np.ndarray) -> Pipeline:
    """The chosen recipe fitted on all rows; of several classes, as sure of itself as it was right."""
    chosen = comparison.evaluated[comparison.chosen]
    names = _FITTED if comparison.chosen == recipes.BLEND else (comparison.chosen,)
    members = [
        comparison.grown.on_all(comparison.make[name]()[0], features, values, schema)
        if name == recipes.TREES
        else comparison.make[name]().fit(features, values)
        for name in names
    ]
    if len(members) == 1 and schema.task != "multiclass":
        return members[0]
    return recipes.blended(members, schema, chosen.temperature, chosen.weights)


def _known(features: pd.DataFrame, schema: Schema) -> dict[str, list[str | None]]:
    """The category columns in which no value is rare, nor would be in a fold, with their values; a gap is the last.

    scikit-learn counts texts one by one, fold by fold, which takes as long as fitting the trees.
    """
    found: dict[str, list[str | None]] = {}
    for name in (one.name for one in schema.inputs if not one.is_measured):
        counts, n_gaps = features[name].value_counts(), int(features[name].isna().sum())
        few = counts.lt(RARE_ROWS).any() or 0 < n_gaps < RARE_ROWS
        if not few and 0 < len(counts) <= recipes.MAX_CATEGORIES - 1:
            found[name] = [*sorted(counts.index), *([None] if n_gaps else [])]
    return found


def _with_missing(features: pd.DataFrame) -> frozenset[str]:
    """The columns in which so many cells are missing that a gap is a signal of its own."""
    n_gaps = features.isna().sum()
    return frozenset(name for name in features.columns if n_gaps[name] >= MIN_GAPS)
