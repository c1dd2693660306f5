"""Batch jobs as rows that line up: what is written with what, how far it is, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import SETTLED, JobStatus
from core.ui import formatting, links, session
from core.ui.jobs import status_badges
from core.ui.jobs.pages import JOB

STATUS_PX: Final = 112
ITEMS_PX: Final = 190
COST_PX: Final = 130


def show(
    rows: Sequence[BatchJobRow],
    *,
    me: db.User,
    people: Mapping[UUID, str],
    progress: Mapping[UUID, Progress],
    paces: Mapping[UUID, float],
    now: datetime,
) -> None:
    """Draw them. people: what the owners are called. paces: replies a second, of those that run."""
    has_owners = session.config().has_sign_in
    with st.container(border=True, gap="small", key="jobs_table"):
        for row in rows:
            owner = people.get(row.user_id, "") if has_owners or row.user_id != me.id else ""
            _draw(row, progress[row.id], pace=paces.get(row.id), owner=owner, now=now)


def _draw(row: BatchJobRow, done: Progress, *, pace: float | None, owner: str, now: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"row_{row.id}"):
        with st.container(width="stretch", gap=None, key=f"about_{row.id}"):
            at = formatting.exact_moment(row.created_at, zone=session.zone())
            links.link(f"**{links.escape(row.name)}**", JOB, tip=f"Created {at}", id=row.id)
            about = "offline" if status_badges.is_offline(row) else row.model
            age = formatting.ago(row.created_at, now=now)
            facts = [f"{row.template.name} v{row.template.version}", about, age, owner]
            st.caption(" · ".join(links.escape(fact) for fact in facts if fact))
        st.markdown(status_badges.of(row).markdown, width=STATUS_PX)
        if row.status in SETTLED:
            st.markdown(_ended(row, done), width=ITEMS_PX)
        else:
            st.progress(done.share, _so_far(row, done, pace=pace), width=ITEMS_PX)
        st.markdown(_cost(row, done), width=COST_PX, text_alignment="right")


def _cost(row: BatchJobRow, done: Progress) -> str:
    failed = f":small[:red[{done.failed:,} failed]]" if done.failed else ""
    if row.max_cost is None:
        return failed
    spent, cap = (links.escape(formatting.money(amount)) for amount in (done.cost, row.max_cost))
    cost = f":small[{spent} :gray[of {cap}]]"
    return f"{cost}  \n{failed}" if failed else cost


def _ended(row: BatchJobRow, done: Progress) -> str:
    items = formatting.count(done.total, "item")
    if row.status != JobStatus.COMPLETED or done.completed != done.total:
        items = f"{formatting.number(done.completed)} of {items}"
    took = ""
    if row.started_at and row.finished_at and row.status == JobStatus.COMPLETED:
        took = f"  \n:small[:gray[took {formatting.took(row.started_at, row.finished_at)}]]"
    return f":small[{items}]{took}"


def _so_far(row: BatchJobRow, done: Progress, *, pace: float | None) -> str:
    settled = done.total - done.remaining
    told = f"{formatting.number(settled)} of {formatting.count(done.total, 'item')}"
    if row.status == JobStatus.PROCESSING and pace:
        told += f" · {formatting.number(round(pace * 60))}/min"
    return told
