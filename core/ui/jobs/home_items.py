"""Batches on Home: what failed, is paused, runs or waits, what was spent or written, and the newest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db, llm
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.generation.jobs import by_hand, listing, spend
from core.generation.jobs.states import JobStatus
from core.llm.prices import NANO
from core.ui import formatting, links, session
from core.ui.generator.pages import GENERATOR
from core.ui.jobs import status_badges
from core.ui.jobs.pages import JOB, JOBS
from core.ui.work_items import (
    FAILED_FOR,
    N_RECENT,
    N_SHOWN,
    ActiveItem,
    Activity,
    FailedItem,
    HomeItems,
    ListLink,
    QueuedWork,
    RecentItem,
    StartButton,
    Summary,
    Total,
)

PAUSED: Final = ":orange[:material/pause_circle:]"
DAYS: Final = 14


def summary(scope: Session) -> Summary:
    """What was spent, where money flows, and the newest of any status."""
    recent = [
        RecentItem(
            row=row,
            at=row.created_at,
            label=row.name,
            page=JOB,
            query={"id": row.id},
            icon=":material/forum:",
            badge=status_badges.of(row),
            size=formatting.count(row.n_items, "item"),
        )
        for row in listing.page(scope, limit=N_RECENT).items
    ]
    return Summary(_spent(scope), recent)


def _spent(scope: Session) -> Sequence[Total]:
    now = session.now()
    spent = _by_hour(db.owner(scope), scope)
    if not spent and not llm.provider(session.config()).costs_money:
        return ()
    today = sum(cost for at, cost in spent if at >= spend.midnight(now))
    lately = links.escape(formatting.money(sum(cost for _, cost in spent)))
    about = f"{lately} in the last {DAYS} days. Days end at midnight UTC."
    moments = [(at, cost / NANO) for at, cost in spent]
    return [Total("Spent today", today, moments, text=links.escape(formatting.money(today)), about=about)]


@st.cache_data(ttl=30, max_entries=200, show_spinner=False)
def _by_hour(user_id: UUID, _scope: Session) -> Sequence[tuple[datetime, int]]:
    """Of this user. It reads every request of two weeks, so not each time."""
    del user_id
    return spend.by_hour(_scope, since=session.now() - timedelta(days=DAYS))


def activity(scope: Session, now: datetime) -> Activity:
    """What is in progress, waits, is paused or has failed."""
    counts, abandoned = listing.counts(scope), listing.abandoned(scope)

    def newest(status: JobStatus, limit: int = N_SHOWN) -> Sequence[BatchJobRow]:
        return listing.page(scope, limit=limit, statuses=[status]).items if counts[status] else ()

    failed = [row for row in newest(JobStatus.FAILED) if now - row.updated_at < FAILED_FOR]
    paused = newest(JobStatus.PAUSED)
    begun = newest(JobStatus.PROCESSING, N_SHOWN + len(abandoned))
    running = [row for row in begun if row.id not in abandoned][:N_SHOWN]
    n_queued = counts[JobStatus.QUEUED] + len(abandoned)
    next_id = listing.next_waiting(scope) if n_queued else None
    label = f"View all {formatting.exact(counts[JobStatus.PAUSED], 'paused batch job')}"
    return Activity(
        "batch job",
        failed=[
            *(_paused(row) for row in paused),
            *(_failed(row) for row in failed),
        ],
        all_failed=ListLink(label, JOBS, {"status": "paused"})
        if counts[JobStatus.PAUSED] > len(paused)
        else None,
        active=[_active(row) for row in running],
        n_running=counts[JobStatus.PROCESSING] - len(abandoned),
        n_queued=n_queued,
        queued=QueuedWork.of("Do", n_queued, partial(by_hand.begin_all, batch_job_id=next_id))
        if next_id
        else None,
        newest=tuple(row.id for row in listing.page(scope, limit=1).items),
    )


def _paused(row: BatchJobRow) -> FailedItem:
    reason = (row.reason or {}).get("message") or f"{row.task.done:,} of {row.n_items:,} items are done."
    return FailedItem(row.id, JOB, f"**{links.escape(row.name)}** is paused", reason, mark=PAUSED)


def _failed(row: BatchJobRow) -> FailedItem:
    reason = (row.reason or {}).get("message", "")
    return FailedItem(row.id, JOB, f"**{links.escape(row.name)}** failed", reason)


def _active(row: BatchJobRow) -> ActiveItem:
    """How far it is, as its worker has said: counting its items would take longer."""
    text = f"Writing **{links.escape(row.name)}** · {row.task.done:,} of {row.n_items:,} items"
    return ActiveItem(row.id, JOB, text, row.task.done, row.n_items)


HOME_ITEMS: Final = HomeItems(
    position=25,
    summary=summary,
    activity=activity,
    start=StartButton("New batch", "new_batch", ":material/forum:", GENERATOR),
)
