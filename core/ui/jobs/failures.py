"""Why items have failed, one line a reason."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core import db
from core.generation.jobs import failures
from core.ui import formatting, links, page_frame, session


def show(batch_job_id: UUID) -> None:
    """Draw them, the most frequent first."""
    with db.session_scope(session.user()) as scope:
        groups = failures.by_reason(scope, batch_job_id=batch_job_id)
    page_frame.section("Why items failed")
    with st.container(border=True, gap="small", key="failures"):
        for group in groups:
            about = (
                f"item {group.first_idx + 1:,}" if group.n == 1 else f"first: item {group.first_idx + 1:,}"
            )
            st.markdown(
                f":red[:material/error:] **{formatting.exact(group.n, 'item')}** · "
                f"{links.escape(group.example.message)} :gray[{about}]  \n"
                f":small[:gray[{links.escape(group.example.hint)}]]"
            )
