"""What can be asked of a batch job, and the questions before money is allowed or something is lost."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import streamlit as st

from core import db, queue
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.errors import Conflict
from core.generation.conversations.conversations import Filter
from core.generation.deletions import deletions
from core.generation.jobs import by_hand, jobs, progress
from core.llm.prices import NANO
from core.ui import confirmations, formatting, links, page_frame, session, undo
from core.ui.jobs.pages import JOBS

MOST_USD = 1_000_000.0
_CONVERSATION = "conversation"


def pause(batch_job_id: UUID) -> None:
    """Raises NotFound, Conflict."""
    with db.session_scope(session.user(), write=True) as scope:
        jobs.pause(scope, batch_job_id=batch_job_id)
    st.rerun()


def resume(batch_job_id: UUID, *, max_cost: int | None = None) -> None:
    """Raises NotFound, Conflict, CapTooLow."""
    with db.session_scope(session.user(), write=True) as scope:
        jobs.resume(scope, batch_job_id=batch_job_id, max_cost=max_cost)
    st.rerun()


def retry_failed(batch_job_id: UUID) -> None:
    """Raises NotFound, Conflict."""
    with db.session_scope(session.user(), write=True) as scope:
        jobs.retry_failed(scope, batch_job_id=batch_job_id)
    st.rerun()


def one_by_hand(batch_job_id: UUID) -> None:
    """Have this process do exactly one item, unless somebody has the job meanwhile. Raises NotFound, NoRunner."""
    try:
        with db.session_scope(session.user(), write=True) as scope:
            task_id = by_hand.begin(scope, batch_job_id=batch_job_id).task_id
    except Conflict:  # it is being done, or over: the page shows which
        return
    if task_id is not None:
        queue.local_runner.run_now(task_id, once=True)


def all_by_hand(batch_job_id: UUID) -> None:
    """Have this process do what is left, unless somebody has the job meanwhile. Raises NotFound, NoRunner."""
    with db.session_scope(session.user(), write=True) as scope:
        task_id = by_hand.begin_all(scope, batch_job_id=batch_job_id)
    if task_id is not None:
        queue.local_runner.run_now(task_id)


@st.dialog("Resume with a higher limit", icon=":material/play_arrow:")
def ask_for_more(job: BatchJobRow, *, spent: int, rest: int) -> None:
    """rest: what the items that are left may cost, as far as that is known; in nano-dollars."""
    assert job.max_cost is not None
    with page_frame.guarded():
        st.markdown(
            f"{links.escape(formatting.money(spent))} of {links.escape(formatting.money(job.max_cost))} are spent. "
            f"What is left may cost up to {links.escape(formatting.money(rest))} more."
        )
        at_least = job.max_cost / NANO
        cap = st.number_input(
            "Stop at, in dollars",
            min_value=0.01,
            max_value=MOST_USD,
            value=round(max(at_least, (spent + rest) / NANO) + 0.005, 2),
            step=0.01,
            format="%.2f",
            key="new_cap",
        )
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            if st.button("Cancel", key="keep_cap"):
                st.rerun()
            if st.button("Resume", key="resume_higher", type="primary", icon=":material/play_arrow:"):
                resume(job.id, max_cost=round(cap * NANO))


@st.dialog("Cancel this batch job?", icon=":material/block:")
def confirm_cancel(job: BatchJobRow) -> None:
    """Says what becomes of what is there."""
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            found = progress.of(scope, batch_job_id=job.id)
        st.markdown(
            f"**{links.escape(job.name)}** is not done: {formatting.exact(found.remaining, 'item')} of "
            f"{found.total:,} would never be asked for."
        )
        st.caption(
            "Conversations that are there are kept, and requests under way may still come. It can't be resumed then; "
            "to go on later, pause it."
        )
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            if st.button("Keep it", key="keep_cancel"):
                st.rerun()
            if st.button("Cancel batch job", key="confirm_cancel", type="primary", icon=":material/block:"):
                with db.session_scope(session.user(), write=True) as scope:
                    jobs.cancel(scope, batch_job_id=job.id)
                st.rerun()


@st.dialog("Delete this batch job?", icon=":material/delete:")
def confirm_delete(job: BatchJobRow) -> None:
    """Says what goes and what stays."""
    name = links.escape(job.name)
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            found = deletions.find(scope, asked=Filter(batch_job_id=job.id))
        st.markdown(f"This deletes **{name}** with its items, its costs, its raw replies and its log.")
        with_them, with_approved = _ask_for_conversations(found)
        n = found.n_deleted(include_approved=with_approved) if with_them else 0
        label = f"Delete batch job and {formatting.exact(n, 'conversation')}" if n else "Delete batch job"
        if page_frame.confirmed(label, key=f"confirm_delete_{n}"):  # what is confirmed is what was shown
            delete = partial(
                deletions.job,
                batch_job_id=job.id,
                with_conversations=with_them,
                n_confirmed=n,
                include_approved=with_approved,
            )
            made = deletions.carried_out(session.user(), delete)
            undo.leave(
                made.id, f"Deleted **{name}**{f' and {formatting.exact(n, _CONVERSATION)}' if n else ''}."
            )
            links.go(JOBS)


def _ask_for_conversations(found: deletions.Found) -> tuple[bool, bool]:
    """Whether its conversations are to go too, and the approved ones of them."""
    if not found.n:
        return False, False
    stay = f"Its {formatting.exact(found.n, _CONVERSATION)} stay, and can be reviewed and exported."
    with_them = st.checkbox("Delete its conversations too", key="with_conversations")
    if not with_them:
        st.caption(stay)
        return False, False
    return True, bool(found.n_approved) and confirmations.approved_too(found.n_approved)
