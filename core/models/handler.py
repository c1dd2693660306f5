"""The kind of task that trains a model, and how the model's row follows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core import queue
from core.db.tables.models import ModelRow

STATUS = {
    queue.TaskState.QUEUED: "training",
    queue.TaskState.RUNNING: "training",
    queue.TaskState.SUCCEEDED: "ready",
    queue.TaskState.FAILED: "failed",
    queue.TaskState.CANCELLED: "failed",
}
TRANSITIONS = {
    "training": frozenset({"training", "ready", "failed"}),
    "ready": frozenset(),
    "failed": frozenset(),
}
SETTLED = frozenset({"ready", "failed"})
RESULT = (
    "schema",
    "report",
    "task_type",
    "artifact_key",
    "artifact_sha256",
)  # what a task's result gives to its model
IF_ASKED = ("threshold", "threshold_rule")

CANCELLED = queue.Reason(
    code="cancelled", message="The training was cancelled.", hint="Train again from the same file."
)


def _values(task: queue.Task) -> dict[str, Any]:
    """What the model's row keeps of its task."""
    if task.state is queue.TaskState.SUCCEEDED:
        assert task.result is not None
        return {name: task.result[name] for name in RESULT} | {
            name: task.result.get(name) for name in IF_ASKED
        }
    if task.state in queue.SETTLED:
        return {"error": (task.reason or CANCELLED).to_json()}
    return {}


def folder(model_id: UUID | str) -> str:
    """How the keys of all files of a model begin."""
    return f"models/{model_id}/"


def output_prefix(task: queue.Task) -> str:
    """How the key of this attempt's file begins."""
    return f"{folder(task.payload['model_id'])}{task.id}-{task.attempt}."


follow = queue.follower(ModelRow, statuses=STATUS, transitions=TRANSITIONS, values=_values)
