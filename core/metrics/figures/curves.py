"""How a training went, as its own code tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.metrics import wording
from core.metrics.figures import style

COLORS = (style.BLUE, style.ORANGE, style.GREY)
# Of lines of one point, so that all are seen where they meet: symbol and size.
MARKS = (("circle", 9), ("circle-open", 15), ("diamond-open", 21))
MOST_LINES = 12


def reported_curve(
    lines: Mapping[str, Sequence[tuple[int, float]]], *, metric: str, baseline: float | None = None
) -> go.Figure:
    """One metric over the steps, a line for each split. baseline: measured by the app, on rows held out.

    lines: split → (step, value), steps ascending.
    """
    if not lines:
        return style.note("No curve", "The code reported none.")
    longest = max(lines, key=lambda split: len(lines[split]))
    of = f" · {longest}" if len(lines) > 1 else ""
    first, last = lines[longest][0][1], lines[longest][-1][1]
    title = f"{metric}{of} went from {wording.score(first)} to {wording.score(last)}, as reported by the code"
    figure = style.frame(
        title, x_title="Step", y_title=style.shorten(metric), legend=len(lines) > 1 or baseline is not None
    )
    value = style.wrap(metric, width=40)
    for number, (split, points) in enumerate(list(lines.items())[:MOST_LINES]):
        color = COLORS[number % len(COLORS)]
        symbol, size = ("circle", 6) if len(points) > 1 else MARKS[number % len(MARKS)]
        steps, values = [step for step, _ in points], [value for _, value in points]
        figure.add_scatter(
            x=steps,
            y=values,
            mode="lines+markers" if len(points) > 1 else "markers",
            line={"color": color, "width": 2},
            marker={"color": color, "symbol": symbol, "size": size, "line": {"color": color, "width": 2}},
            name=style.shorten(split),
            hovertemplate=f"{style.wrap(split, width=40)}<br>step %{{x:,}}<br>{value} %{{y:.4g}}<extra></extra>",
        )
    if baseline is not None:
        steps = [step for points in lines.values() for step, _ in points]
        figure.add_scatter(
            x=[min(steps), max(steps)],
            y=[baseline, baseline],
            mode="lines",
            line={"color": style.GREY, "width": 1.5, "dash": "dot"},
            name="Baseline",
            hoverinfo="skip",
        )
    return figure
