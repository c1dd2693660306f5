"""What has to be typed before something goes that somebody has decided to keep."""

from __future__ import annotations

import streamlit as st

from core.ui import formatting


def approved_too(n: int) -> bool:
    """Whether the approved ones are to go as well: that has to be typed."""
    phrase = f"delete {n} approved"
    typed = st.text_input(
        f"{formatting.exact(n, 'approved conversation')} {'stays' if n == 1 else 'stay'}, unless you type: {phrase}",
        key="type_approved",
        placeholder=phrase,
    )
    return typed.strip().casefold() == phrase
