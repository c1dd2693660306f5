"""The kind of task that trains a model, and how the model's row follows it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.models import ModelRow
from core.db.types import now_plus

STATUS = {
    queue.TaskState.QUEUED: "training",
    queue.TaskState.RUNNING: "training",
    queue.TaskState.SUCCEEDED: "ready",
    queue.TaskState.FAILED: "failed",
    queue.TaskState.CANCELLED: "failed",
}
MOVES = {"training": frozenset({"training", "ready", "failed"}), "ready": frozenset(), "failed": frozenset()}
SETTLED = frozenset({"ready", "failed"})

CANCELLED = queue.Reason(
    code="cancelled", message="The training was cancelled.", hint="Train again from the same file."
)


def follow(session: Session, task: queue.Task) -> None:
    """Move the model with its task, in the task's transaction; a model that is gone is left alone."""
    status = STATUS[task.state]
    values: dict[str, object] = {"status": status, "updated_at": now_plus()}
    if task.state is queue.TaskState.SUCCEEDED:
        assert task.result is not None
        values |= {
            name: task.result[name]
            for name in ("schema", "report", "task_type", "artifact_key", "artifact_sha256")
        }
    elif status == "failed":
        reason = task.reason or CANCELLED
        values["error"] = reason.to_json()
    allowed = [old for old, new in MOVES.items() if status in new]
    this = ModelRow.task_id == task.id
    moved = session.execute(
        sa.update(ModelRow).where(this, ModelRow.status.in_(allowed)).values(values).returning(ModelRow.id)
    )
    if moved.scalar_one_or_none() is None and session.execute(sa.select(ModelRow.id).where(this)).first():
        raise RuntimeError(f"task {task.id} is {task.state}, but its model can't become {status}")


def output_prefix(task: queue.Task) -> str:
    """How the key of this attempt's file begins."""
    return f"models/{task.payload['model_id']}/{task.id}-{task.attempt}."
