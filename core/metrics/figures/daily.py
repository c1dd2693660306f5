"""Numbers by day and by name: amounts that add up, and shares of a whole. A day is named by its date."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import plotly.graph_objects as go

from core.metrics.figures import style

MOST_SERIES: Final = 3  # beside "Others"
OTHERS: Final = "Others"
COLORS: Final = (style.BLUE, style.ORANGE, style.RED)
LONGEST_NAME: Final = 22
MOST_NAMES: Final = 10
FEW: Final = 5


def folded(series: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """The first few by their names, and the rest added up. All are of the same length."""
    ordered = list(series)
    rest = ordered[MOST_SERIES:] if len(ordered) > MOST_SERIES + 1 else []
    kept = {name: list(series[name]) for name in ordered if name not in rest}
    if rest:
        kept[OTHERS] = [sum(values) for values in zip(*(series[name] for name in rest), strict=True)]
    return kept


def by_day(
    title: str,
    *,
    days: Sequence[date],
    series: Mapping[str, Sequence[float]],
    y_title: str,
    form: str = ",.0f",
) -> go.Figure:
    """Bars a day, stacked by series, whose order gives them their colors. form: of a number, as d3 writes it."""
    found = folded(series)
    figure = style.frame(title, x_title="", y_title=y_title, legend=len(found) > 1)
    for (name, values), color in zip(found.items(), _colors(found), strict=True):
        figure.add_bar(
            x=list(days),
            y=values,
            name=style.shorten(name, width=LONGEST_NAME),
            marker={"color": color},
            hovertemplate=f"%{{x|%-d %b}}: %{{y:{form}}} · {_safe(name)}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat="%-d %b", nticks=6)
    figure.update_yaxes(rangemode="tozero", dtick=_step(found))
    return figure


def by_name(
    title: str, *, names: Sequence[str], series: Mapping[str, Sequence[float]], x_title: str
) -> go.Figure:
    """Lying bars, one a name, stacked by series; the first on top."""
    names = names[:MOST_NAMES]
    found = folded({name: values[:MOST_NAMES] for name, values in series.items()})
    figure = style.horizontal(style.frame(title, x_title=x_title, y_title="", legend=len(found) > 1))
    for (name, values), color in zip(found.items(), _colors(found), strict=True):
        figure.add_bar(
            y=[style.shorten(one, width=LONGEST_NAME) for one in names],
            x=values,
            orientation="h",
            name=style.shorten(name, width=LONGEST_NAME),
            marker={"color": color},
            hovertemplate=f"%{{y}}: %{{x:,.0f}} · {_safe(name)}<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(dtick=_step(found))
    return figure


def shares(title: str, *, of: Mapping[str, tuple[int, int]], x_title: str) -> go.Figure:
    """Lying bars from 0 to 100 %, each a part of its whole. of: part and whole by name, the first on top."""
    shown = list(of.items())[:MOST_NAMES]
    figure = style.horizontal(style.frame(title, x_title=x_title, y_title=""))
    percents = [100 * part / whole if whole else 0.0 for _, (part, whole) in shown]
    figure.add_bar(
        y=[style.shorten(name, width=LONGEST_NAME) for name, _ in shown],
        x=percents,
        orientation="h",
        marker={"color": style.BLUE},
        text=[
            style.strong(f"{percent:.0f} % of {whole:,}")
            for percent, (_, (_, whole)) in zip(percents, shown, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=[
            f"{_safe(name)}: {part:,} of {whole:,}<extra></extra>" for name, (part, whole) in shown
        ],
    )
    figure.update_xaxes(range=[0, 135], tickvals=[0, 25, 50, 75, 100])
    return figure


def share_by_day(
    title: str, *, days: Sequence[date], parts: Sequence[int], wholes: Sequence[int], y_title: str
) -> go.Figure:
    """A line from 0 to 100 %, broken where a day has nothing."""
    figure = style.frame(title, x_title="", y_title=y_title)
    figure.add_scatter(
        x=list(days),
        y=[100 * part / whole if whole else None for part, whole in zip(parts, wholes, strict=True)],
        mode="lines+markers",
        line={"color": style.BLUE, "width": 2},
        marker={"size": 6},
        customdata=list(zip(parts, wholes, strict=True)),
        hovertemplate="%{x|%-d %b}: %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )
    figure.update_xaxes(tickformat="%-d %b", nticks=6)
    figure.update_yaxes(range=[-2, 104], tickvals=[0, 25, 50, 75, 100])
    return figure


def _step(found: Mapping[str, Sequence[float]]) -> int | None:
    """Between two marks of an axis: of few whole things 1, as there are no halves; else Plotly's own choice."""
    stacks = [sum(values) for values in zip(*found.values(), strict=True)]
    is_few = max(stacks, default=0) <= FEW and all(float(one).is_integer() for one in stacks)
    return 1 if is_few else None


def _colors(found: Mapping[str, object]) -> list[str]:
    named = iter(COLORS)
    return [style.GREY if name == OTHERS else next(named, style.GREY) for name in found]


def _safe(name: str) -> str:
    """Inside a hover box, where braces and percent signs mean something to Plotly."""
    return html.escape(name, quote=False).replace("%{", "%&#123;")
