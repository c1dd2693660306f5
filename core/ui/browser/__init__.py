"""What every page brings to the browser beside its elements: a style sheet, and a history that Back can follow."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent


def prepare() -> None:
    """Once in each run, on any page; it takes no room."""
    st.html(HERE / "look.css")
    with st.sidebar:
        _history()(key="history")


@cache
def _history() -> ComponentRenderer:
    script = (HERE / "history.js").read_text("utf-8")
    return st.components.v2.component("model_desk_history", js=script)
