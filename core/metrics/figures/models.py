"""How a model was chosen, and what it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.metrics import wording
from core.metrics.figures import style

MAX_FEATURES = 12
LEAST_SHOWN = 0.02  # of a metric whose best is 1: a smaller loss fills no chart


@dataclass(frozen=True)
class CandidateScore:
    """One model's mean score over the folds of cross-validation, and its standard deviation."""

    name: str
    mean: float
    std: float


@dataclass(frozen=True)
class FeatureImportance:
    """How much worse the model gets when one column is shuffled: mean and standard deviation of repeats."""

    feature: str
    mean: float
    std: float


def candidates(
    compared: Sequence[CandidateScore],
    baseline: CandidateScore,
    *,
    metric: str,
    higher_is_better: bool = True,
    over: str = "five folds",
) -> go.Figure:
    """Each candidate's score as a dot with ± one standard deviation, best on top, and a line at the baseline.

    over: what the scores were taken of, such as folds or resamples.
    """
    if not compared:
        return style.note("No candidates", "No model was compared.")
    ranked = sorted(compared, key=lambda one: -one.mean if higher_is_better else one.mean)
    best, shown = ranked[0], [*ranked, baseline]
    best_score, floor = f"{metric} {_spread(best.mean, best.std)}", wording.score(baseline.mean)
    beaten = best.mean > baseline.mean if higher_is_better else best.mean < baseline.mean
    figure = style.horizontal(
        style.frame(
            f"Best: {best.name} with {best_score}; the baseline has {floor}"
            if beaten
            else f"No candidate beats the baseline: {best.name} has {best_score}, the baseline {floor}",
            x_title=f"{metric}, mean ± SD across {over}",
            y_title="",
        )
    )
    positions = list(range(len(shown)))
    colors = [style.ORANGE, *[style.BLUE] * (len(ranked) - 1), style.GREY]
    figure.add_scatter(
        x=[baseline.mean, baseline.mean],
        y=[-0.7, len(ranked)],
        mode="lines",
        line={"color": style.GREY, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
        name="Baseline",
    )
    for position, one, color in zip(positions, shown, colors, strict=True):
        figure.add_scatter(
            x=[one.mean],
            y=[position],
            error_x={"array": [one.std], "color": color, "thickness": 2, "width": 6},
            mode="markers+text",
            marker={"color": color, "size": 12},
            text=[style.strong(_spread(one.mean, one.std))],
            textposition="top center" if one is not baseline else "bottom center",
            cliponaxis=False,
            hovertemplate=f"{style.wrap(one.name, width=40)}<br>{metric} {_spread(one.mean, one.std)}<extra></extra>",
            name=style.shorten(one.name),
        )
    figure.update_yaxes(
        tickvals=positions,
        ticktext=[style.wrap(style.shorten(one.name, width=32), width=16) for one in shown],
        autorange=None,
        range=[len(shown) - 0.3, -0.7],
    )
    ends = [one.mean + sign * one.std for one in shown for sign in (-1, 1)]
    room = 0.25 * (max(ends) - min(ends)) or 0.1
    figure.update_xaxes(nticks=6, range=[min(ends) - room, max(ends) + room])
    return figure


def feature_importance(importances: Sequence[FeatureImportance], *, metric: str) -> go.Figure:
    """The twelve columns whose shuffling costs the model most, as bars with ± one standard deviation."""
    if not importances:
        return style.note("No column importance", "It was not measured for this model.")
    top = sorted(importances, key=lambda one: -one.mean)[:MAX_FEATURES]
    title = (
        f"{top[0].feature} matters most"
        if top[0].mean > 0
        else f"Shuffling any single column costs no {metric}"
    )
    figure = style.horizontal(style.frame(title, x_title=f"Drop in {metric} when shuffled", y_title=""))
    positions = list(range(len(top)))
    figure.add_bar(
        x=[one.mean for one in top],
        y=positions,
        orientation="h",
        marker={"color": style.BLUE},
        error_x={"array": [one.std for one in top], "color": style.GREY, "thickness": 1.5, "width": 3},
        customdata=[f"{style.wrap(one.feature, width=40)}<br>{_spread(one.mean, one.std)}" for one in top],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_yaxes(tickvals=positions, ticktext=[style.shorten(one.feature) for one in top])
    ends = [0.0, *(one.mean + sign * one.std for one in top for sign in (-1, 1))]
    right = max(*ends, LEAST_SHOWN)
    room = 0.05 * (right - min(ends))
    figure.update_xaxes(nticks=5, range=[min(ends) - room if min(ends) < 0 else 0, right + room])
    return figure


def _spread(mean: float, std: float) -> str:
    if not round(std, 3):
        return wording.score(mean)
    return f"{wording.score(mean)}{wording.NO_BREAK}±{wording.NO_BREAK}{wording.score(std)}"
