"""The states of a job and of its items, and their allowed moves."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow
from core.db.types import now_plus


class JobStatus(StrEnum):
    """queued → processing → completed | failed | cancelled, and paused until somebody resumes it."""

    QUEUED = "queued"
    PROCESSING = "processing"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """queued → processing → completed | failed | cancelled."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


# processing → processing is a takeover; → queued a release, or one click of many; settled → queued a retry.
JOB_TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset(
        {JobStatus.PROCESSING, JobStatus.PAUSED, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.PROCESSING: frozenset(JobStatus),
    JobStatus.PAUSED: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset({JobStatus.QUEUED}),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset(),
}
PENDING = frozenset({JobStatus.QUEUED, JobStatus.PROCESSING})
SETTLED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})

ITEM_TRANSITIONS: dict[ItemState, frozenset[ItemState]] = {
    ItemState.QUEUED: frozenset({ItemState.PROCESSING, ItemState.CANCELLED}),
    ItemState.PROCESSING: frozenset(
        {ItemState.QUEUED, ItemState.COMPLETED, ItemState.FAILED, ItemState.CANCELLED}
    ),
    ItemState.COMPLETED: frozenset(),
    ItemState.FAILED: frozenset({ItemState.QUEUED}),
    ItemState.CANCELLED: frozenset(),
}
OPEN_ITEMS = frozenset({ItemState.QUEUED, ItemState.PROCESSING})


def move_items(session: Session, *where: sa.ColumnElement[bool], to: ItemState, **values: Any) -> int:
    """Give the items that `where` names this state where their present one allows it; how many were moved."""
    allowed = [old.value for old, new in ITEM_TRANSITIONS.items() if to in new]
    moved = session.execute(
        sa.update(BatchItemRow)
        .where(*where, BatchItemRow.state.in_(allowed))
        .values(state=to.value, updated_at=now_plus(), **values),
        execution_options={"synchronize_session": False},
    )
    return cast("sa.CursorResult[Any]", moved).rowcount
