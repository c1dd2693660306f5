"""How far a job is and what it has cost, counted from its items and requests each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow
from core.generation.jobs.states import ItemState


@dataclass(frozen=True)
class Progress:
    """Items by state, and money in nano-dollars. maybe_twice: of `cost`, what may have been paid for nothing."""

    queued: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    cost: int = 0
    maybe_twice: int = 0
    n_maybe_twice: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.processing + self.completed + self.failed + self.cancelled

    @property
    def remaining(self) -> int:
        """Items that are not settled."""
        return self.queued + self.processing

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return 1 - self.remaining / self.total if self.total else 0.0


def of(session: Session, *, batch_job_id: UUID) -> Progress:
    """One job's, by two reads of indexes."""
    return of_many(session, batch_job_ids=[batch_job_id])[batch_job_id]


def of_many(session: Session, *, batch_job_ids: list[UUID]) -> Mapping[UUID, Progress]:
    """Each job's; of a job that is unknown, nothing but zeros."""
    by_state = session.execute(
        sa.select(BatchItemRow.batch_job_id, BatchItemRow.state, sa.func.count())
        .where(BatchItemRow.batch_job_id.in_(batch_job_ids))
        .group_by(BatchItemRow.batch_job_id, BatchItemRow.state)
    ).all()
    by_call = session.execute(
        sa.select(
            BatchCallRow.batch_job_id,
            BatchCallRow.is_repeated,
            sa.func.count(),
            sa.func.sum(BatchCallRow.cost),
        )
        .where(BatchCallRow.batch_job_id.in_(batch_job_ids))
        .group_by(BatchCallRow.batch_job_id, BatchCallRow.is_repeated)
    ).all()
    found: dict[UUID, dict[str, int]] = {batch_job_id: {} for batch_job_id in batch_job_ids}
    for batch_job_id, state, n in by_state:
        found[batch_job_id][ItemState(state).value] = n
    for batch_job_id, is_repeated, n, cost in by_call:
        told = found[batch_job_id]
        told["cost"] = told.get("cost", 0) + int(cost)
        if is_repeated:
            told |= {"maybe_twice": int(cost), "n_maybe_twice": n}
    return {batch_job_id: Progress(**told) for batch_job_id, told in found.items()}
