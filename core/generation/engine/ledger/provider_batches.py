"""The Message Batches of a job, in the database: the intention first, then the provider's id, then the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow, ProviderBatchRow
from core.db.types import now_plus

OPEN = ("intended", "submitted")


def open_ones(session: Session, *, batch_job_id: UUID) -> Sequence[ProviderBatchRow]:
    """Those whose results are not collected, oldest first."""
    rows = (
        sa.select(ProviderBatchRow)
        .where(ProviderBatchRow.batch_job_id == batch_job_id, ProviderBatchRow.state.in_(OPEN))
        .order_by(ProviderBatchRow.created_at)
    )
    return session.execute(rows).scalars().all()


def has_open(session: Session, *, batch_job_id: UUID) -> bool:
    """Whether the provider is at work for a job."""
    return bool(open_ones(session, batch_job_id=batch_job_id))


def intend(session: Session, row_id: UUID, *, batch_job_id: UUID, idxs: Sequence[int]) -> None:
    """Note that a batch of these items is about to be created. Again with the same id, it changes nothing."""
    if session.get(ProviderBatchRow, row_id) is None:
        row = ProviderBatchRow(id=row_id, batch_job_id=batch_job_id, idxs=list(idxs), n_requests=len(idxs))
        session.add(row)
        session.flush()


def move(session: Session, row_id: UUID, *, to: str, provider_id: str | None = None) -> None:
    """Say what has become of one."""
    values: dict[str, Any] = {"state": to, "updated_at": now_plus()}
    if provider_id is not None:
        values["provider_id"] = provider_id
    session.execute(sa.update(ProviderBatchRow).where(ProviderBatchRow.id == row_id).values(**values))


def known_ids(session: Session, ids: Collection[str]) -> set[str]:
    """Which of the provider's batches are some job's already."""
    known = sa.select(ProviderBatchRow.provider_id).where(ProviderBatchRow.provider_id.in_(ids))
    return {found for found in session.execute(known).scalars() if found is not None}


def items(session: Session, *, batch_job_id: UUID, idxs: Sequence[int]) -> Sequence[BatchItemRow]:
    """The items of a batch that are still being asked."""
    found: list[BatchItemRow] = []
    for first in range(0, len(idxs), 5_000):
        rows = sa.select(BatchItemRow).where(
            BatchItemRow.batch_job_id == batch_job_id,
            BatchItemRow.state == "processing",
            BatchItemRow.idx.in_(idxs[first : first + 5_000]),
        )
        found += session.execute(rows.order_by(BatchItemRow.idx)).scalars()
    return found
