"""What the numbers say, each in one sentence."""

from __future__ import annotations

from typing import assert_never

from core.metrics import wording
from core.metrics.binary import Binary
from core.metrics.distributions import ValueDistribution
from core.metrics.multiclass import Multiclass
from core.metrics.regression import Regression
from core.metrics.stored import Metrics


def headline(metrics: Metrics) -> str:
    """The first thing to know about a model on this file, as one sentence with its exact number."""
    match metrics:
        case Binary():
            return _binary(metrics)
        case Multiclass():
            return _multiclass(metrics)
        case Regression():
            return _regression(metrics)
        case _:
            assert_never(metrics)


def only_row(metrics: Binary | Multiclass) -> str:
    """Of a file in which just one outcome is known: what it is, and what the model made of it."""
    if isinstance(metrics, Multiclass):
        indexes = range(len(metrics.labels))
        actual, called = next(
            (metrics.labels[i], metrics.labels[j])
            for i in indexes
            for j in indexes
            if metrics.confusion[i][j]
        )
    else:
        positive, negative, cut = metrics.positive_label, metrics.negative_label, metrics.confusion
        actual = positive if metrics.n_positives else negative
        called = positive if cut.true_positives or cut.false_positives else negative
    verdict = ", as predicted" if actual == called else f"; the model predicts {wording.quoted(called)}"
    return f"The only row with a known outcome is {wording.quoted(actual)}{verdict}."


def spread(predicted: ValueDistribution) -> str:
    """How widely predicted numbers spread, over at least one row."""
    target, (_, low, _, high, _) = predicted.target, predicted.quantiles
    lowest, highest = wording.number(low), wording.number(high)
    if predicted.n_rows == 1:
        return f"The only row has {lowest} as its prediction of {target}."
    if sum(n > 0 for n in predicted.counts) == 1:  # else the least and the largest lie in bins of their own
        every = "Every" if sum(predicted.counts) == predicted.n_rows else "Nearly every"
        return f"{every} prediction of {target} is {lowest}."
    if lowest == highest:
        return f"Half of the predictions of {target} are about {lowest}."
    return f"Half of the predictions of {target} lie between {lowest} and {highest}."


def _binary(metrics: Binary) -> str:
    if metrics.n_rows == 1:
        return only_row(metrics)
    if metrics.roc_auc is None:
        return metrics.undefined["roc_auc"]
    if metrics.only_score is not None:
        score = wording.percent(metrics.only_score)
        return (
            f"Every row scores {score}, so the model can't tell rows apart (ROC-AUC {metrics.roc_auc:.3f})."
        )
    pairs = f"{wording.quoted(metrics.positive_label)}/{wording.quoted(metrics.negative_label)} pairs"
    beside = ", worse than chance" if metrics.roc_auc < 0.5 else ""
    share = wording.percent(metrics.roc_auc)
    return f"The model ranks {share} of {pairs} correctly{beside}."


def _multiclass(metrics: Multiclass) -> str:
    if metrics.accuracy is None:
        return metrics.undefined["accuracy"]
    if metrics.n_rows == 1:
        return only_row(metrics)
    share, rows = wording.percent(metrics.accuracy), wording.rows(metrics.n_rows)
    f1 = f"; macro F1 {metrics.macro_f1:.3f}" if metrics.macro_f1 is not None else ""
    return f"The model predicts the right one of {len(metrics.labels)} classes for {share} of {rows}{f1}."


def _regression(metrics: Regression) -> str:
    if metrics.mae is None:
        return metrics.undefined["mae"]
    off = wording.number(metrics.mae)
    if metrics.n_rows == 1:
        return f"The prediction of {metrics.target} is off by {off} in the only row with a known outcome."
    r2 = f"; R² {wording.score(metrics.r2)}" if metrics.r2 is not None else ""
    return f"Predictions of {metrics.target} are off by {off} on average (MAE){r2}."
