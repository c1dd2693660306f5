"""Figures on a page: in the page's own theme, two beside each other where there is room."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

from core.metrics.figures import style
from core.ui import links

LEAST_PX = 400
_BARE: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtons": [["toImage"]],
    "scrollZoom": False,
}


def pair() -> GridContainer:
    """A grid of two columns, one where the page is narrow: `with charts.pair(): charts.show(…)`."""
    return st.grid(2, min_column_width=LEAST_PX, gap="small")


def show(figure: go.Figure, *, key: str) -> None:
    """One framed figure below its title, which wraps where the frame ends; its only tool saves it as an image under
    the key's name.
    """
    title = _plain(figure)
    figure.update_layout(
        title=None,
        margin={"t": style.LEGEND_PX if figure.layout.showlegend else 10},
        modebar={"bgcolor": "rgba(0, 0, 0, 0)", "color": "#7f8794"},  # else a grey box over the legend
    )
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{links.escape(title)}**")
        config = _BARE | {"toImageButtonOptions": {"filename": key, "scale": 2}}
        st.plotly_chart(figure, key=key, config=config, alt=title)


def _plain(figure: go.Figure) -> str:
    """The figure's title, which states its finding, without markup."""
    return html.unescape(str(figure.layout.title.text or "").replace("<br>", " "))
