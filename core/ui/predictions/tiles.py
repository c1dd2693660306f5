"""The numbers of a finished prediction as tiles, each with its plain meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import assert_never

import streamlit as st

from core.metrics import wording
from core.metrics.binary import Binary
from core.metrics.multiclass import Multiclass
from core.metrics.regression import Regression
from core.predictions.results.measures import PredictionMetrics
from core.ui import formatting, links

_RANKS = "How well the scores rank rows: 1 is perfect, 0.5 is chance."
_R2 = "The share of the target's variation that the predictions explain: 1 is all, 0 is no better than the mean."
_MEAN_OF = "Averaged over the classes, so rare classes count as much as common ones."
_ZERO = "Classes where it can't be computed count as 0."


@dataclass(frozen=True)
class Tile:
    """A number with its plain meaning; both may hold words of a user's."""

    label: str
    value: str
    meaning: str


def show(measured: PredictionMetrics) -> None:
    """The numbers side by side, as many as fit."""
    tiles = of(measured)
    with st.grid(len(tiles), min_column_width=140, gap="small", key="metric_tiles"):
        for tile in tiles:
            label, meaning = links.escape(tile.label), links.escape(tile.meaning)
            st.metric(label, tile.value, help=meaning, border=True)


def of(measured: PredictionMetrics) -> list[Tile]:
    """The numbers of the task; of the predictions alone where no outcome is known."""
    match measured.metrics:
        case Binary() as metrics:
            return _of_two(metrics)
        case Multiclass() as metrics:
            return _of_several(metrics)
        case Regression() as metrics:
            return _of_numbers(metrics)
        case None:
            return _of_predictions(measured)
        case other:
            assert_never(other)


def in_brief(measured: PredictionMetrics) -> str:
    """What the file was found to hold, in a few words: "21 % Yes", "mean 13,270"; "" of a file without rows."""
    if measured.values is not None:
        return "" if measured.values.mean is None else f"mean {wording.number(measured.values.mean)}"
    if measured.labels is None or not measured.n_rows:
        return ""
    counted = dict(zip(measured.labels.labels, measured.labels.counts, strict=True))
    label = measured.positive_label or max(counted, key=counted.__getitem__)
    named = wording.quoted(label) if label[:1].isdigit() else label
    return f"{wording.percent(counted[label] / measured.n_rows, decimals=0)} {named}"


def _of_two(metrics: Binary) -> list[Tile]:
    yes = wording.quoted(metrics.positive_label)
    meanings = {
        "accuracy": ("Accuracy", "The share of rows predicted correctly."),
        "precision": ("Precision", f"Of the rows predicted {yes}, the share that are."),
        "recall": ("Recall", f"Of the rows that are {yes}, the share that the model finds."),
        "f1": ("F1", "Precision and recall combined: high only when both are."),
        "roc_auc": ("ROC-AUC", _RANKS),
        "pr_auc": (
            "PR-AUC",
            f"Precision averaged over all levels of recall; guessing gives {_base(metrics)}.",
        ),
    }
    return list(_tiles(metrics, meanings))


def _of_several(metrics: Multiclass) -> list[Tile]:
    meanings = {
        "accuracy": ("Accuracy", "The share of rows predicted correctly."),
        "macro_precision": (
            "Precision",
            f"Of the rows predicted as a class, the share that are. {_MEAN_OF} {_ZERO}",
        ),
        "macro_recall": (
            "Recall",
            f"Of the rows of a class, the share that the model finds. {_MEAN_OF} {_ZERO}",
        ),
        "macro_f1": ("F1", f"Precision and recall combined. {_MEAN_OF}"),
        "macro_roc_auc": ("ROC-AUC", f"{_RANKS} {_MEAN_OF}"),
    }
    return list(_tiles(metrics, meanings))


def _of_numbers(metrics: Regression) -> list[Tile]:
    unit = f"in units of {metrics.target}"
    meanings = {
        "mae": ("MAE", f"The average error, {unit}."),
        "rmse": ("RMSE", f"Like MAE, but large errors weigh more, {unit}."),
        "bias": ("Bias", f"The average of predicted minus actual, {unit}: above 0 means too high."),
    }
    scale = metrics.rmse or 0.0
    return [
        *_tiles(metrics, {"r2": ("R²", _R2)}),
        *_tiles(metrics, meanings, formatted=partial(wording.number, beside=scale)),
    ]


def _tiles(
    metrics: Binary | Multiclass | Regression,
    meanings: dict[str, tuple[str, str]],
    *,
    formatted: Callable[[float], str] = wording.score,
) -> Iterator[Tile]:
    for name, (label, meaning) in meanings.items():
        value: float | None = getattr(metrics, name)
        if value is None:
            yield Tile(label, "–", metrics.undefined.get(name, meaning))
        else:
            yield Tile(label, formatted(value), f"{meaning} {_exactly(value)}")


def _of_predictions(measured: PredictionMetrics) -> list[Tile]:
    found = [Tile("Rows", formatting.number(measured.n_rows), formatting.exact(measured.n_rows, "row"))]
    if (scores := measured.scores) is not None and scores.median is not None:
        likely = sum(scores.counts[len(scores.counts) // 2 :])
        share = likely / measured.n_rows
        found += [
            Tile(
                f"Predicted {wording.quoted(scores.positive_label)}",
                formatting.number(likely),
                f"{wording.of_rows(likely, measured.n_rows)} {'scores' if likely == 1 else 'score'} 50 % or more.",
            ),
            Tile(
                "Share of rows",
                wording.percent(share),
                f"The share predicted {wording.quoted(scores.positive_label)}.",
            ),
            Tile("Median score", wording.percent(scores.median), "Half of the rows score this or less."),
        ]
    elif measured.labels is not None:
        ranked = sorted(
            zip(measured.labels.labels, measured.labels.counts, strict=True), key=lambda pair: -pair[1]
        )
        found += [
            Tile(
                label,
                formatting.number(n),
                f"{wording.of_rows(n, measured.n_rows)} {wording.be(n)} predicted {wording.quoted(label)}.",
            )
            for label, n in ranked[:4]
        ]
    elif (values := measured.values) is not None and values.quantiles and values.mean is not None:
        low, _, middle, _, high = values.quantiles
        meanings = (
            ("Median", middle, f"Half of the predictions of {values.target} are lower."),
            ("Mean", values.mean, f"The average prediction of {values.target}."),
            ("Low (5 %)", low, "One prediction in twenty is lower."),
            ("High (95 %)", high, "One prediction in twenty is higher."),
        )
        found += [
            Tile(label, wording.number(value), f"{meaning} {_exactly(value)}")
            for label, value, meaning in meanings
        ]
    return found


def _exactly(value: float) -> str:
    return f"Exactly: {wording.signed(f'{value:.10g}')}"


def _base(metrics: Binary) -> str:
    return "–" if metrics.base_rate is None else wording.score(metrics.base_rate)
