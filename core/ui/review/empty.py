"""Where there is nothing to review: why, and the next step."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.generation.conversations.states import Status
from core.ui import formatting, links, page_frame, registry
from core.ui.review import decisions, filters
from core.ui.review.keyboard import keys


def nothing_yet() -> None:
    """No conversation was ever made."""
    buttons = page_frame.empty(
        "No conversations yet",
        "A batch writes conversations from a template. They wait here until you approve or reject them.",
        icon=":material/rate_review:",
        key="no_conversations",
    )
    generator = next((page for page in registry.pages() if page.file == "generator.py"), None)
    with buttons:
        if generator and st.button("New batch", key="first_batch", type="primary", icon=":material/forum:"):
            links.go(generator)


def nothing_here(counts: Mapping[Status, int], statuses: tuple[Status, ...], *, is_filtered: bool) -> None:
    """None is in this state, or of this batch. counts: of all states."""
    if statuses == (Status.PENDING,) and any(counts.values()):
        done = f"{formatting.count(counts[Status.APPROVED], 'conversation')} approved"
        buttons = page_frame.empty(
            "All reviewed",
            f"{done}, {formatting.number(counts[Status.REJECTED])} rejected. New ones appear here by themselves.",
            icon=":material/task_alt:",
            key="all_reviewed",
        )
    else:
        buttons = page_frame.empty(
            "No matching conversations", "Try fewer filters.", icon=":material/filter_alt_off:"
        )
    with buttons:
        if is_filtered:
            st.button("Clear filters", key="clear_filters", on_click=filters.clear)
        decisions.show_undo()
    keys.guard("nothing")
