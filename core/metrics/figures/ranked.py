"""How well scores rank rows: the ROC and the precision-recall curve, and where on them the threshold stands."""

from __future__ import annotations

import plotly.graph_objects as go

from core.metrics import wording
from core.metrics.binary import Binary
from core.metrics.figures import style
from core.metrics.ranking import Curve

AXIS = {"range": [-1, 102], "tickvals": [0, 20, 40, 60, 80, 100]}


def roc_curve(metrics: Binary) -> go.Figure:
    """True positives found against false alarms raised, in percent, with the chance line and the threshold in
    use.
    """
    if metrics.roc is None:
        return style.note("No ROC curve", metrics.undefined["roc_auc"])
    if metrics.only_score is not None:
        return style.note("No ROC curve", _nothing_to_order(metrics.only_score))
    positive, negative = _short(metrics.positive_label), _short(metrics.negative_label)
    figure = style.frame(
        _roc_title(metrics),
        x_title=f"{negative} rows predicted {positive}, % (false positives)",
        y_title=f"{positive} rows found, %",
        legend=True,
    )
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": style.GREY, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        name="Chance",
    )
    figure.add_trace(_curve(metrics.roc, "ROC", "found", "false positives"))
    cut = metrics.confusion
    false_positive_rate = 100 * cut.false_positives / (metrics.n_rows - metrics.n_positives)
    found = 100 * cut.true_positives / metrics.n_positives
    _add_threshold(figure, metrics, x=false_positive_rate, y=found)
    figure.update_xaxes(**AXIS)
    figure.update_yaxes(**AXIS)
    return figure


def precision_recall_curve(metrics: Binary) -> go.Figure:
    """How often a call is right against how many are found, in percent, with the base rate and the threshold
    in use.
    """
    if metrics.precision_recall is None or metrics.recall is None or metrics.base_rate is None:
        return style.note("No precision-recall curve", metrics.undefined["pr_auc"])
    if metrics.only_score is not None:
        return style.note("No precision-recall curve", _nothing_to_order(metrics.only_score))
    positive = _short(metrics.positive_label)
    figure = style.frame(
        _precision_recall_title(metrics),
        x_title=f"{positive} rows found, % (recall)",
        y_title=f"Precision for {positive}, %",
        legend=True,
    )
    base = 100 * metrics.base_rate
    figure.add_scatter(
        x=[0, 100],
        y=[base, base],
        mode="lines",
        line={"color": style.GREY, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        name=f"Base rate {wording.percent(metrics.base_rate)}",
    )
    figure.add_trace(_curve(metrics.precision_recall, "Precision-recall", "right", "found"))
    if metrics.precision is not None:
        _add_threshold(figure, metrics, x=100 * metrics.recall, y=100 * metrics.precision)
    figure.update_xaxes(**AXIS)
    figure.update_yaxes(**AXIS)
    return figure


def _roc_title(metrics: Binary) -> str:
    area = f"ROC-AUC {metrics.roc_auc:.3f}"
    false = metrics.confusion.false_positives / (metrics.n_rows - metrics.n_positives)
    if metrics.recall is None:
        return area
    rows = f"{wording.quoted(metrics.positive_label)} rows"
    others = f"{wording.quoted(metrics.negative_label)} rows"
    threshold = wording.percent(metrics.threshold, decimals=0)
    found, raised = wording.percent(metrics.recall), wording.percent(false)
    return f"At {threshold} it finds {found} of {rows} and flags {raised} of {others}"


def _precision_recall_title(metrics: Binary) -> str:
    threshold = wording.percent(metrics.threshold, decimals=0)
    if metrics.precision is None or metrics.recall is None:
        return f"No row reaches the threshold of {threshold}"
    found, right = wording.percent(metrics.recall), wording.percent(metrics.precision)
    rows = f"{wording.quoted(metrics.positive_label)} rows"
    return f"At {threshold} it finds {found} of {rows} and is right {right} of the time"


def _nothing_to_order(score: float) -> str:
    return f"Every row scores {wording.percent(score)}, so there is nothing to rank."


def _short(label: str) -> str:
    return wording.quoted(style.shorten(label))


def _curve(curve: Curve, name: str, y_means: str, x_means: str) -> go.Scatter:
    return go.Scatter(
        x=[100 * x for x in curve.x],
        y=[100 * y for y in curve.y],
        customdata=[
            "no row predicted" if least is None else f"score ≥ {100 * least:.2f} %"
            for least in curve.thresholds
        ],
        mode="lines",
        line={"color": style.BLUE, "width": 2.5},
        fill="tozeroy",
        fillcolor=style.tint(style.BLUE, 0.1),
        hovertemplate=f"%{{y:.1f}} % {y_means}<br>%{{x:.1f}} % {x_means}<br>%{{customdata}}<extra></extra>",
        name=name,
        showlegend=False,
    )


def _add_threshold(figure: go.Figure, metrics: Binary, *, x: float, y: float) -> None:
    """A dot where the threshold in use stands; the legend names it, where no curve can run through the name."""
    threshold = f"Threshold {wording.percent(metrics.threshold, decimals=0)}"
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"color": style.ORANGE, "size": 11},
        hovertemplate=f"{threshold}<br>x %{{x:.1f}} %, y %{{y:.1f}} %<extra></extra>",
        name=threshold,
    )
