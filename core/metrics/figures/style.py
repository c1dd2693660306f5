"""How every figure looks: the palette, the frame, titles that wrap, and the note in place of a chart.

Text, hover boxes and fonts carry no colour of ours, so the page's theme decides; what we do colour stands out
by 3 : 1 or more from both a white and a near-black page, and differs in lightness or in blue against orange,
which colour-blind readers tell apart too.
"""

from __future__ import annotations

import html
import textwrap
from typing import Any

import plotly.graph_objects as go

BLUE = "#2f7fd0"
ORANGE = "#d9701e"
RED = "#c9363f"
GREY = "#7f8794"
BAND_COLORS = (BLUE, GREY, ORANGE, RED)
GRID = "rgba(127, 135, 148, 0.25)"
CLEAR = "rgba(0, 0, 0, 0)"

HEIGHT_PX = 340
TITLE_WIDTH = 46  # characters that fit beside each other where the page is 390 px wide
TITLE_PX, TITLE_LINE_PX, LEGEND_PX = 15, 20, 26


def tint(color: str, opacity: float) -> str:
    """A palette colour made see-through, as rgba()."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def wrap(text: str, *, width: int = TITLE_WIDTH) -> str:
    """Text made safe for Plotly's markup, in as few lines of at most `width` characters as it takes, about equal."""
    lines = textwrap.wrap(text, width=width, break_on_hyphens=False)
    for narrower in range(width - 1, width // 2, -1):
        tried = textwrap.wrap(text, width=narrower, break_on_hyphens=False, break_long_words=False)
        if len(tried) > len(lines) or any(len(line) > narrower for line in tried):
            break
        lines = tried
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def strong(text: str) -> str:
    """Plotly markup in the page's own text color, for numbers to be read: a theme may paint other text paler."""
    return f'<span style="color:currentColor">{text}</span>'


def shorten(name: str, *, width: int = 22) -> str:
    """A name that fits beside an axis: its start and its end, since names that share a start often differ there."""
    n_end = width // 3
    fits = name if len(name) <= width else f"{name[: width - 1 - n_end].rstrip()}…{name[-n_end:].lstrip()}"
    return html.escape(fits, quote=False)


def frame(title: str, *, x_title: str, y_title: str, legend: bool = False) -> go.Figure:
    """An empty figure with its title, axes and margins, to which traces are added."""
    wrapped = wrap(title)
    n_lines = wrapped.count("<br>") + 1
    title_px = 6 + TITLE_LINE_PX * n_lines
    figure = go.Figure()
    figure.update_layout(
        height=HEIGHT_PX,
        title={
            "text": wrapped,
            "font": {"size": TITLE_PX},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            # Plotly hangs a single line from this point but stands the first of several lines on it
            "pad": {"t": 8 if n_lines == 1 else 18, "l": 4},
        },
        margin={"l": 8, "r": 12, "t": title_px + (LEGEND_PX if legend else 10), "b": 8, "pad": 2},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        showlegend=legend,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "bgcolor": CLEAR,
            "itemclick": False,
            "itemdoubleclick": False,
        },
        bargap=0.25,
        dragmode=False,
    )
    axis: dict[str, Any] = {
        "automargin": True,
        "zeroline": False,
        "gridcolor": GRID,
        "linecolor": GRID,
        "separatethousands": True,
    }
    figure.update_xaxes(**axis, title={"text": x_title, "standoff": 8}, showgrid=False)
    figure.update_yaxes(**axis, title={"text": y_title, "standoff": 8}, showgrid=True)
    return figure


def horizontal(figure: go.Figure) -> go.Figure:
    """Turn the frame for bars that lie: grid lines across, names without a title beside them, the first on
    top.
    """
    figure.update_xaxes(showgrid=True)
    figure.update_yaxes(showgrid=False, autorange="reversed", title=None)
    return figure


def counted(figure: go.Figure, most: int) -> go.Figure:
    """Turn the frame's axis across to counts of rows up to `most`, with room for the text behind a bar."""
    figure.update_xaxes(range=[0, most * 1.45], nticks=5, dtick=1 if most < 5 else None)
    return figure


def note(title: str, reason: str) -> go.Figure:
    """What stands where a chart would: why there is none."""
    figure = frame(title, x_title="", y_title="")
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=strong(wrap(reason, width=40)), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
    )
    return figure
