"""The kind of task that scores an upload; the scoring itself runs in a worker's child."""

from __future__ import annotations

from core import queue
from core.db import DatabaseUnavailable
from core.predictions import states
from core.storage import StorageUnavailable

KIND = "predictions.score"


def output_prefix(task: queue.Task) -> str:
    """How the key of this attempt's result begins: a retry is a new task, and both may still be writing."""
    return f"results/{task.payload['prediction_id']}/{task.id}-{task.attempt}."


queue.register(
    queue.Kind(
        name=KIND,
        label="Scoring",
        module=__name__,
        run="core.predictions.work:run",
        follow=states.follow,
        pool=queue.Pool.SCORING,
        output_prefix=output_prefix,
        transient=(StorageUnavailable, DatabaseUnavailable),
    )
)
