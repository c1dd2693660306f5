"""What was done to a conversation, as receipts beside it: who decided what, when, and on which revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st

from core.db.tables.generation.review_events import ReviewEventRow
from core.ui import formatting, links, session

MOST: Final = 8
LONGEST: Final = 160  # characters of a reason
SAYS: Final = {
    "approved": "approved it",
    "rejected": "rejected it",
    "pending": "took the decision back",
    "edited": "edited it",
}


def show(events: Sequence[ReviewEventRow], *, me: UUID, now: datetime) -> None:
    """Draw them, the newest first; nothing where nothing was done. events: oldest first."""
    if not events:
        return
    with st.container(border=True, gap="small", key="receipts"):
        st.markdown("**History**")
        for event in list(reversed(events))[:MOST]:
            st.markdown(_line(event, me=me, now=now), help=_exact(event))
        if (n_more := len(events) - MOST) > 0:
            st.caption(f"and {n_more:,} earlier")


def _line(event: ReviewEventRow, *, me: UUID, now: datetime) -> str:
    who = "You" if event.author_id == me else links.escape(event.author_name) or "Somebody"
    reason = f"  \n:small[{links.escape(_cut(event.reason))}]" if event.reason else ""
    at = formatting.ago(event.at, now=now)
    return f":small[{who} {SAYS[event.action]} :gray[· {at}]]{reason}"


def _exact(event: ReviewEventRow) -> str:
    at = formatting.exact_moment(event.at, zone=session.zone())
    of = "as it was generated" if not event.revision else f"after edit {event.revision}"
    many = ", with others at once" if event.bulk_id else ""
    return f"{at}, {of}{many}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line
