"""Why items of a job have failed: grouped by the reason, with an example of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.generation.batch_jobs import BatchItemRow
from core.db.types import json_member
from core.generation.jobs.states import ItemState

MOST_GROUPS: Final = 12


@dataclass(frozen=True)
class FailureGroup:
    """Items that failed for one reason. example: of the first of them, whose idx is first_idx."""

    n: int
    first_idx: int
    example: queue.Reason


def by_reason(session: Session, *, batch_job_id: UUID) -> Sequence[FailureGroup]:
    """The groups, the largest first."""
    code = json_member(BatchItemRow.error, "code")
    grouped = (
        sa.select(sa.func.count().label("n"), sa.func.min(BatchItemRow.idx).label("first_idx"))
        .where(BatchItemRow.batch_job_id == batch_job_id, BatchItemRow.state == ItemState.FAILED)
        .group_by(sa.cast(code, sa.Text))
        .order_by(sa.desc("n"))
        .limit(MOST_GROUPS)
        .subquery()
    )
    found = session.execute(
        sa.select(grouped.c.n, grouped.c.first_idx, BatchItemRow.error)
        .join(
            BatchItemRow,
            sa.and_(BatchItemRow.batch_job_id == batch_job_id, BatchItemRow.idx == grouped.c.first_idx),
        )
        .order_by(grouped.c.n.desc(), grouped.c.first_idx)
    )
    return [
        FailureGroup(
            n, first_idx, queue.Reason.from_json(error or {"code": "unknown", "message": "Unknown."})
        )
        for n, first_idx, error in found
    ]
