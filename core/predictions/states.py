"""A prediction's states, its allowed moves, and the one function that makes them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.predictions import PredictionRow
from core.db.types import now_plus, seconds_between
from core.queue import TaskState


class Status(StrEnum):
    """QUEUED → PROCESSING → COMPLETED | FAILED | CANCELLED, as people and programs see it."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


# PROCESSING → PROCESSING is a takeover; → QUEUED a release or a later try; settled → QUEUED a retry.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.PROCESSING, Status.FAILED, Status.CANCELLED}),
    Status.PROCESSING: frozenset(Status),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.CANCELLED: frozenset({Status.QUEUED}),
}
PENDING = frozenset({Status.QUEUED, Status.PROCESSING})
# What a retry may move; TRANSITIONS lets a release and a later try of its own task go back to QUEUED too.
RETRIED_FROM = frozenset({Status.FAILED, Status.CANCELLED})
SETTLED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

OF_TASK = {
    TaskState.QUEUED: Status.QUEUED,
    TaskState.RUNNING: Status.PROCESSING,
    TaskState.SUCCEEDED: Status.COMPLETED,
    TaskState.FAILED: Status.FAILED,
    TaskState.CANCELLED: Status.CANCELLED,
}


RESULT = (
    "output_key",
    "output_bytes",
    "output_sha256",
    "columns",
    "metrics_json",
    "receipt",
)  # what a task's result gives to its prediction


def move(session: Session, *where: sa.ColumnElement[bool], to: Status, **values: Any) -> bool:
    """Move the prediction that `where` names, if its present state allows it; False if not."""
    return queue.move(session, PredictionRow, *where, to=to, transitions=TRANSITIONS, **values)


def _values(task: queue.Task) -> dict[str, Any]:
    """What the prediction's row keeps of its task."""
    values: dict[str, Any] = {"error_message": None, "error_hint": None, "finished_at": None, "took_s": 0.0}
    match task.state:
        case TaskState.RUNNING:
            values["started_at"] = now_plus()
        case TaskState.SUCCEEDED:
            assert task.result is not None
            values |= {name: task.result.get(name) for name in RESULT}
            values |= (
                {"n_rows": task.result["n_rows"]} if "n_rows" in task.result else {}
            )  # a worker of before has none
        case TaskState.FAILED:
            reason = task.reason or queue.Reason(code="unknown", message="It failed for an unknown reason.")
            values |= {"error_message": reason.message, "error_hint": reason.hint}
        case TaskState.QUEUED | TaskState.CANCELLED:
            pass
    if task.state in queue.SETTLED:
        values["finished_at"] = now_plus()
        values["took_s"] = sa.func.coalesce(seconds_between(PredictionRow.started_at, now_plus()), 0.0)
    return values


follow = queue.follower(PredictionRow, statuses=OF_TASK, transitions=TRANSITIONS, values=_values)
