"""What stands where a spinner would never end: no worker is running, and what can be done."""

from __future__ import annotations

from typing import Final

import streamlit as st

SENTENCE: Final = "No worker is running."
ICON: Final = ":orange[:material/hourglass_disabled:]"


def banner(*, waiting: str, button: str, key: str) -> bool:
    """The sentence, what waits for a worker, and a button; whether it was clicked."""
    with st.container(border=True, key=f"{key}_banner"):  # noqa: SIM117  # the frame and the line in it
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch", gap=None):
                st.markdown(f"{ICON} **{SENTENCE}** :gray[· {waiting}]")
                st.caption(
                    "Queued work waits until a worker starts, or you run it yourself: the result is the same."
                )
            return st.button(button, key=key, type="primary", icon=":material/play_arrow:")
