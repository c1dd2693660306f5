"""What somebody should know of other machines: what leaves this one before the click, and where something runs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import streamlit as st

from core.db.tables.training_jobs import TrainingJobRow
from core.settings import part
from core.settings.parts.e2b import E2BSettings
from core.training.states import PENDING
from core.ui import formatting, links, session

HERE: Final = (
    "Code trains in a sandbox without network, is measured on rows it never saw, and its app goes live."
)
PUBLIC: Final = "The address of its live app is open to whoever has it."
PRIVATE: Final = "Its live app is reached through Model Desk alone."


def is_elsewhere() -> bool:
    """Whether code and live apps run on another machine."""
    return bool(part(session.config(), E2BSettings).e2b_api_key.get_secret_value())


def before_training(file_name: str) -> None:
    """What a click sends away, and who can come by afterwards."""
    if not is_elsewhere():
        st.caption(HERE)
        return
    st.info(
        f"**Seen outside: the rows of {links.escape(file_name)} leave this machine.** They go with the code to a "
        f"sandbox at E2B, which has no way out. {_who()}",
        icon=":material/public:",
    )


def before_deploying() -> None:
    """The same of a model that is there already."""
    if is_elsewhere():
        st.info(
            "**Seen outside: the model leaves this machine.** It runs in a sandbox at E2B, which has no way out. "
            f"{_who()}",
            icon=":material/public:",
        )


def before_scoring(file_name: str, *, model_format: str) -> None:
    """The same of rows that a model of somebody's code is asked for; others predict in the app."""
    if is_elsewhere() and model_format == "bytes":
        st.info(
            f"**Seen outside: the rows of {links.escape(file_name)} leave this machine.** This model's code runs in a "
            "sandbox at E2B, which has no way out and ends with the prediction.",
            icon=":material/public:",
        )


def lost_contact(job: TrainingJobRow) -> None:
    """Since when nobody reaches the sandbox of a training that goes on."""
    if job.unreachable_since is not None and job.status in PENDING:
        st.warning(
            f"**No contact with its sandbox at E2B since {since(job.unreachable_since)}.** The code there most likely "
            "goes on. It is tried again for five minutes, then the training is lost.",
            icon=":material/cloud_off:",
        )


def since(moment: datetime) -> str:
    """A moment and how long ago that is."""
    return f"{moment:%H:%M} UTC, {formatting.ago(moment, now=session.now())}"


def _who() -> str:
    return PRIVATE if part(session.config(), E2BSettings).e2b_private else PUBLIC
