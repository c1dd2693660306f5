"""What is known of a conversation, beside it: its state, what it came of, and what was decided before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st

from core.db.tables.conversations import ConversationRow
from core.generation.conversations.conversations import Origin
from core.generation.conversations.states import Status
from core.ui import badges, formatting, links, session
from core.ui.review import status_badges

MOST_PARAMS: Final = 20
LONGEST: Final = 300  # characters of a value


def show(conversation: ConversationRow, origin: Origin, *, n_edits: int, me: UUID, now: datetime) -> None:
    """Draw them."""
    with st.container(border=True, gap="small", key="facts"):
        with st.container(horizontal=True, gap="small"):
            badges.show(status_badges.BADGES[Status(conversation.status)])
            if conversation.is_offline:
                badges.show(badges.OFFLINE, tip=badges.OFFLINE_TIP)
        for label, value in _facts(conversation, origin, n_edits=n_edits, me=me, now=now):
            st.markdown(f":small[:gray[{label}]]  \n{links.escape(_cut(value))}")


def _facts(
    row: ConversationRow, origin: Origin, *, n_edits: int, me: UUID, now: datetime
) -> Iterator[tuple[str, str]]:
    if row.decided_at is not None:
        by = "you" if row.reviewer_id == me else "another reviewer"
        yield "Decided", f"by {by}, {formatting.ago(row.decided_at, now=now)}"
    if row.reason:
        yield "Reason", row.reason
    yield "Batch", f"{origin.job or 'A deleted batch'}, item {row.idx + 1:,}"
    yield "Template", f"{origin.template} v{origin.template_version}"
    if not row.is_offline:
        yield "Model", row.model
    made = f"{formatting.moment(row.created_at, now=now, zone=session.zone())}"
    yield "Made", f"{made}, {formatting.exact(row.n_messages, 'message')}"
    if n_edits:
        yield "Edited", "once" if n_edits == 1 else f"{n_edits} times"
    for name, value in list(row.params.items())[:MOST_PARAMS]:
        yield f"{links.escape(_cut(str(name)))}", str(value)


def _cut(text: str) -> str:
    """In one line: no value makes a paragraph or a list."""
    line = " ".join(text.split())
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line
