"""What a monitor is told of batch generation: jobs by status, open items by state, and today's spend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.generation.jobs import spend
from core.generation.jobs.states import SETTLED, ItemState, JobStatus
from core.llm.prices import NANO
from core.room import Gauge

Values = Sequence[tuple[Sequence[str], float]]


def _jobs(session: Session) -> Values:
    rows = sa.select(BatchJobRow.status, sa.func.count()).group_by(BatchJobRow.status)
    found = {of: n for of, n in session.execute(rows)}  # noqa: C416  # rows are no pairs to a type checker
    return [([status.value], found.get(status.value, 0)) for status in JobStatus]


def _items(session: Session) -> Values:
    open_jobs = sa.select(BatchJobRow.id).where(BatchJobRow.status.not_in(SETTLED))
    rows = (
        sa.select(BatchItemRow.state, sa.func.count())
        .where(BatchItemRow.batch_job_id.in_(open_jobs))
        .group_by(BatchItemRow.state)
    )
    found = {of: n for of, n in session.execute(rows)}  # noqa: C416  # rows are no pairs to a type checker
    return [([state.value], found.get(state.value, 0)) for state in ItemState]


def _spend(session: Session) -> Values:
    return [([], spend.today(session, now=datetime.now(UTC)) / NANO)]


GAUGES: Final = (
    Gauge("batch_jobs", "Batch jobs, by status.", ("status",), _jobs),
    Gauge("batch_items", "Items of batch jobs that have not ended, by state.", ("state",), _items),
    Gauge(
        "generation_spend_today_usd",
        "Spent on batch jobs and on code since midnight UTC, in dollars.",
        (),
        _spend,
    ),
)
