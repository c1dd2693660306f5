"""How far a batch job is, what it has cost, how fast it is; or why nothing happens, and what can be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st

from core import db, queue
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.errors import NotFound
from core.generation.jobs import jobs
from core.generation.jobs import progress as job_progress
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import PENDING, SETTLED, JobStatus
from core.ui import formatting, links, no_worker, page_frame, session
from core.ui.jobs import actions

REFRESH_S: Final = 1.0
LARGE, REFRESH_LARGE_S = 10_000, 3.0  # so many items take a moment to be counted
_PACED_S: Final = 30.0  # over which a rate is told
_MEANWHILE: Final = (
    "It is asked again, one request at a time. After 15 minutes the job pauses; no item fails because of it."
)
_ENOUGH_S: Final = 3.0  # a rate over less says nothing


@dataclass
class Pace:
    """How many items were settled when, lately: what a rate can be told from."""

    seen: deque[tuple[datetime, int]] = field(default_factory=deque)

    def rate(self, n_settled: int, *, now: datetime) -> float | None:
        """Items a second over the last _PACED_S; None while that says nothing yet."""
        self.seen.append((now, n_settled))
        while (now - self.seen[0][0]).total_seconds() > _PACED_S:
            self.seen.popleft()
        first_at, first_n = self.seen[0]
        seconds = (now - first_at).total_seconds()
        return (n_settled - first_n) / seconds if seconds >= _ENOUGH_S else None


@dataclass(frozen=True)
class Look:
    """A job as it stands. is_waiting: whether it waits for a worker, or its worker has left it."""

    job: BatchJobRow
    progress: Progress
    is_waiting: bool
    has_worker: bool


def look(batch_job_id: UUID) -> Look:
    """Raises NotFound."""
    with db.session_scope(session.user()) as scope:
        job = jobs.get(scope, batch_job_id=batch_job_id)
        return Look(
            job,
            job_progress.of(scope, batch_job_id=job.id),
            is_waiting=job.status in PENDING and queue.claimable_kind(scope, task_id=job.task_id) is not None,
            has_worker=bool(queue.workers.alive(scope)),
        )


def show_live(job: BatchJobRow, *, is_mine: bool) -> None:
    """Look again and again; once the job is another than the page has drawn, draw the whole page again.

    is_mine: if not, it can't be done by hand.
    """
    pace, batch_job_id, drawn = Pace(), job.id, state_of(job)

    @st.fragment(run_every=REFRESH_S if job.n_items <= LARGE else REFRESH_LARGE_S)
    def live() -> None:
        with page_frame.guarded():
            try:
                found = look(batch_job_id)
            except NotFound:  # deleted elsewhere: the page says so in its place
                st.rerun()
            if state_of(found.job) != drawn:
                st.rerun()
            _pending(found, pace, is_mine=is_mine)

    live()


def state_of(job: BatchJobRow) -> object:
    """What the rest of the page depends on."""
    return job.status, job.requested_status


def show(found: Look) -> None:
    """A job that nothing changes any more by itself."""
    with st.container(border=True, gap="small", key="progress"):
        done = found.progress
        _figures(found, rate=None)
        is_over = found.job.status in SETTLED and done.total
        st.progress(done.completed / done.total if is_over else done.share)
        _counts(done)


def _pending(found: Look, pace: Pace, *, is_mine: bool) -> None:
    rate = pace.rate(found.progress.total - found.progress.remaining, now=session.now())
    job = found.job
    if found.is_waiting and not found.has_worker and is_mine:
        _no_worker(found)
    with st.container(border=True, gap="small", key="progress"):
        _figures(found, rate=rate if job.status == JobStatus.PROCESSING else None)
        st.progress(found.progress.share)
        _counts(found.progress)
        _notice(found)


def _figures(found: Look, *, rate: float | None) -> None:
    job, done = found.job, found.progress
    with st.container(horizontal=True, gap="large"):
        label = "Enriched" if job.kind == "enrich" else "Conversations"
        st.metric(label, f"{done.completed:,} of {done.total:,}", width="content")
        if job.max_cost is not None:
            cost = f"{formatting.money(done.cost)} of {formatting.money(job.max_cost)}"
            st.metric("Cost", links.escape(cost), width="content", help=_cost_help(found))
        elif done.cost:
            st.metric("Cost", links.escape(formatting.money(done.cost)), width="content")
        if rate:
            st.metric("Per minute", formatting.number(round(rate * 60)), width="content")
            if done.remaining:
                left = formatting.estimate(done.remaining / rate)
                st.metric("Time left", f"about {left}", width="content")
        elif job.started_at and job.finished_at:
            st.metric("Took", formatting.took(job.started_at, job.finished_at), width="content")


def _cost_help(found: Look) -> str:
    in_flight = found.job.in_flight
    told = "What was spent, and the limit that it never passes."
    return f"{told} Under way: up to {links.escape(formatting.money(in_flight))}." if in_flight else told


def _counts(done: Progress) -> None:
    told = [
        (done.completed, ":green[:material/check_circle:]", "completed"),
        (done.failed, ":red[:material/error:]", "failed"),
        (done.cancelled, ":gray[:material/block:]", "cancelled"),
        (done.processing, ":blue[:material/autorenew:]", "in progress"),
        (done.queued, ":gray[:material/schedule:]", "waiting"),
    ]
    st.markdown(
        " &nbsp; ".join(f":small[{icon} {n:,} {word}]" for n, icon, word in told if n),
    )
    if done.n_maybe_twice:
        requests = formatting.exact(done.n_maybe_twice, "request")
        amount = links.escape(formatting.money(done.maybe_twice))
        st.caption(
            f":material/receipt_long: Possibly paid twice: {amount} ({requests}). "
            "No reply arrived, so the items were asked again or cancelled; the cost includes it."
        )


def _notice(found: Look) -> None:
    job = found.job
    if job.reason and job.status == JobStatus.PROCESSING and job.requested_status is None:
        st.warning(f"**{links.escape(job.reason['message'])}** {_MEANWHILE}", icon=":material/cloud_off:")
    elif job.requested_status == JobStatus.PAUSED:
        st.caption("Pausing. Requests that are under way are paid for, so they may still finish.")
    elif job.requested_status == JobStatus.CANCELLED:
        st.caption("Cancelling. Requests that are under way are paid for, so they may still finish.")
    elif job.status == JobStatus.QUEUED and found.has_worker:
        st.caption("Waiting in line. It starts as soon as a worker is free; you can leave this page.")
    elif job.status == JobStatus.PROCESSING:
        st.caption("You can leave this page. It goes on by itself.")


def _no_worker(found: Look) -> None:
    n_left = found.progress.remaining
    slot = st.empty()
    with slot.container():
        clicked = no_worker.choices(
            waiting=f"{formatting.exact(n_left, 'item')} waiting",
            buttons={"one_by_hand": "Do one", "all_by_hand": f"Do all {n_left:,}"},
        )
    by_hand: dict[str, Callable[[UUID], None]] = {
        "one_by_hand": actions.one_by_hand,
        "all_by_hand": actions.all_by_hand,
    }
    if clicked:
        by_hand[clicked](found.job.id)
        slot.container(border=True).markdown(":blue[:material/play_arrow:] **Starting…**")
