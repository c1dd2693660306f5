"""Tasks and the messages that transport them: which are to be sent, and what a message that came may do.

The table stays the truth: `published_at` says that the task's present attempt has a message, which may
be lost, come twice or come late.
Messages transport one pool alone. A queue of SQS can't be asked for some of its messages: those of a pool whose
slots are full would stand before all others, and after ten deliveries in vain each would fail its task. The other
pools' few tasks are taken from the table, which wakes every worker as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.tasks import TaskRow
from core.db.types import is_ahead, now_plus
from core.queue.claims import claim_one
from core.queue.kinds import Pool, known_kinds
from core.queue.sqs.client import Notice
from core.queue.tasks import (
    PLACE,
    QUEUED,
    RUNNING,
    TASKS,
    Reason,
    Task,
    TaskState,
    is_abandoned,
    is_ready,
    times,
)
from core.queue.transitions import fail

TRANSPORTED = Pool.SCORING
N_AT_ONCE = 50  # a publication is short: whoever else writes waits for it


class Unclaimed(StrEnum):
    """Why a message brought no task. DONE: nothing is left to do for it; LATER: it should come again."""

    DONE = "done"
    LATER = "later"


def is_due(session: Session, *, lost_after_s: float | None = None) -> bool:
    """Whether `publish` would find anything: a read, for before a write lock is taken."""
    due = sa.select(TaskRow.id).where(*_due(lost_after_s))
    return bool(session.execute(sa.select(due.exists())).scalar_one())


def publish(session: Session, *, lost_after_s: float | None = None) -> list[Notice]:
    """At most `N_AT_ONCE` notices of tasks that wait without a message, noted as sent: send them after the commit.

    lost_after_s: also of those whose message was sent so long ago; for when the transport holds none.
    """
    due = (
        sa.select(TaskRow.id, TaskRow.attempt)
        .where(*_due(lost_after_s))
        .order_by(*PLACE)
        .limit(N_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    notices = [Notice(task_id=row.id, attempt=row.attempt) for row in session.execute(due)]
    these = TaskRow.id.in_([notice.task_id for notice in notices])
    session.execute(sa.update(TaskRow).where(these).values(published_at=now_plus()))
    return notices


def take_back(session: Session, notices: Sequence[Notice]) -> None:
    """Note that these were not sent after all."""
    these = sa.tuple_(TaskRow.id, TaskRow.attempt).in_([(one.task_id, one.attempt) for one in notices])
    session.execute(sa.update(TaskRow).where(these, TaskRow.state == QUEUED).values(published_at=None))


def claim_named(session: Session, notice: Notice, *, worker_id: UUID, lease_s: float) -> Task | Unclaimed:
    """Take exactly the task that a message names, if it still waits for that attempt or was abandoned.

    A copy of a message that was acted on, or of a task that somebody works on, is DONE: should that
    worker be lost, the task is found by its lease. So is one of another pool, which the table brings.
    """
    row = _locked(session, notice)
    if row is None or not (row.state == TaskState.QUEUED or row.is_abandoned):
        return Unclaimed.DONE
    if row.kind not in known_kinds():
        return Unclaimed.LATER
    if row.kind not in known_kinds(TRANSPORTED):
        return Unclaimed.DONE
    task = claim_one(session, task_id=notice.task_id, worker_id=worker_id, lease_s=lease_s)
    return task or Unclaimed.DONE


def dead_letter(session: Session, notice: Notice, *, n_deliveries: int | None) -> Task | Unclaimed:
    """Fail the task of a message that its transport gave up; its resource follows.

    LATER while a worker has it: it may still finish, or be found by its lease. DONE where the message is
    of an attempt long over.
    """
    row = _locked(session, notice)
    if row is None:
        return Unclaimed.DONE
    if row.state == TaskState.RUNNING or row.kind not in known_kinds():
        return Unclaimed.LATER
    reason = Reason(
        code="dead_letter",
        message="SQS gave up on this task: its message was "
        + (
            f"delivered {times(n_deliveries)}, but no worker finished it."
            if n_deliveries
            else "moved to the dead-letter queue."
        ),
        hint="Workers may have been killed each time. Check their logs, then retry.",
    )
    return fail(session, task_id=notice.task_id, reason=reason)


def _due(lost_after_s: float | None) -> tuple[sa.ColumnElement[bool], ...]:
    unsent: sa.ColumnElement[bool] = TaskRow.published_at.is_(None)
    if lost_after_s is not None:
        is_lost = TaskRow.published_at < now_plus(-lost_after_s)
        unsent = sa.or_(unsent, is_lost, is_ahead(TaskRow.published_at))
    return (
        TaskRow.state == QUEUED,
        is_ready(),
        unsent,
        TaskRow.kind.in_(known_kinds(TRANSPORTED)),
    )


def _locked(session: Session, notice: Notice) -> sa.Row[str, str, bool] | None:
    """State, kind and whether it was abandoned, of a task that nobody else may change now.

    None where nothing is left to do for the message: the task is settled, or waits for another attempt.
    """
    waits = sa.and_(TASKS.c.state == QUEUED, TASKS.c.attempt == notice.attempt)
    return session.execute(
        sa.select(TASKS.c.state, TASKS.c.kind, is_abandoned().label("is_abandoned"))
        .where(TASKS.c.id == notice.task_id, sa.or_(waits, TASKS.c.state == RUNNING))
        .with_for_update()
    ).one_or_none()
