"""The way to a file of conversations: of what was approved, or of what is ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from core.generation.export.formats import FORMATS
from core.ui import formatting

EXPORT: Final = "/api/conversations/export"
_FILTERS: Final = (  # as the API names them too
    *("batch_job_id", "template_id", "score_from", "score_to", "finding", "text", "reviewer_id"),
)
MOST_SEED: Final = 2**32 - 1
_NAMES: Final = {
    "chat-jsonl": "Chat messages (JSONL)",
    "sharegpt": "ShareGPT (JSONL)",
    "alpaca": "Alpaca (JSONL)",
    "parquet": "Chat messages (Parquet)",
}


def show(counts: Mapping[Status, int], filtered: Filter) -> None:
    """Draw it for what was approved. counts: of what the filters find, whatever its state."""
    n = counts[Status.APPROVED]
    with st.popover(
        f"Export {formatting.number(n)} approved" if n else "Export",
        key="export",
        icon=":material/download:",
        disabled=not n,
        help="As a zip to train with" if n else "Nothing is approved yet",
    ):
        named = {name: getattr(filtered, name) for name in _FILTERS}
        _form(
            {
                **{name: str(value) for name, value in named.items() if value not in (None, "")},
                "status": Status.APPROVED.value,
            },
            key="export",
        )


def show_ticked(ids: Sequence[UUID]) -> None:
    """Draw it for these, whatever their state."""
    with st.popover(
        "Export", key="export_ticked", icon=":material/download:", help="What is ticked, as a zip"
    ):
        _form({"ids": ",".join(map(str, ids))}, key="ticked")


def _form(which: Mapping[str, str], *, key: str) -> None:
    """Format and split, and the link. which: of the API's parameters those that choose; key: of its widgets."""
    form = st.selectbox("Format", list(FORMATS), format_func=_NAMES.__getitem__, key=f"{key}_format")
    percent = st.number_input(
        "Hold back for validation, in %",
        min_value=0,
        max_value=99,
        value=0,
        step=5,
        key=f"{key}_validation",
        help="About so many; near-duplicates stay on one side",
    )
    asked = {**which, "format": form}
    if percent:
        seed = st.number_input(
            "Seed",
            min_value=0,
            max_value=MOST_SEED,
            key=f"{key}_split",
            help="Another one holds others back",
        )
        asked |= {"validation": f"{percent / 100:g}", "split": str(seed)}
    st.link_button(
        "Download zip",
        f"{EXPORT}?{urlencode(asked, safe=',')}",
        key=f"{key}_zip",
        icon=":material/download:",
        type="primary",
    )
    st.caption("With a manifest of counts and hashes, and a README by which `datasets` loads the folder.")
