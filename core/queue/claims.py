"""Taking work: who gets which task next, what has waited, and what was abandoned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables import TaskRow
from core.db.types import DATABASE_CLOCK, Clock, UtcDateTime
from core.queue import line
from core.queue.moves import followed
from core.queue.tasks import Reason, Task, TaskState, known_kinds

# Written into the statement, not bound: only so can the planner use the partial indexes.
QUEUED = sa.literal_column("'QUEUED'", sa.String)
RUNNING = sa.literal_column("'RUNNING'", sa.String)


def claim(
    session: Session,
    *,
    worker_id: UUID,
    lease_s: float,
    uncarried_s: float | None = None,
    clock: Clock = DATABASE_CLOCK,
) -> Task | None:
    """Take the next task: one whose lease ran out, else the first in line; None when there is none.

    Tasks that were abandoned for good (attempts used up, or a cancel asked for) are settled on
    the way, so that no reaper is needed. The caller commits before any work begins.
    uncarried_s: where messages carry the tasks, only one that has had no message for so long.
    """
    _settle_abandoned(session, clock=clock)
    abandoned = (
        sa.select(TaskRow.id)
        .where(TaskRow.state == RUNNING, TaskRow.lease_until < clock.now(), TaskRow.kind.in_(known_kinds()))
        .order_by(TaskRow.lease_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    queued = (
        sa.select(TaskRow.id)
        .where(*_in_line(uncarried_s, clock), TaskRow.kind.in_(known_kinds()))
        .order_by(TaskRow.priority, TaskRow.run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return _take(session, abandoned, worker_id=worker_id, lease_s=lease_s, clock=clock) or _take(
        session, queued, worker_id=worker_id, lease_s=lease_s, clock=clock
    )


def claim_one(
    session: Session, *, task_id: UUID, worker_id: UUID, lease_s: float, clock: Clock = DATABASE_CLOCK
) -> Task | None:
    """Take exactly this task if it waits or was abandoned; None when somebody else has it.

    Waits for a lock instead of skipping it: the row may be held by its own publisher.
    """
    _settle_abandoned(session, clock=clock)
    this = (
        sa.select(TaskRow.id)
        .where(
            TaskRow.id == task_id,
            TaskRow.kind.in_(known_kinds()),
            sa.or_(
                TaskRow.state == QUEUED,
                sa.and_(TaskRow.state == RUNNING, TaskRow.lease_until < clock.now()),
            ),
        )
        .with_for_update()
    )
    return _take(session, this, worker_id=worker_id, lease_s=lease_s, clock=clock)


def is_ready(session: Session, *, uncarried_s: float | None = None, clock: Clock = DATABASE_CLOCK) -> bool:
    """Whether `claim` would find anything: a read, for before a write lock is taken."""
    queued = sa.select(TaskRow.id).where(*_in_line(uncarried_s, clock))
    abandoned = sa.select(TaskRow.id).where(TaskRow.state == RUNNING, TaskRow.lease_until < clock.now())
    found = session.execute(sa.select(sa.or_(queued.exists(), abandoned.exists()))).scalar_one()
    return bool(found)


def was_enqueued(session: Session, *, dedupe_key: str) -> bool:
    """Whether there is, or was, a task with this key."""
    return session.execute(sa.select(TaskRow.id).where(TaskRow.dedupe_key == dedupe_key)).first() is not None


@dataclass(frozen=True)
class Backlog:
    """What waits and what runs. `oldest_at` is when the longest-waiting queued task was made."""

    n_queued: int
    n_running: int
    n_abandoned: int
    oldest_at: datetime | None


def backlog(session: Session, *, clock: Clock = DATABASE_CLOCK) -> Backlog:
    """The depth of the queue and the age of its oldest task, over all users."""
    tasks = line.tasks().c
    queued = session.execute(
        sa.select(sa.func.count(), sa.type_coerce(sa.func.min(tasks.created_at), UtcDateTime())).where(
            tasks.state == QUEUED
        )
    ).one()
    running = session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(tasks.lease_until < clock.now())).where(
            tasks.state == RUNNING
        )
    ).one()
    return Backlog(n_queued=queued[0], oldest_at=queued[1], n_running=running[0], n_abandoned=running[1])


@dataclass(frozen=True)
class Retried:
    """Tasks that had to be begun again. `last_at` is when the newest such attempt, or failed one, began."""

    n: int
    last_at: datetime | None


def retried(session: Session, *, within_s: float, clock: Clock = DATABASE_CLOCK) -> Retried:
    """Tasks that needed more than one attempt: done in the last `within_s`, running, or to be tried again.

    Of all users. Those that failed for good are not among them.
    """
    again = TaskRow.attempt - TaskRow.n_released > 1
    cases = (
        (TaskRow.state == TaskState.SUCCEEDED, TaskRow.finished_at > clock.now(-within_s), again),
        (TaskRow.state == RUNNING, again),
        (TaskRow.state == QUEUED, TaskRow.error.is_not(None)),
    )
    found = sa.union_all(*(sa.select(TaskRow.started_at).where(*case) for case in cases)).subquery()
    n, last_at = session.execute(
        sa.select(
            sa.func.count(), sa.type_coerce(sa.func.max(found.c.started_at), UtcDateTime())
        ).select_from(found)
    ).one()
    return Retried(n=n, last_at=last_at)


def _in_line(uncarried_s: float | None, clock: Clock) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for a queued task that may be taken without a message."""
    if uncarried_s is None:
        return TaskRow.state == QUEUED, TaskRow.run_at <= clock.now()
    return TaskRow.state == QUEUED, TaskRow.published_at.is_(None), TaskRow.run_at <= clock.now(-uncarried_s)


def _take(session: Session, chosen: Any, *, worker_id: UUID, lease_s: float, clock: Clock) -> Task | None:
    statement = (
        sa.update(TaskRow)
        .where(TaskRow.id == chosen.scalar_subquery())
        .values(
            state=TaskState.RUNNING,
            attempt=TaskRow.attempt + 1,
            lease_owner=worker_id,
            lease_until=clock.now(lease_s),
            started_at=clock.now(),
            error=None,
        )
        .returning(TaskRow)
    )
    row = session.execute(statement, execution_options={"populate_existing": True}).scalar_one_or_none()
    return None if row is None else followed(session, row)


def _settle_abandoned(session: Session, *, clock: Clock) -> None:
    """Settle tasks whose worker is gone and which nobody should take up again."""
    gone = (TaskRow.state == RUNNING, TaskRow.lease_until < clock.now(), TaskRow.kind.in_(known_kinds()))
    n_tries = TaskRow.attempt - TaskRow.n_released
    worn_out = Reason(
        code="worker_lost",
        message="The worker that did this stopped without a word.",
        hint="The file may need more memory than there is. Look at the worker's log, then retry.",
    )
    found = session.execute(
        sa.select(TaskRow.id, TaskRow.cancel_requested, n_tries)
        .where(*gone, sa.or_(TaskRow.cancel_requested.is_(True), n_tries >= TaskRow.max_attempts))
        .with_for_update(skip_locked=True)
    ).all()
    for task_id, cancel_requested, n in found:
        statement = (
            sa.update(TaskRow)
            .where(TaskRow.id == task_id)
            .values(
                state=TaskState.CANCELLED if cancel_requested else TaskState.FAILED,
                lease_owner=None,
                lease_until=None,
                finished_at=clock.now(),
                error=None if cancel_requested else worn_out.after(n).to_json(),
            )
            .returning(TaskRow)
        )
        row = session.execute(statement, execution_options={"populate_existing": True}).scalar_one()
        followed(session, row)
