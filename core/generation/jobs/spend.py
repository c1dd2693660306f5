"""What all requests have cost, by time: for Home, for the System page and for a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.types import UtcDateTime, now_plus, seconds_between
from core.generation.jobs.states import SETTLED
from core.llm import calls

HOUR_S = 3_600.0
DAILY_CAP_LOCK = 0x6D64_6361  # any number that no other lock of the app has


def by_hour(session: Session, *, since: datetime) -> Sequence[tuple[datetime, int]]:
    """What the user's own requests have cost in nano-dollars, an entry an hour in which any did, oldest first."""
    owner = db.owner(session)
    mine = sa.select(BatchJobRow.id).where(BatchJobRow.user_id == owner)
    batch = sa.select(BatchCallRow.asked_at, BatchCallRow.cost).where(
        BatchCallRow.asked_at >= since, BatchCallRow.cost > 0, BatchCallRow.batch_job_id.in_(mine)
    )
    asked = sa.union_all(batch, calls.paid(user_id=owner, since=since)).subquery()
    at, now = asked.c.asked_at, now_plus()
    hours_ago = sa.cast(sa.func.floor(seconds_between(at, now) / HOUR_S), sa.Integer)
    rows = sa.select(sa.type_coerce(sa.func.min(at), UtcDateTime()), sa.func.sum(asked.c.cost))
    found = session.execute(rows.group_by(hours_ago).order_by(sa.desc(hours_ago)))
    return [(moment, int(cost)) for moment, cost in found]


def today(session: Session, *, now: datetime) -> int:
    """What all requests that may be seen have cost since midnight UTC, as MAX_COST_USD_PER_DAY counts it: those of
    batch jobs, and those for the code of trainings.
    """
    spent = sa.select(sa.func.coalesce(sa.func.sum(BatchCallRow.cost), 0))
    of_batches = session.execute(spent.where(BatchCallRow.asked_at >= midnight(now))).scalar_one()
    return int(of_batches) + calls.since(session, midnight(now))


def today_with_others(session: Session, *, batch_job_id: UUID | None, now: datetime) -> int:
    """`today`, and what other jobs than this one may be spending now. batch_job_id: None for what is no batch job.

    Nobody else takes anything under the day's limit until this transaction ends.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(DAILY_CAP_LOCK)))
    flying = sa.select(sa.func.coalesce(sa.func.sum(BatchJobRow.in_flight), 0)).where(
        sa.true() if batch_job_id is None else BatchJobRow.id != batch_job_id,
        BatchJobRow.status.not_in(SETTLED),
    )  # also of one that waits or is paused: the provider goes on with its Message Batch
    return today(session, now=now) + int(session.execute(flying).scalar_one())


def is_of_today(session: Session, *, batch_job_id: UUID, now: datetime) -> bool:
    """Whether a request of this job has cost something since midnight UTC."""
    paid = sa.select(BatchCallRow.id).where(
        BatchCallRow.batch_job_id == batch_job_id,
        BatchCallRow.asked_at >= midnight(now),
        BatchCallRow.cost > 0,
    )
    return session.execute(paid.limit(1)).first() is not None


def midnight(now: datetime) -> datetime:
    """When the day of the daily limit began."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def days_ago(n: int, *, now: datetime) -> datetime:
    """The moment so many days back."""
    return now - timedelta(days=n)
