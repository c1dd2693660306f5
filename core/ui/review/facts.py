"""What is known of a conversation, beside it: its state, and what it came of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import streamlit as st

from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Origin
from core.generation.conversations.states import Status
from core.generation.templates.variables import Variable
from core.ui import badges, formatting, links, session
from core.ui.review import status_badges

MOST_PARAMS: Final = 20
LONGEST: Final = 300  # characters of a value


def show(conversation: ConversationRow, origin: Origin, *, n_edits: int, now: datetime) -> None:
    """Draw them."""
    with st.container(border=True, gap="small", key="facts"):
        with st.container(horizontal=True, gap="small"):
            badges.show(status_badges.BADGES[Status(conversation.status)])
            if conversation.is_offline:
                badges.show(badges.OFFLINE, tip=badges.OFFLINE_TIP)
        for label, value in _facts(conversation, origin, n_edits=n_edits, now=now):
            st.markdown(f":small[:gray[{label}]]  \n{links.escape(_cut(value))}")


def _facts(row: ConversationRow, origin: Origin, *, n_edits: int, now: datetime) -> Iterator[tuple[str, str]]:
    yield "Batch", f"{origin.job or 'A deleted batch'}, item {row.idx + 1:,}"
    yield "Template", f"{origin.template} v{origin.template_version}"
    if not row.is_offline:
        yield "Model", row.model
    made = f"{formatting.moment(row.created_at, now=now, zone=session.zone())}"
    yield "Made", f"{made}, {formatting.exact(row.n_messages, 'message')}"
    if n_edits:
        yield "Edited", "once" if n_edits == 1 else f"{n_edits} times"
    for name, value in list(row.params.items())[:MOST_PARAMS]:
        yield links.escape(_cut(Variable(str(name)).label)), str(value)


def _cut(text: str) -> str:
    """In one line: no value makes a paragraph or a list."""
    line = " ".join(text.split())
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line
