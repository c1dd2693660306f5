"""What stands where a spinner would never end: no worker is running, since when, and what can be done."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from core import queue
from core.ui import formatting, session


def no_worker_since(scope: Session) -> str | None:
    """A sentence when no worker is alive; None when one is."""
    if queue.workers.alive(scope):
        return None
    seen_at = queue.workers.last_seen(scope)
    if seen_at is None:
        return "No worker is running, and none has run yet"
    return f"No worker is running since {_clock(seen_at)}"


def banner(sentence: str, *, waiting: str, button: str, key: str) -> bool:
    """The sentence, what waits for it, and a button; whether it was clicked."""
    with st.container(border=True, key=f"{key}_banner"):  # noqa: SIM117  # the frame and the line in it
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch", gap=None):
                st.markdown(f":orange[:material/hourglass_disabled:] **{sentence}** :gray[· {waiting}]")
                st.caption(
                    "Start one with **make worker**, or start the app with **WORKERS=1**. "
                    "By hand runs the same model, here and now."
                )
            return st.button(button, key=key, type="primary", icon=":material/play_arrow:")


def _clock(at: datetime) -> str:
    return formatting.moment(at, now=session.now(), zone=session.zone())
