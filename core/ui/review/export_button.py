"""The way to a file of what was approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.generation.conversations.states import Status
from core.generation.export.formats import FORMATS
from core.ui import formatting

EXPORT: Final = "/api/conversations/export"
MOST_SEED: Final = 2**32 - 1
_NAMES: Final = {
    "chat-jsonl": "Chat messages (JSONL)",
    "sharegpt": "ShareGPT (JSONL)",
    "alpaca": "Alpaca (JSONL)",
    "parquet": "Chat messages (Parquet)",
}


def show(counts: Mapping[Status, int], *, batch_job_id: UUID | None) -> None:
    """Draw it. counts: of the batch that is shown, or of all."""
    n = counts[Status.APPROVED]
    with st.popover(
        f"Export {formatting.number(n)} approved" if n else "Export",
        key="export",
        icon=":material/download:",
        disabled=not n,
        help="As a zip to train with" if n else "Nothing is approved yet",
    ):
        form = st.selectbox("Format", list(FORMATS), format_func=_NAMES.__getitem__, key="export_format")
        percent = st.number_input(
            "Hold back for validation, in %",
            min_value=0,
            max_value=99,
            value=0,
            step=5,
            key="export_validation",
            help="About so many; near-duplicates stay on one side",
        )
        asked: dict[str, str] = {"format": form, "status": Status.APPROVED.value}
        if batch_job_id is not None:
            asked["batch_job_id"] = str(batch_job_id)
        if percent:
            seed = st.number_input(
                "Seed",
                min_value=0,
                max_value=MOST_SEED,
                key="export_split",
                help="Another one holds others back",
            )
            asked |= {"validation": f"{percent / 100:g}", "split": str(seed)}
        st.link_button(
            "Download zip",
            f"{EXPORT}?{urlencode(asked)}",
            key="export_zip",
            icon=":material/download:",
            type="primary",
        )
        st.caption("With a manifest of counts and hashes, and a README by which `datasets` loads the folder.")
