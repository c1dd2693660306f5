"""Which conversations a job that has not ended is about to enrich, so that none is paid for twice."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.generation.jobs.states import OPEN_ITEMS, SETTLED

LOCK: Final = 0x6D64_656E  # any number that no other lock of the app has


def hold(session: Session, *, user_id: UUID) -> None:
    """Nobody else makes an enrichment for this user before the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK, user_id.int % 2**31)))


def ids(session: Session, *, user_id: UUID) -> set[UUID]:
    """The conversations of this user's open items."""
    rows = (
        sa.select(BatchItemRow.params)
        .join(BatchJobRow, BatchItemRow.batch_job_id == BatchJobRow.id)
        .where(
            BatchJobRow.user_id == user_id,
            BatchJobRow.kind == "enrich",
            BatchJobRow.status.not_in(SETTLED),
            BatchItemRow.state.in_(OPEN_ITEMS),
        )
    )
    return {UUID(params["conversation"]) for params in session.execute(rows).scalars()}
