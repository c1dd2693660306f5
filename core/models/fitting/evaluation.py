"""How good a recipe is on rows it has not seen, and which columns that rests on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from core.models import blend, recipes
from core.models.fitting import folds
from core.models.fitting.folds import Fold
from core.models.schema import PartOfDate, Schema, Task

N_RESAMPLES: Final = 20  # of the latest rows, where these are the only fold
IMPORTANCE_ROWS = 2000
IMPORTANCE_CELLS = 4_000_000
IMPORTANCE_CALL_ROWS = 10_000
# Ranking is what a binary score is used for; several classes are read as one answer a row; numbers by their
# spread.
CHOSEN_BY: Final[dict[Task, str]] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}

Metrics = dict[str, float]


@dataclass(frozen=True)
class FoldStatistics:
    """A metric over the folds: their mean and standard deviation (n in the denominator).

    Of a single fold: the metric, and its standard deviation over resamples of its rows.
    """

    mean: float
    std: float


@dataclass(frozen=True)
class CrossValidation:
    """A recipe after cross-validation; `fitted` is the first fold's, with the rows it has not seen.

    said: (n,) or (n, k) what each row's own fold answers of it, as `answers_of`; NaN for rows that no fold holds out.
    temperature: of `said`.  weights: of a mean, as in `core.models.blend`.
    """

    metrics: dict[str, FoldStatistics]
    fitted: BaseEstimator
    held_out: np.ndarray
    said: np.ndarray
    temperature: float
    weights: blend.Weights | None = None

    @property
    def measured(self) -> np.ndarray:
        """(m,) the rows that some fold holds out, ascending: those that `said` tells of."""
        return np.flatnonzero(~np.isnan(self.said.reshape(len(self.said), -1)[:, 0]))


def cross_validate(
    make: Callable[[], BaseEstimator],
    features: pd.DataFrame,
    values: np.ndarray,
    schema: Schema,
    *,
    step: Callable[[], None],
    splits: Sequence[Fold] = (),
    fitted: Iterable[BaseEstimator] = (),
) -> CrossValidation:
    """Fit anew for each of the folds and measure on the rows held out.

    make: a new unfitted estimator.  features: (n,) rows.  values: (n,) labels as str, or float64 for
    regression.
    step: called after each fold.  splits: the folds, where rows are not independent.  fitted: estimators that learnt
    from the first folds already.
    """
    k = len(schema.labels)
    splits = splits or folds.independent(values, schema.task)
    said = np.full((len(values), k) if schema.task == "multiclass" else len(values), np.nan)
    first: BaseEstimator | None = None
    for (train, test), known in itertools.zip_longest(splits, fitted):
        estimator = known or make().fit(features.iloc[train], values[train])
        said[test] = answers_of(estimator, features.iloc[test], schema)
        first = first or estimator
        step()
    assert first is not None
    return of_answers(said, values, schema, first, splits)


def blended(
    parts: Sequence[CrossValidation], values: np.ndarray, schema: Schema, splits: Sequence[Fold] = ()
) -> CrossValidation:
    """The mean of two recipes that were cross-validated on the same rows and folds, which answered already.

    Their weights are those at which the rows held out are likeliest. Source: Breiman 1996, Stacked Regressions,
    Machine Learning 24.
    """
    said, rows = [part.said for part in parts], parts[0].measured
    weights = blend.weights([one[rows] for one in said], truth(values[rows], schema))
    fitted = recipes.blended([part.fitted for part in parts], schema, weights=weights)
    splits = splits or folds.independent(values, schema.task)
    found = of_answers(blend.mean(said, weights), values, schema, fitted, splits)
    return replace(found, weights=weights)


def of_answers(
    said: np.ndarray, values: np.ndarray, schema: Schema, fitted: BaseEstimator, splits: Sequence[Fold]
) -> CrossValidation:
    """Answers of the rows held out, measured fold by fold. fitted: the first fold's."""
    heat, measured = 1.0, np.sort(np.concatenate([test for _, test in splits]))
    if schema.task == "multiclass":
        heat = blend.temperature(said[measured], _codes(values[measured], schema))
    of_folds = [metrics(said[test], values[test], schema, heat) for _, test in splits]
    statistics = {name: _fold_statistics([fold[name] for fold in of_folds]) for name in of_folds[0]}
    if len(splits) == 1:
        spread = _spread(said[measured], values[measured], schema, heat)
        statistics = {name: FoldStatistics(one.mean, spread[name]) for name, one in statistics.items()}
    return CrossValidation(statistics, fitted, splits[0][1], said, heat)


def _spread(said: np.ndarray, values: np.ndarray, schema: Schema, heat: float) -> dict[str, float]:
    """The standard deviation of each metric over resamples of the rows. Source: Efron 1979, Ann. Statist. 7."""
    draw = np.random.default_rng(0)
    drawn = [draw.integers(0, len(values), len(values)) for _ in range(N_RESAMPLES)]
    usable = [rows for rows in drawn if len(np.unique(values[rows])) > 1]
    found = [metrics(said[rows], values[rows], schema, heat) for rows in usable]
    names = found[0] if found else metrics(said, values, schema, heat)
    return {name: float(np.std([one[name] for one in found])) if found else 0.0 for name in names}


def truth(values: np.ndarray, schema: Schema) -> np.ndarray:
    """(n,) outcomes as `core.models.blend` takes them: float64, or the place of each label."""
    return values if schema.task == "regression" else _codes(values, schema)


def _codes(values: np.ndarray, schema: Schema) -> np.ndarray:
    """(n,) the place of each label among the schema's."""
    return np.searchsorted(schema.labels, values)


def answers_of(estimator: BaseEstimator, features: pd.DataFrame | np.ndarray, schema: Schema) -> np.ndarray:
    """(n,) numbers, (n,) logits of the second of two classes, or (n, k) logits of several."""
    if schema.task == "regression":
        return np.asarray(estimator.predict(features), np.float64)
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(features), np.float64)
    logs = np.log(estimator.predict_proba(features))
    return np.asarray(logs if schema.task == "multiclass" else logs[:, 1] - logs[:, 0], np.float64)


def metrics(said: np.ndarray, values: np.ndarray, schema: Schema, temperature: float = 1.0) -> Metrics:
    """The task's metrics of these rows' answers. said: as `answers_of` gives them.

    binary: roc_auc, pr_auc (average precision of the positive label), log_loss, accuracy at one half.
    multiclass: roc_auc (one class against the rest, plain mean over the classes of these rows), log_loss, accuracy.
    regression: r2, mae, rmse.
    """
    if schema.task == "regression":
        return {
            "r2": float(r2_score(values, said)),
            "mae": float(mean_absolute_error(values, said)),
            "rmse": float(root_mean_squared_error(values, said)),
        }
    probabilities = blend.probabilities(said, temperature)
    codes = np.searchsorted(schema.labels, values)
    common = {
        "log_loss": float(log_loss(codes, probabilities, labels=range(len(schema.labels)))),
        "accuracy": float(accuracy_score(codes, probabilities.argmax(axis=1))),
    }
    if schema.task == "multiclass":
        ranks = [roc_auc_score(codes == code, probabilities[:, code]) for code in np.unique(codes)]
        return {"roc_auc": float(np.mean(ranks)), **common}
    assert schema.positive_label is not None
    positive = schema.labels.index(schema.positive_label)
    found, score = codes == positive, probabilities[:, positive]
    return {
        "roc_auc": float(roc_auc_score(found, score)),
        "pr_auc": float(average_precision_score(found, score)),
        **common,
    }


def importance(
    evaluated: CrossValidation, features: pd.DataFrame, values: np.ndarray, schema: Schema
) -> tuple[tuple[str, float], ...]:
    """How much the metric of choice falls when one column is shuffled, largest first.

    Measured on rows of the first fold, which its model has not seen: at most IMPORTANCE_ROWS, fewer for many
    columns. Small and negative falls are chance. Several classes are measured by the probability given to
    the true one, which moves sooner than accuracy.  Source: Breiman 2001, Random Forests, in its
    model-agnostic form.
    """
    draw = np.random.default_rng(0)
    names = [feature.name for feature in schema.features]
    together: dict[str, list[str]] = {name: [name] for name in names}
    for part_of in schema.inputs:
        if isinstance(part_of, PartOfDate):
            together[part_of.source].append(part_of.name)
    n_repeats = max(1, min(3, 30 // len(names)))
    n_rows = max(200, min(IMPORTANCE_ROWS, IMPORTANCE_CELLS // (n_repeats * len(names) ** 2)))
    rows = evaluated.held_out
    rows = draw.choice(rows, n_rows, replace=False) if len(rows) > n_rows else rows
    seen, outcome = features.iloc[rows], values[rows]
    answer = evaluated.fitted.predict if schema.task == "regression" else evaluated.fitted.predict_proba
    whole = _score(answer(seen), outcome, schema)

    # many shuffled copies are predicted at once: the cost of a call is otherwise larger than that of its rows
    turns = [name for name in names for _ in range(n_repeats)]
    a_call = max(1, IMPORTANCE_CALL_ROWS // len(seen))
    falls: dict[str, list[float]] = {name: [] for name in names}
    for first in range(0, len(turns), a_call):
        batch = turns[first : first + a_call]
        copies = seen.iloc[np.tile(np.arange(len(seen)), len(batch))]
        parts = [slice(position * len(seen), (position + 1) * len(seen)) for position in range(len(batch))]
        for name, part in zip(batch, parts, strict=True):
            order = draw.permutation(len(seen))
            for one in together[name]:  # a date's parts go with it
                column = copies[one].to_numpy(copy=True)
                column[part] = column[part][order]
                copies[one] = pd.Series(column, index=copies.index, dtype=copies[one].dtype)
        answers = answer(copies)
        for name, part in zip(batch, parts, strict=True):
            falls[name].append(whole - _score(answers[part], outcome, schema))
    means = [(name, float(np.mean(falls[name]))) for name in names]
    return tuple(sorted(means, key=lambda mean: -mean[1]))


def _score(answers: np.ndarray, outcome: np.ndarray, schema: Schema) -> float:
    if schema.task == "regression":
        return float(r2_score(outcome, answers))
    codes = np.searchsorted(schema.labels, outcome)
    if schema.task == "binary":
        return float(roc_auc_score(codes, answers[:, 1]))
    return float(answers[np.arange(len(codes)), codes].mean())


def _fold_statistics(values: list[float]) -> FoldStatistics:
    return FoldStatistics(float(np.mean(values)), float(np.std(values)))
