"""How a batch job follows its task, in the very transaction that moves the task.

A task that ends well says in its result what has become of the job: it may be completed, failed (not one item came to
anything), paused, or cancelled. Pausing ends the task; resuming makes a new one. So does a cancel that leaves items in
flight: what they may have cost, and the replies that they have left, the new task counts before the job is cancelled.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.generation.enrichment import automatic
from core.generation.jobs.states import (
    JOB_TRANSITIONS,
    OPEN_ITEMS,
    SETTLED,
    ItemState,
    JobStatus,
    move_items,
)
from core.queue import TaskState

KIND: Final = "generation.batch"
SOON: Final = -1  # the priority of what is short, before whole jobs


def result(status: JobStatus, reason: queue.Reason | None = None) -> dict[str, Any]:
    """What a task returns that has brought its job to this status."""
    return {"status": status.value, "reason": reason.to_json() if reason else None}


def lock_tasks(session: Session, *where: sa.ColumnElement[bool]) -> None:
    """Hold the tasks of the jobs that `where` names, before the jobs themselves: whoever moves a task has it first."""
    of_jobs = sa.select(BatchJobRow.task_id).where(*where)
    held = sa.select(TaskRow.id).where(TaskRow.id.in_(of_jobs)).order_by(TaskRow.id).with_for_update()
    session.execute(held).all()


def enqueue(session: Session, batch_job_id: UUID, user_id: UUID, *, n_items: int, priority: int = 0) -> UUID:
    """A task for this job, in the caller's transaction."""
    payload = {"batch_job_id": str(batch_job_id)}
    return queue.enqueue(
        session, kind_name=KIND, user_id=user_id, payload=payload, total=n_items, priority=priority
    )


def has_items_in_flight(session: Session, batch_job_id: UUID) -> bool:
    """Whether an item was being asked when nobody heard any more of it."""
    these = BatchItemRow.batch_job_id == batch_job_id, BatchItemRow.state == ItemState.PROCESSING
    return session.execute(sa.select(BatchItemRow.id).where(*these).limit(1)).first() is not None


def follow(session: Session, task: queue.Task) -> None:
    """Move the job that this task works for, and its items where it ends."""
    names = ("id", "status", "requested_status", "mode", "n_items", "kind", "auto_enrich")
    of_task = sa.select(*(getattr(BatchJobRow, name) for name in names)).where(BatchJobRow.task_id == task.id)
    job = session.execute(of_task.with_for_update()).one_or_none()
    if job is None:  # deleted: the task goes on, and its run says so
        return
    status, reason = _becomes(task, wants_pause=job.requested_status == JobStatus.PAUSED)
    values: dict[str, Any] = {"reason": reason}
    was_cut_off = task.state is TaskState.CANCELLED and job.status == JobStatus.PROCESSING
    if was_cut_off and status is JobStatus.CANCELLED and has_items_in_flight(session, job.id):
        status = JobStatus.QUEUED
        values["task_id"] = enqueue(session, job.id, task.user_id, n_items=job.n_items, priority=SOON)
        values["requested_status"] = JobStatus.CANCELLED
    if status is JobStatus.PROCESSING:
        if job.requested_status is not None:
            del values["reason"]  # why it is to pause, for whoever runs it now
        values["started_at"] = sa.func.coalesce(BatchJobRow.started_at, now_plus())
    else:
        values["by_hand"] = False
        if job.mode == "realtime" or status in SETTLED:  # the provider goes on with a batch meanwhile
            values["in_flight"] = 0
    if status not in (JobStatus.PROCESSING, JobStatus.QUEUED):
        values["requested_status"] = None
    values["finished_at"] = now_plus() if status in SETTLED else None
    this = BatchJobRow.id == job.id
    if not queue.move(session, BatchJobRow, this, to=status, transitions=JOB_TRANSITIONS, **values):
        raise RuntimeError(f"task {task.id} is {task.state}, but batch job {job.id} can't become {status}")
    if status is JobStatus.COMPLETED and job.auto_enrich and job.kind == "generate":
        automatic.begin(session, batch_job_id=job.id, enqueue=enqueue)
    if status is JobStatus.CANCELLED:  # what was interrupted otherwise stays so: it may have left a reply
        still_open = BatchItemRow.batch_job_id == job.id, BatchItemRow.state.in_(OPEN_ITEMS)
        move_items(session, *still_open, to=ItemState.CANCELLED)


def _becomes(task: queue.Task, *, wants_pause: bool) -> tuple[JobStatus, dict[str, Any] | None]:
    """The job's next status, and why."""
    match task.state:
        case TaskState.QUEUED:
            return JobStatus.QUEUED, task.reason.to_json() if task.reason else None
        case TaskState.RUNNING:
            return JobStatus.PROCESSING, None
        case TaskState.SUCCEEDED:
            assert task.result is not None
            return JobStatus(task.result["status"]), task.result["reason"]
        case TaskState.FAILED:
            reason = task.reason or queue.Reason(code="unknown", message="It failed for an unknown reason.")
            return JobStatus.FAILED, reason.to_json()
        case TaskState.CANCELLED:
            return (JobStatus.PAUSED if wants_pause else JobStatus.CANCELLED), None
