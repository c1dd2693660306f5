"""Where one task stands in the queue of its pool, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.tasks import TaskRow, WorkerRow
from core.db.types import UtcDateTime
from core.errors import NotFound
from core.queue import queue_view, workers
from core.queue.kinds import Pool, kind, known_kinds
from core.queue.tasks import PLACE, QUEUED, RUNNING, Reason, TaskState, is_abandoned, is_ready


@dataclass(frozen=True)
class QueuePosition:
    """What stands before a task in its pool, counted over all users: other pools' tasks hold nothing up.

    n_running: tasks that workers do right now.
    n_free: slots of alive workers that take a task as soon as they look.
    n_before: tasks that are taken before this one; 0 unless it is QUEUED.
    attempt: how many attempts were begun.
    retry_at: when it is tried again, while that is still to come.
    reason: why the attempt before failed; once it has settled, why the task did.
    """

    state: TaskState
    n_running: int
    n_free: int
    n_before: int
    attempt: int
    retry_at: datetime | None
    reason: Reason | None

    @property
    def starts_now(self) -> bool:
        """Whether a worker takes it as soon as it looks: a slot is free for it and nothing holds it back."""
        return self.state is TaskState.QUEUED and self.retry_at is None and self.n_before < self.n_free


def position(session: Session, *, task_id: UUID) -> QueuePosition:
    """Where a task stands, by three reads. The caller has checked that it is the user's. Raises NotFound."""
    kind_name = session.execute(sa.select(TaskRow.kind).where(TaskRow.id == task_id)).scalar_one_or_none()
    if kind_name is None:
        raise NotFound(resource="task", id=task_id)
    pool = kind(kind_name).pool
    other = queue_view.tasks().c
    is_queued = TaskRow.state == TaskState.QUEUED
    in_front = sa.tuple_(*(other[column.name] for column in PLACE)) < sa.tuple_(*PLACE)
    in_time = sa.or_(is_ready(other), other.run_at <= TaskRow.run_at)
    of_pool = other.kind.in_(known_kinds(pool))
    n_ready = _count(of_pool, other.state == QUEUED, in_front, in_time)
    n_abandoned = _count(of_pool, is_abandoned(other))
    n_running = _count(of_pool, other.state == RUNNING, ~is_abandoned(other))
    is_later = sa.and_(is_queued, ~is_ready())
    found = session.execute(
        sa.select(
            TaskRow.state,
            TaskRow.attempt,
            TaskRow.error,
            sa.type_coerce(sa.case((is_later, TaskRow.run_at)), UtcDateTime()),
            sa.case((is_queued, n_ready + n_abandoned), else_=0),
            n_running,
        ).where(TaskRow.id == task_id)
    ).one_or_none()
    if found is None:  # it was removed just now
        raise NotFound(resource="task", id=task_id)
    state, attempt, error, retry_at, n_before, n_running_now = found
    return QueuePosition(
        state=TaskState(state),
        n_running=n_running_now,
        n_free=_n_free(session, pool),
        n_before=n_before,
        attempt=attempt,
        retry_at=retry_at,
        reason=Reason.from_json(error) if error else None,
    )


def _n_free(session: Session, pool: Pool) -> int:
    """Slots of alive workers with nothing in them: by worker, for one may do more by hand than it has slots."""
    tasks = queue_view.tasks().c
    busy = (
        sa.select(sa.func.count())
        .where(tasks.state == RUNNING, tasks.kind.in_(known_kinds(pool)), tasks.lease_owner == WorkerRow.id)
        .correlate(WorkerRow)
        .scalar_subquery()
    )
    slots = session.execute(sa.select(WorkerRow.pools, busy).where(*workers.is_alive())).all()
    return sum(max(0, pools.get(pool, 0) - n_busy) for pools, n_busy in slots)


def _count(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*where).correlate(TaskRow).scalar_subquery()
