"""The kind of task that scores an upload; the scoring itself runs in a worker's child."""

from __future__ import annotations

from uuid import UUID

from core import queue

KIND = "predictions.score"


def result_folder(prediction_id: UUID | str) -> str:
    """How the keys of all results of a prediction begin."""
    return f"results/{prediction_id}/"


def output_prefix(task: queue.Task) -> str:
    """How the key of this attempt's result begins: a retry is a new task, and both may still be writing."""
    return f"{result_folder(task.payload['prediction_id'])}{task.id}-{task.attempt}."
