"""The kind of task that scores an upload; the scoring itself runs in a worker's child."""

from __future__ import annotations

from core import queue

KIND = "predictions.score"


def output_prefix(task: queue.Task) -> str:
    """How the key of this attempt's result begins: a retry is a new task, and both may still be writing."""
    return f"results/{task.payload['prediction_id']}/{task.id}-{task.attempt}."
