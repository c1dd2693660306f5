"""What the numbers say, in one sentence."""

from __future__ import annotations

from typing import assert_never

from core.metrics import wording
from core.metrics.binary import Binary
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


def _binary(metrics: Binary) -> str:
    if metrics.roc_auc is None:
        return metrics.undefined["roc_auc"]
    pairs = f"{metrics.positive_label}/{metrics.negative_label} pairs"
    beside = ", worse than chance" if metrics.roc_auc < 0.5 else ""
    share = wording.percent(metrics.roc_auc)
    return f"The model ranks {share} of {pairs} correctly{beside} (ROC-AUC {metrics.roc_auc:.3f})."


def _multiclass(metrics: Multiclass) -> str:
    if metrics.accuracy is None:
        return metrics.undefined["accuracy"]
    share, rows = wording.percent(metrics.accuracy), wording.rows(metrics.n_rows)
    f1 = f"; macro F1 {metrics.macro_f1:.3f}" if metrics.macro_f1 is not None else ""
    return f"The model names the right one of {len(metrics.labels)} classes for {share} of {rows}{f1}."


def _regression(metrics: Regression) -> str:
    if metrics.mae is None:
        return metrics.undefined["mae"]
    r2 = f"; R² {metrics.r2:.3f}" if metrics.r2 is not None else ""
    return f"Predictions of {metrics.target} are off by {wording.number(metrics.mae)} on average (MAE){r2}."
