"""What stands where a spinner would never end: no worker is running, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

SENTENCE: Final = "No worker is running."
ICON: Final = ":orange[:material/hourglass_disabled:]"


def banner(*, waiting: str, button: str, key: str) -> bool:
    """The sentence, what waits for a worker, and a button; whether it was clicked."""
    return choices(waiting=waiting, buttons={key: button}) is not None


def choices(*, waiting: str, buttons: Mapping[str, str]) -> str | None:
    """The same with several buttons, the likeliest last: labels by their keys. Returns the key of the one clicked."""
    *others, last = buttons
    with st.container(border=True, key=f"{last}_banner"):  # noqa: SIM117  # the frame and the line in it
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch", gap=None):
                st.markdown(f"{ICON} **{SENTENCE}** :gray[· {waiting}]")
                st.caption(
                    "Queued work waits until a worker starts, or you run it yourself: the result is the same."
                )
            clicked = [key for key in others if st.button(buttons[key], key=key)]
            if st.button(buttons[last], key=last, type="primary", icon=":material/play_arrow:"):
                clicked.append(last)
    return clicked[0] if clicked else None
