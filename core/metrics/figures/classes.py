"""Which class rows were given, and which they had."""

from __future__ import annotations

import plotly.graph_objects as go

from core.metrics import findings, wording
from core.metrics.binary import Binary
from core.metrics.distributions import LabelCounts
from core.metrics.figures import mistakes, style
from core.metrics.multiclass import Multiclass

MAX_WITH_COUNTS, MAX_WITH_SHARES = 5, 9
WRONG_TO_RIGHT = [
    [0, style.tint(style.ORANGE, 0.7)],
    [0.5, style.tint(style.ORANGE, 0.02)],
    [0.5, style.tint(style.BLUE, 0.02)],
    [1, style.tint(style.BLUE, 0.7)],
]

MOST_IN_MATRIX = 11
TICKS, TALL_TICKS, TALL_PX = 20, 30, 510  # names that find room on an axis, and on that of a tall figure


def confusion_matrix(metrics: Binary | Multiclass) -> go.Figure:
    """Rows by what they were (down) and what they were called (across), with each cell's part of its row.

    Blue cells are right, orange ones wrong, stronger the larger their part. Of more than nine labels the numbers
    move into the hover text; of more than eleven no cell could be told from the next, and the commonest mistakes
    take the place of all.
    """
    labels, counts = _matrix(metrics)
    if metrics.accuracy is None:
        return style.note("No confusion matrix", metrics.undefined["accuracy"])
    if len(labels) > MOST_IN_MATRIX:
        return mistakes.commonest(labels, counts)
    shares = [[n / sum(row) if sum(row) else 0.0 for n in row] for row in counts]
    figure = style.frame(_confusion_title(metrics, labels, counts), x_title="Predicted", y_title="Actual")
    positions = list(range(len(labels)))
    figure.add_heatmap(
        x=positions,
        y=positions,
        z=[[share if i == j else -share for j, share in enumerate(row)] for i, row in enumerate(shares)],
        zmin=-1,
        zmax=1,
        colorscale=WRONG_TO_RIGHT,
        showscale=False,
        xgap=3,
        ygap=3,
        customdata=[[_hover_text(labels, counts, i, j) for j in positions] for i in positions],
        hovertemplate="%{customdata}<extra></extra>",
    )
    for i, row in enumerate(counts):
        for j, n in enumerate(row):
            text = _cell(n, sum(row), n_labels=len(labels))
            if text:
                figure.add_annotation(x=j, y=i, text=style.strong(text), showarrow=False)
    ends = [-0.5, len(labels) - 0.5]
    upright = len(labels) > 4  # names side by side would overlap
    across = [style.shorten(label, width=14) if upright else _stacked(label) for label in labels]
    down = [style.shorten(label, width=14) for label in labels]
    figure.update_xaxes(
        tickvals=positions,
        ticktext=across,
        tickangle=-90 if upright else 0,
        range=ends,
        showgrid=False,
    )
    figure.update_yaxes(tickvals=positions, ticktext=down, range=ends[::-1], showgrid=False)
    return figure


def _matrix(metrics: Binary | Multiclass) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    if isinstance(metrics, Multiclass):
        return metrics.labels, metrics.confusion
    cut = metrics.confusion
    counts = (cut.true_negatives, cut.false_positives), (cut.false_negatives, cut.true_positives)
    return (metrics.negative_label, metrics.positive_label), counts


def _stacked(label: str) -> str:
    return style.wrap(label if len(label) <= 24 else f"{label[:14]}…{label[-9:]}", width=10)


def _cell(n: int, n_row: int, *, n_labels: int) -> str:
    if n_labels > MAX_WITH_SHARES or n_row == 0:
        return "" if n_labels > MAX_WITH_SHARES else wording.count(n)
    if n_labels > MAX_WITH_COUNTS:
        return wording.percent(n / n_row, decimals=0)
    return f"<b>{wording.count(n)}</b><br>{wording.percent(n / n_row)}"


def _hover_text(labels: tuple[str, ...], counts: tuple[tuple[int, ...], ...], i: int, j: int) -> str:
    had, n = sum(counts[i]), counts[i][j]
    share = f", {wording.percent(n / had)} of {wording.count(had)}" if had else ""
    actual, called = style.wrap(labels[i], width=40), style.wrap(labels[j], width=40)
    return f"actual {actual}<br>predicted {called}<br>{wording.rows(n)}{share}"


def _confusion_title(
    metrics: Binary | Multiclass, labels: tuple[str, ...], counts: tuple[tuple[int, ...], ...]
) -> str:
    if metrics.n_rows == 1:
        return findings.only_row(metrics).rstrip(".")
    right = sum(row[index] for index, row in enumerate(counts))
    start = f"{wording.of_rows(right, metrics.n_rows)} {wording.be(right)} predicted correctly"
    start = f"{start} ({wording.percent(right / metrics.n_rows)})"
    if isinstance(metrics, Binary):
        missed, had = metrics.confusion.false_negatives, metrics.n_positives
        noun = f"{wording.quoted(metrics.positive_label)} {'row' if had == 1 else 'rows'}"
        of_all = f"{wording.count(missed)} of {wording.count(had)} {noun}"
        return f"{start}; {of_all} {wording.be(missed)} missed" if had else start
    found = mistakes.ranked(labels, counts)
    if not found:
        return start
    worst = found[0]
    taken = f"{wording.quoted(worst.actual)} is most often mistaken for {wording.quoted(worst.called)}"
    return f"{start}; {taken} ({wording.count(worst.n_rows)})"


def _every(n_labels: int) -> slice:
    """Which labels are named on an axis: all, or every second, third … so that none overlap."""
    return slice(None, None, 1 if n_labels <= TICKS else -(-n_labels // TALL_TICKS))


def label_counts(counted: LabelCounts) -> go.Figure:
    """How many rows were given each label, the most frequent on top."""
    n_rows = sum(counted.counts)
    if n_rows == 0:
        return style.note("No predictions", "The file has no rows.")
    rows = sorted(zip(counted.labels, counted.counts, strict=True), key=lambda row: -row[1])
    label, most = rows[0]
    figure = style.horizontal(
        style.frame(
            f"{wording.quoted(label)} is predicted for {wording.of_rows(most, n_rows)}"
            f" ({wording.percent(most / n_rows)})"
            if n_rows > 1
            else f"{wording.quoted(label)} is predicted for the only row",
            x_title="Rows",
            y_title="",
        )
    )
    texts = [f"{wording.count(n)} · {wording.percent(n / n_rows)}" for _, n in rows]
    figure.add_bar(
        x=[n for _, n in rows],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": style.BLUE},
        text=[style.strong(text) for text in texts] if len(rows) <= 12 else None,
        textposition="outside",
        cliponaxis=False,
        customdata=[
            [style.wrap(label, width=40), text] for (label, _), text in zip(rows, texts, strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )
    if len(rows) > TICKS:
        figure.update_layout(height=TALL_PX)
    shown = _every(len(rows))
    names = [style.shorten(label) for label, _ in rows]
    figure.update_yaxes(tickvals=list(range(len(rows)))[shown], ticktext=names[shown])
    return style.counted(figure, most)
