"""What a model has found out about a conversation, quietly beside it, and the way to have it found out."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Filter
from core.generation.conversations.files import OFFLINE
from core.generation.enrichment.drafts import Wanted
from core.ui import badges, links
from core.ui.jobs import enriching


def show(conversation: ConversationRow, *, me: UUID) -> None:
    """Draw it; of one's own that nothing is known of, the button."""
    found = conversation.enrichment
    if found is None:
        if conversation.user_id == me and st.button(
            "Enrich this one", key=f"enrich_{conversation.id}", icon=":material/label:", type="tertiary",
            help="Topics, emotion, difficulty and a summary, found out by a model",
        ):  # fmt: skip
            enriching.ask(Wanted(ids=(conversation.id,)))
        return
    with st.container(border=True, gap="small", key="enrichment"):
        if found["source"] == OFFLINE:
            badges.show(badges.OFFLINE, tip="Made up of frequent words: no model has read this conversation")
        for label, value in (
            ("Topics", ", ".join(found["topics"])),
            ("Emotion", found["emotion"]),
            ("Difficulty", found["difficulty"]),
            ("Summary", found["summary"]),
        ):
            st.markdown(f":small[:gray[{label}]]  \n{links.escape(value)}")


def button(asked: Filter) -> None:
    """Has those of the reader's own enriched that the filter shows; how many that are is told behind it."""
    if st.button(
        "Enrich", key="enrich_many", icon=":material/label:", type="tertiary",
        help="Topics, emotion, difficulty and a summary of your conversations that are shown and have none yet",
    ):  # fmt: skip
        enriching.ask(Wanted(asked=asked))
