"""The web pages of a training as they were read: address, time, hash and text, or why there is none."""

from __future__ import annotations

import streamlit as st

from core import db
from core.db.tables.training_jobs import TrainingJobRow, TrainingPageRow
from core.training import records
from core.ui import formatting, links, page_frame, session


def show(job: TrainingJobRow) -> None:
    """Nothing where none was named."""
    if not job.resources:
        return
    page_frame.section("Web pages")
    with db.session_scope(session.user()) as scope:
        found = records.pages(scope, training_job_id=job.id)
    if not found:
        st.caption("They were not read.")
    for page in found:
        _show(page)


def _show(page: TrainingPageRow) -> None:
    with st.container(border=True, gap="xsmall", key=f"page_{page.n}"):
        st.markdown(f"**{links.escape(page.url)}**")
        if page.final_url:
            st.caption(f"Led to {links.escape(page.final_url)}")
        if page.text is None:
            why = page.problem or "it was not read."
            st.caption(f":orange[:material/warning:] {links.escape(why[:1].upper() + why[1:])}")
            return
        read_at = formatting.moment(page.at, now=session.now(), zone=session.zone())
        n = formatting.exact(len(page.text), "character")
        cut = ", the rest was left out" if page.is_cut else ""
        st.caption(f"Read {read_at} · {n}{cut} · sha256 {(page.sha256 or '')[:12]}")
        with st.expander("Show its text"):
            st.code(page.text, language=None, wrap_lines=True, height=320)
