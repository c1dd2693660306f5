"""Predicted numbers: how they spread, and how far they are from the true ones."""

from __future__ import annotations

import itertools

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.metrics import distributions, findings, wording
from core.metrics.distributions import ValueDistribution
from core.metrics.figures import style
from core.metrics.regression import Regression

TAIL = 0.05  # share of the errors that lie beyond each end of what is said of most


def predicted_vs_actual(metrics: Regression) -> go.Figure:
    """A dot a row, true against predicted, with the line of perfect predictions; at most 2,000 rows, fairly
    drawn.
    """
    if metrics.mae is None:
        return style.note("No comparison with actual values", metrics.undefined["mae"])
    target = style.shorten(metrics.target)
    figure = style.frame(
        _within(metrics),
        x_title=f"Actual {target}",
        y_title=f"Predicted {target}",
        legend=True,
    )
    ends = [min(metrics.actual + metrics.predicted), max(metrics.actual + metrics.predicted)]
    figure.add_scatter(
        x=list(metrics.actual),
        y=list(metrics.predicted),
        mode="markers",
        marker={"color": style.BLUE, "size": 6, "opacity": 0.45 if len(metrics.actual) > 200 else 0.75},
        customdata=[
            f"actual {wording.number(actual)}<br>predicted {wording.number(predicted)}"
            for actual, predicted in zip(metrics.actual, metrics.predicted, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        name=_drawn(len(metrics.actual), metrics.n_rows),
    )
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        line={"color": style.ORANGE, "width": 2, "dash": "dot"},
        hoverinfo="skip",
        name="Perfect prediction",
    )
    figure.update_xaxes(nticks=6, exponentformat=_exponents(*ends))
    figure.update_yaxes(exponentformat=_exponents(*ends))
    return figure


def _within(metrics: Regression) -> str:
    """How near most predictions come, of the rows that are drawn."""
    if metrics.n_rows == 1:
        return findings.headline(metrics).rstrip(".")
    middle = float(np.median(np.abs(np.subtract(metrics.predicted, metrics.actual))))
    near = wording.number(middle)
    return f"Half of the predictions are within {near} of the actual {metrics.target}"


def residuals(metrics: Regression) -> go.Figure:
    """How far predictions are from the truth, and to which side; of at most 2,000 rows, fairly drawn."""
    if metrics.bias is None or metrics.rmse is None:
        return style.note("No errors to show", metrics.undefined["mae"])
    errors = np.subtract(metrics.predicted, metrics.actual)
    counts, edges = distributions.binned(errors)
    figure = style.frame(
        _errors(errors, metrics),
        x_title=f"Predicted minus actual {style.shorten(metrics.target)}",
        y_title=_drawn(len(errors), metrics.n_rows),
    )
    figure.add_trace(_histogram(counts, edges))
    figure.update_layout(hovermode="x")  # so that the shortest bar can be pointed at
    figure.add_vline(x=0, line={"color": style.ORANGE, "width": 2, "dash": "dot"})
    figure.update_xaxes(nticks=6, exponentformat=_exponents(edges[0], edges[-1]))
    return figure


def _errors(errors: NDArray[np.float64], metrics: Regression) -> str:
    """The median error and the tails, of the rows that are drawn."""
    if metrics.n_rows == 1:
        return f"The only prediction of {metrics.target} that can be compared is {_off(errors[0])}"
    low, middle, high = np.quantile(errors, (TAIL, 0.5, 1 - TAIL))
    scale = max(abs(low), abs(high))
    ends = _off(low, beside=scale), _off(high, beside=scale)
    number, _, side = ends[0].partition(" too ")
    if side and ends[1].endswith(f" too {side}"):
        ends = number, ends[1]
    spread = f"9 of 10 are {ends[0]} to {ends[1]}" if ends[0] != ends[1] else f"9 of 10 are {ends[0]}"
    return f"Predictions of {metrics.target} are {_off(middle, beside=scale)} in the median; {spread}"


def _off(error: float, *, beside: float = 0.0) -> str:
    off = wording.number(abs(error), beside=beside)
    return f"{off} too {'high' if error > 0 else 'low'}" if off != "0" else "right"


def _drawn(n: int, n_rows: int) -> str:
    """What a chart counts or dots: rows, or so many of them."""
    return "Rows" if n >= n_rows else f"Rows ({n:,} of {n_rows:,} drawn)"


def predictions(distribution: ValueDistribution) -> go.Figure:
    """How predicted numbers spread, with their median."""
    if not distribution.quantiles:
        return style.note("No predictions", "The file has no rows.")
    _, low, middle, high, _ = distribution.quantiles
    found = findings.spread(distribution).rstrip(".")
    is_wide = wording.number(low) != wording.number(high)
    figure = style.frame(
        f"{found}; the median is {wording.number(middle)}" if is_wide else found,
        x_title=f"Predicted {style.shorten(distribution.target)}",
        y_title=_drawn(sum(distribution.counts), distribution.n_rows),
    )
    figure.add_trace(_histogram(distribution.counts, distribution.edges))
    figure.update_layout(hovermode="x")
    figure.add_vline(x=middle, line={"color": style.ORANGE, "width": 2, "dash": "dot"})
    figure.add_annotation(
        text="median", x=middle, y=1, yref="paper", xanchor="left", yanchor="top", xshift=5, showarrow=False
    )
    edges = distribution.edges
    figure.update_xaxes(nticks=6, exponentformat=_exponents(edges[0], edges[-1]))
    figure.update_yaxes(range=[0, max(distribution.counts) * 1.15])  # room for the word above the bars
    return figure


def _exponents(low: float, high: float) -> str:
    """How an axis writes numbers that are too long: "4B" as in a sentence, "4e−6" and not "4μ"."""
    return "e" if max(abs(low), abs(high)) < 1e-4 else "B"


def _histogram(counts: tuple[int, ...], edges: tuple[float, ...]) -> go.Bar:
    width = edges[1] - edges[0]
    return go.Bar(
        x=[edge + width / 2 for edge in edges[:-1]],
        y=list(counts),
        width=width * 0.9,
        marker={"color": style.BLUE},
        customdata=[
            f"{wording.number(low)} to {wording.number(high)}" for low, high in itertools.pairwise(edges)
        ],
        hovertemplate="%{customdata}<br>%{y:,} rows<extra></extra>",
    )
