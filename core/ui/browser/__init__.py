"""What pages bring to the browser beside elements: a style sheet, a history that Back can follow, ways in and out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.ui import brand

HERE = Path(__file__).parent


def prepare() -> None:
    """Once in each run, on any page; it takes no room."""
    st.html(HERE / "look.css")
    st.html(
        f"<style>:root {{ --desk-accent-text: {brand.accent_text(st.context.theme.type or 'light')}; }}</style>"
    )
    with st.sidebar:
        _history()(key="history")


def sign_out_button() -> None:
    """A button that ends this browser's session; a page whose session is over leaves for the sign-in by itself."""
    _sign_out()(key="sign_out")


def go_and_sign_in() -> None:
    """Leave for the sign-in, and come back here from it."""
    _sign_in()(key="sign_in")


@cache
def _history() -> ComponentRenderer:
    script = (HERE / "history.js").read_text("utf-8")
    return st.components.v2.component("model_desk_history", js=script)


@cache
def _sign_out() -> ComponentRenderer:
    html, css, js = ((HERE / f"sign_out.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("model_desk_sign_out", html=html, css=css, js=js)


@cache
def _sign_in() -> ComponentRenderer:
    script = (HERE / "sign_in.js").read_text("utf-8")
    return st.components.v2.component("model_desk_sign_in", js=script)
