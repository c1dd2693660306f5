"""The live list of batch jobs: filters, a banner where nothing would go on, rows, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db, queue
from core.access.ownership import OwnerFilter
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.errors import BadRequest
from core.generation.jobs import listing
from core.generation.jobs import progress as job_progress
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import PENDING, SETTLED, JobStatus
from core.ui import formatting, links, no_worker, page_frame, params, session
from core.ui.jobs import actions, filters, table
from core.ui.jobs.pages import JOBS

MOVING_S: Final = 5.0  # between two looks
SETTLED_S: Final = 15.0


def show(whose: OwnerFilter, *, people: Mapping[UUID, str], n_pending: int) -> None:
    """Draw the list; it looks again by itself, seldom while nothing is pending."""

    @st.fragment(run_every=MOVING_S if n_pending else SETTLED_S)
    def live() -> None:
        with page_frame.guarded():
            still_pending = _draw(whose, people)
            if bool(still_pending) != bool(n_pending):
                st.rerun()  # declared again, with the other run_every

    live()


def _draw(whose: OwnerFilter, people: Mapping[UUID, str]) -> int:
    user = session.user()
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="jobs_filters"
    ):
        pills = st.container(width="content")
        search = filters.search()
    with db.session_scope(user) as scope:
        counts = listing.counts(scope, search=search, whose=whose)
        all_counts = listing.counts(scope, whose=whose) if search else counts
        has_worker = bool(queue.workers.alive(scope))
        next_id = None if has_worker else listing.next_waiting(scope)
        n_waiting = 0 if next_id is None else listing.n_waiting(scope)
    if next_id is not None:
        _no_worker(next_id, n_waiting)
    with pills:
        statuses = filters.statuses(counts)
    try:
        with db.session_scope(user) as scope:
            page = listing.page(
                scope,
                limit=filters.PER_PAGE,
                cursor=st.query_params.get(filters.AFTER),
                statuses=statuses,
                search=search,
                whose=whose,
            )
            progress = _progress(scope, page.items)
            has_running = any(row.status == JobStatus.PROCESSING for row in page.items)
            paces = listing.paces(scope) if has_running else {}
    except BadRequest as error:
        raise params.NoSuchPage from error
    if page.items:
        table.show(page.items, me=user, people=people, progress=progress, paces=paces, now=session.now())
    else:
        _nothing_matches()
    _pages(
        page.next_cursor, n_shown=len(page.items), n_found=sum(counts[one] for one in statuses or JobStatus)
    )
    return sum(all_counts[status] for status in PENDING)


def _progress(scope: Session, rows: Sequence[BatchJobRow]) -> Mapping[UUID, Progress]:
    """Of each job; what has ended is counted once."""
    pending = [row.id for row in rows if row.status not in SETTLED]
    ended = {row.id: _ended(row.id, row.finished_at, scope) for row in rows if row.status in SETTLED}
    return {**job_progress.of_many(scope, batch_job_ids=pending), **ended}


@st.cache_data(max_entries=2_000, show_spinner=False)
def _ended(batch_job_id: UUID, finished_at: datetime | None, _scope: Session) -> Progress:
    """Of a job that the list may show. finished_at: another one after a retry."""
    del finished_at
    return job_progress.of(_scope, batch_job_id=batch_job_id)


def _pages(next_cursor: str | None, *, n_shown: int, n_found: int) -> None:
    """Where there is more than one page: how much is shown, and the ways to the others."""
    is_first = filters.AFTER not in st.query_params
    if is_first and next_cursor is None:
        return
    rest = {name: value for name, value in st.query_params.items() if name != filters.AFTER}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="jobs_pages"):
        st.caption(f"{n_shown:,} of {formatting.exact(n_found, 'batch job')}", width="content")
        if not is_first:
            links.link("Newest", JOBS, icon=":material/first_page:", **rest)
        if next_cursor:
            links.link(
                "Older", JOBS, icon=":material/arrow_forward:", **(rest | {filters.AFTER: next_cursor})
            )


def _nothing_matches() -> None:
    buttons = page_frame.empty(
        "No matching batch jobs", "Try fewer filters.", icon=":material/filter_alt_off:"
    )
    buttons.button("Clear filters", key="clear_filters", on_click=filters.clear)


def _no_worker(next_id: UUID, n_waiting: int) -> None:
    waiting = f"{formatting.exact(n_waiting, 'batch job')} waiting"
    if no_worker.banner(waiting=waiting, button="Do the next one now", key="next_by_hand"):
        actions.all_by_hand(next_id)
        st.rerun()
