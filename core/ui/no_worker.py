"""What stands where a spinner would never end: no worker is running, since when, and what can be done."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core import queue
from core.ui import formatting, session

ICON = ":orange[:material/hourglass_disabled:]"


def since(scope: Session) -> str | None:
    """The sentence when no worker is alive; None when one is."""
    return None if queue.workers.alive(scope) else sentence(queue.workers.last_seen(scope))


def sentence(seen_at: datetime | None) -> str:
    """That there is none, and since when. seen_at: when the last was heard of, None where there never was one."""
    if seen_at is None:
        return "No worker has been started yet"
    return f"No worker has been running since {formatting.moment(seen_at, now=session.now(), zone=session.zone())}"


def banner(text: str, *, waiting: str, button: str, key: str) -> bool:
    """The sentence, what waits for a worker, and a button; whether it was clicked."""
    with st.container(border=True, key=f"{key}_banner"):  # noqa: SIM117  # the frame and the line in it
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch", gap=None):
                st.markdown(f"{ICON} **{text}** :gray[· {waiting}]")
                st.caption(
                    "Queued work waits until a worker starts, or you run it yourself: the result is the same."
                )
            return st.button(button, key=key, type="primary", icon=":material/play_arrow:")
