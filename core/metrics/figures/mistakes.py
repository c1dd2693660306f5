"""Which classes are taken for which others, the commonest mistake first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.metrics import wording
from core.metrics.figures import style

SHOWN = 10
BAR_PX, AXES_PX = 42, 90


@dataclass(frozen=True)
class Mistake:
    """n_rows that were `actual` and were called `called`, out of n_actual that were so."""

    actual: str
    called: str
    n_rows: int
    n_actual: int


def ranked(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> list[Mistake]:
    """Every pair of labels that was confused, the commonest first; of equally common ones as the labels stand.

    counts: (k, k), rows as they were, columns as they were called.
    """
    found = [
        Mistake(labels[i], labels[j], n, sum(row))
        for i, row in enumerate(counts)
        for j, n in enumerate(row)
        if i != j and n
    ]
    return sorted(found, key=lambda mistake: -mistake.n_rows)


def commonest(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> go.Figure:
    """The ten commonest mistakes as bars, each with its part of the rows that were that class. counts: as in
    `ranked`, over at least one row.
    """
    n_rows, right = sum(map(sum, counts)), sum(row[index] for index, row in enumerate(counts))
    found = ranked(labels, counts)
    share = wording.percent(right / n_rows)
    start = f"{wording.of_rows(right, n_rows)} {wording.be(right)} predicted correctly ({share})"
    if not found:
        return style.note(start, "No class is mistaken for another.")
    top = found[:SHOWN]
    rest = (
        f"the {len(top)} most common of {wording.count(len(found))} kinds of mistake"
        if len(found) > 1
        else "the mistake"
    )
    figure = style.horizontal(
        style.frame(f"{start}; {rest}", x_title="Rows (actual → predicted)", y_title="")
    )
    texts = [f"{wording.count(one.n_rows)} · {wording.percent(one.n_rows / one.n_actual)}" for one in top]
    positions = list(range(len(top)))
    figure.add_bar(
        x=[one.n_rows for one in top],
        y=positions,
        orientation="h",
        marker={"color": style.ORANGE},
        text=[style.strong(text) for text in texts],
        textposition="outside",
        cliponaxis=False,
        customdata=[_hover_text(one) for one in top],
        hovertemplate="%{customdata}<extra></extra>",
    )
    names = [f"{style.shorten(one.actual)}<br>→ {style.shorten(one.called)}" for one in top]
    figure.update_yaxes(tickvals=positions, ticktext=names)
    style.counted(figure, top[0].n_rows)
    figure.update_layout(height=max(style.HEIGHT_PX, AXES_PX + BAR_PX * len(top)))
    return figure


def _hover_text(one: Mistake) -> str:
    share = f"{wording.percent(one.n_rows / one.n_actual)} of {wording.count(one.n_actual)}"
    actual, called = style.wrap(one.actual, width=40), style.wrap(one.called, width=40)
    return f"actual {actual}<br>predicted {called}<br>{wording.rows(one.n_rows)}, {share}"
