"""Figures on a page: in the page's own theme, two beside each other where there is room."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

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
    """One framed figure; its only tool saves it as an image under the key's name."""
    figure.update_layout(
        modebar={"bgcolor": "rgba(0, 0, 0, 0)", "color": "#7f8794"}
    )  # else a grey box over the title
    with st.container(border=True, height="stretch"):
        config = _BARE | {"toImageButtonOptions": {"filename": key, "scale": 2}}
        st.plotly_chart(figure, key=key, config=config, alt=_plain(figure))


def _plain(figure: go.Figure) -> str:
    """The figure's title, which states its finding, for those who can't see it."""
    return str(figure.layout.title.text or "").replace("<br>", " ")
