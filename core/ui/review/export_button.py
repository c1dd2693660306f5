"""The way to a file of what was approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.generation.conversations.states import Status
from core.ui import formatting

EXPORT: Final = "/api/conversations/export"


def show(counts: Mapping[Status, int], *, batch_job_id: UUID | None) -> None:
    """Draw it. counts: of the batch that is shown, or of all."""
    n = counts[Status.APPROVED]
    asked = {"format": "chat-jsonl", "status": Status.APPROVED.value, "manifest": "true"}
    if batch_job_id is not None:
        asked["batch_job_id"] = str(batch_job_id)
    st.link_button(
        f"Export {formatting.number(n)} approved" if n else "Export",
        f"{EXPORT}?{urlencode(asked)}",
        key="export",
        icon=":material/download:",
        disabled=not n,
        help="A zip: the approved conversations as JSON lines to train with, and a manifest with their hash"
        if n
        else "Nothing is approved yet",
    )
