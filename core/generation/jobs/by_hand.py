"""One item at a time: a click has the job's own task done by this process, for the next item alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.access import audit
from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.tasks import TaskRow
from core.db.types import is_ahead, now_plus
from core.errors import Conflict
from core.generation.jobs import jobs
from core.generation.jobs.states import OPEN_ITEMS, PENDING, JobStatus

GIVEN_UP_S: Final = 120.0  # after which nobody waits any more for a click whose item was not begun


@dataclass(frozen=True)
class Begun:
    """What a click has begun. task_id: to be run now; None where a worker has the job or nothing is left.
    item_id: the item that is next."""

    batch_job_id: UUID
    task_id: UUID | None
    item_id: UUID | None


@dataclass(frozen=True)
class Outcome:
    """The item that was done, and its conversation where it came to one."""

    item: BatchItemRow
    conversation: ConversationRow | None


def begin(session: Session, *, batch_job_id: UUID) -> Begun:
    """Put the job first in line, for one item.

    Raises NotFound, OwnedByAnother, Conflict for a job that is paused or was stopped, and while another click runs.
    """
    job = jobs.locked(session, batch_job_id=batch_job_id)
    if job.status == JobStatus.COMPLETED:
        return Begun(job.id, None, None)
    if job.status not in PENDING:
        raise Conflict(resource="batch job", state=job.status, asked="processed by hand")
    if job.mode == "batches":
        raise Conflict(resource="batch job", state="sent as Message Batches", asked="done one by one")
    if job.by_hand and not _is_given_up(session, job):
        raise Conflict(resource="batch job", state="busy with an item by hand", asked="given another one yet")
    if queue.claimable_kind(session, task_id=job.task_id) is None:
        return Begun(job.id, None, None)
    next_item = (
        sa.select(BatchItemRow.id)
        .where(BatchItemRow.batch_job_id == job.id, BatchItemRow.state.in_(OPEN_ITEMS))
        .order_by(sa.case((BatchItemRow.state == "processing", 0), else_=1), BatchItemRow.idx)
        .limit(1)
    )
    item_id = session.execute(next_item).scalar_one_or_none()
    clicked = sa.update(BatchJobRow).where(BatchJobRow.id == job.id)
    session.execute(clicked.values(by_hand=True, updated_at=now_plus()))
    queue.prioritize(session, task_id=job.task_id)
    audit.note(session, "batch_job.by_hand", jobs.subject(job))
    return Begun(job.id, job.task_id, item_id)


def begin_all(session: Session, *, batch_job_id: UUID) -> UUID | None:
    """Put the job first in line, for all that is left; its task, to be run now, or None where nobody needs to.

    Raises NotFound, OwnedByAnother.
    """
    job = jobs.locked(session, batch_job_id=batch_job_id)
    if job.status not in PENDING or queue.claimable_kind(session, task_id=job.task_id) is None:
        return None
    if job.by_hand and not _is_given_up(session, job):
        return None
    session.execute(sa.update(BatchJobRow).where(BatchJobRow.id == job.id).values(by_hand=False))
    queue.prioritize(session, task_id=job.task_id)
    audit.note(session, "batch_job.run_here", jobs.subject(job))
    return job.task_id


def _is_given_up(session: Session, job: BatchJobRow) -> bool:
    """Whether the process that an earlier click asked is gone: its lease is over, or it has not begun for long."""
    is_late = sa.or_(
        TaskRow.state == queue.TaskState.RUNNING,
        BatchJobRow.updated_at < now_plus(-GIVEN_UP_S),
        is_ahead(BatchJobRow.updated_at),
    )
    this = sa.select(is_late).where(BatchJobRow.id == job.id, BatchJobRow.task_id == TaskRow.id)
    is_free = queue.claimable_kind(session, task_id=job.task_id) is not None
    return is_free and session.execute(this).scalar_one()


def is_done(session: Session, begun: Begun) -> bool:
    """Whether the click has run its course: its item is done and the job waits again, or has ended."""
    job = jobs.get(session, batch_job_id=begun.batch_job_id)
    return not job.by_hand


def outcome(session: Session, begun: Begun) -> Outcome | None:
    """What became of the item; None where there was none, or it is not settled."""
    if begun.task_id is None or begun.item_id is None:
        return None
    item = session.get(BatchItemRow, begun.item_id)
    if item is None or item.state in OPEN_ITEMS:
        return None
    made = session.get(ConversationRow, item.conversation_id) if item.conversation_id else None
    return Outcome(item, made)
