"""How high rows score: the distribution, by class where the outcomes are known, and the bands of risk."""

from __future__ import annotations

import plotly.graph_objects as go

from core.metrics import wording
from core.metrics.distributions import N_SCORE_BINS, RiskBands, ScoreDistribution
from core.metrics.figures import style

BIN_WIDTH = 100 / N_SCORE_BINS


def score_distribution(distribution: ScoreDistribution) -> go.Figure:
    """Rows by score, in percent. With known outcomes, each class as parts of itself, so that a rare one is
    seen.
    """
    if distribution.median is None:
        return style.note("No scores", "The file has no rows.")
    if distribution.positives is None:
        return _overall(distribution, distribution.median)
    return _by_class(distribution, distribution.positives)


def _overall(distribution: ScoreDistribution, median: float) -> go.Figure:
    positive, n_rows = wording.quoted(style.shorten(distribution.positive_label)), sum(distribution.counts)
    likely = sum(distribution.counts[N_SCORE_BINS // 2 :])
    share = f"{wording.of_rows(likely, n_rows)} ({wording.percent(likely / n_rows)})"
    half = f"Half of the rows score {wording.percent(median)} or less"
    figure = style.frame(
        f"{half}; {share} {'scores' if likely == 1 else 'score'} 50\u00a0% or more"
        if n_rows > 1
        else f"The only row scores {wording.percent(median)}",
        x_title=f"Probability of {positive}, %",
        y_title="Rows",
    )
    figure.add_bar(
        x=_bin_middles(),
        y=list(distribution.counts),
        width=BIN_WIDTH * 0.9,
        marker={"color": style.BLUE},
        customdata=_bin_ranges(),
        hovertemplate="%{customdata}<br>%{y:,} rows<extra></extra>",
    )
    return _scored_axes(figure)


def _by_class(distribution: ScoreDistribution, positives: tuple[int, ...]) -> go.Figure:
    positive = wording.quoted(style.shorten(distribution.positive_label))
    negatives = tuple(n - had for n, had in zip(distribution.counts, positives, strict=True))
    figure = style.frame(
        _by_class_title(distribution),
        x_title=f"Predicted probability of {positive}, %",
        y_title="Rows of the class, %",
        legend=True,
    )
    for name, counts, color in (
        (f"not {positive}", negatives, style.BLUE),
        (positive, positives, style.ORANGE),
    ):
        n_rows = sum(counts)
        if n_rows == 0:
            continue
        hover = [
            f"{name}, score {span}<br>{wording.rows(n)}, {wording.percent(n / n_rows)} of them"
            for n, span in zip(counts, _bin_ranges(), strict=True)
        ]
        figure.add_scatter(
            x=[BIN_WIDTH * i for i in range(N_SCORE_BINS + 1)],
            y=[100 * n / n_rows for n in (*counts, counts[-1])],  # the last step needs a second end
            mode="lines",
            line={"shape": "hv", "color": color, "width": 2},
            fill="tozeroy",
            fillcolor=style.tint(color, 0.18),
            name=f"{name} ({wording.rows(n_rows)})",
            customdata=[*hover, hover[-1]],
            hovertemplate="%{customdata}<extra></extra>",
        )
    return _scored_axes(figure)


def _by_class_title(distribution: ScoreDistribution) -> str:
    high, low, positive = (
        distribution.median_positives,
        distribution.median_negatives,
        wording.quoted(distribution.positive_label),
    )
    if high is None or low is None:
        only, half = f"not {positive}" if high is None else positive, wording.percent(low or high or 0)
        if sum(distribution.counts) == 1:
            return f"The only row with a known outcome is {only} and scores {half}"
        return f"Every row with a known outcome is {only}; half of them score {half} or less"
    upper, lower = wording.percent(high, decimals=0), wording.percent(low, decimals=0)
    if upper == lower:
        return f"The {positive} rows score no higher than the others: half of each score {upper} or less"
    return f"Median score: {upper} for {positive}, {lower} for the others"


def _bin_middles() -> list[float]:
    return [BIN_WIDTH * (i + 0.5) for i in range(N_SCORE_BINS)]


def _bin_ranges() -> list[str]:
    return [f"{BIN_WIDTH * i:g}–{BIN_WIDTH * (i + 1):g}{wording.NO_BREAK}%" for i in range(N_SCORE_BINS)]


def _scored_axes(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(range=[0, 100], tickvals=[0, 20, 40, 60, 80, 100])
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(hovermode="x")  # so that the shortest bar can be pointed at
    return figure


def risk_bands(bands: RiskBands) -> go.Figure:
    """Rows in each band, the highest risk on top, with counts and shares in text."""
    n_rows = sum(bands.counts)
    if n_rows == 0:
        return style.note("No risk bands", "The file has no rows.")
    shares = [n / n_rows for n in bands.counts]
    texts = [
        f"{wording.count(n)} · {wording.percent(share)}"
        for n, share in zip(bands.counts, shares, strict=True)
    ]
    index = bands.counts.index(1) if n_rows == 1 else -1
    if n_rows == 1:
        counted = "The only row is"
    else:
        counted = f"{wording.of_rows(bands.counts[-1], n_rows)} ({wording.percent(shares[-1])})"
        counted = f"{counted} {wording.be(bands.counts[-1])}"
    span = bands.ranges[index].replace("≥", "at least").replace("<", "below")
    title = f"{counted} at {bands.names[index].lower()} risk: {wording.quoted(bands.positive_label)} {span}"
    figure = style.horizontal(style.frame(title, x_title="Rows", y_title=""))
    positions = list(range(len(bands.counts)))
    figure.add_bar(
        x=list(bands.counts)[::-1],
        y=positions,
        orientation="h",
        marker={"color": _band_colors(len(positions))[::-1]},
        text=[style.strong(text) for text in texts[::-1]],
        textposition="outside",
        cliponaxis=False,
        customdata=[
            f"{style.wrap(f'{name}, {span}')}<br>{text}"
            for name, span, text in zip(bands.names, bands.ranges, texts, strict=True)
        ][::-1],
        hovertemplate="%{customdata}<extra></extra>",
    )
    names = [
        f"{style.shorten(name, width=14)}<br>{style.wrap(span)}"
        for name, span in zip(bands.names, bands.ranges, strict=True)
    ]
    figure.update_yaxes(tickvals=positions, ticktext=names[::-1])
    return style.counted(figure, max(bands.counts))


def _band_colors(n_bands: int) -> list[str]:
    """Blue for the lowest band, red for the highest, and the steps between them spread evenly."""
    last = len(style.BAND_COLORS) - 1
    return [style.BAND_COLORS[round(i * last / (n_bands - 1))] for i in range(n_bands)]
