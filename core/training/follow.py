"""How a training follows its task, in the very transaction that moves the task; and with it the model."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.training_jobs import TrainingJobRow, TrainingPageRow
from core.db.types import now_plus
from core.models import handler
from core.queue import TaskState
from core.training import states
from core.training.deployments import deployments
from core.training.errors import TookTooLong
from core.training.states import SETTLED, Status

KIND: Final = "training.run"
LOST: Final = frozenset(
    {"worker_lost", "worker_silent", "dead_letter", "lost_contact"}
)  # why a task fails that nobody ended
TAKEN_OVER: Final = "Its worker went away. Another one goes on with the same code."
HANDED_BACK: Final = "Its worker stopped. It waits for another one."
UNKNOWN: Final = queue.Reason(code="unknown", message="It failed for an unknown reason.")


def follow(session: Session, task: queue.Task) -> None:
    """Move the job that this task works for, its model, and where it has succeeded begin the model's live app."""
    has_pages = sa.exists().where(TrainingPageRow.training_job_id == TrainingJobRow.id).label("has_pages")
    columns = TrainingJobRow.id, TrainingJobRow.status, TrainingJobRow.code_sha256, TrainingJobRow.resources
    of_task = sa.select(*columns, has_pages).where(TrainingJobRow.task_id == task.id)
    job = session.execute(of_task.with_for_update()).one_or_none()
    if job is None:  # deleted: the task goes on, and its run says so
        return
    handler.follow(session, task)
    first = states.first_stage(
        has_code=job.code_sha256 is not None, has_unread_pages=bool(job.resources) and not job.has_pages
    )
    status, message = _becomes(task, Status(job.status), first=first)
    values: dict[str, Any] = {"reason": task.reason.to_json() if task.reason else None}
    if status in SETTLED:
        values["finished_at"] = now_plus()
    elif status is not Status.QUEUED:
        values |= {
            "started_at": sa.func.coalesce(TrainingJobRow.started_at, now_plus()),
            "heard_at": now_plus(),
        }
    moved = states.move(
        session, training_job_id=job.id, to=status, attempt=task.attempt, message=message, **values
    )
    if not moved:
        raise RuntimeError(f"task {task.id} is {task.state}, but training {job.id} can't become {status}")
    if status is Status.SUCCEEDED:
        assert task.result is not None
        deployments.begin(session, training_job_id=job.id, checks=task.result["checks"])


def _becomes(task: queue.Task, before: Status, *, first: Status) -> tuple[Status, str]:
    """The job's next state, and what its event says. first: the stage at which an attempt begins."""
    message = task.reason.message if task.reason else ""
    match task.state:
        case TaskState.QUEUED:
            return Status.QUEUED, f"{message} It is tried again." if message else HANDED_BACK
        case TaskState.RUNNING:
            return first, "" if before is Status.QUEUED else TAKEN_OVER
        case TaskState.SUCCEEDED:
            return Status.SUCCEEDED, ""
        case TaskState.CANCELLED:
            return Status.CANCELLED, ""
        case TaskState.FAILED:
            code = (task.reason or UNKNOWN).code
            status = Status.LOST if code in LOST else Status.FAILED
            return (Status.TIMED_OUT if code == TookTooLong.code else status), message or UNKNOWN.message
