"""Short notices that outlive the run in which they are made: a toast drawn right before a rerun is never seen."""

from __future__ import annotations

import streamlit as st

_KEY = "notice"


def leave(text: str, *, icon: str) -> None:
    """Have the next run show it. text: markdown."""
    st.session_state[_KEY] = (text, icon)


def show() -> None:
    """Show what the run before left, once."""
    if notice := st.session_state.pop(_KEY, None):
        text, icon = notice
        st.toast(text, icon=icon)
