"""How far a training is, in words and as a share."""

from __future__ import annotations

from typing import Final

from core.db.tables.training_jobs import TrainingJobRow
from core.training.states import STAGES, Status

NAMES: Final = {
    Status.QUEUED: "Waiting",
    Status.SCRAPING: "Reading pages",
    Status.GENERATING: "Code",
    Status.PROVISIONING: "Data and sandbox",
    Status.TRAINING: "Training",
    Status.COLLECTING: "Measuring",
}
LOCAL_NAMES: Final = {**NAMES, Status.QUEUED: "Announced"}  # of one on its owner's own machine
STEPS: Final = {
    Status.SCRAPING: "reading pages",
    Status.GENERATING: "preparing the code",
    Status.PROVISIONING: "preparing data and sandbox",
    Status.TRAINING: "the code runs",
    Status.COLLECTING: "measuring",
}


def step(job: TrainingJobRow, *, is_waiting: bool) -> str:
    """What goes on in one that is pending. is_waiting: nobody works at it, so what was begun starts over."""
    if is_waiting or job.status == Status.QUEUED:
        return "waiting to start over" if job.task is not None and job.task.attempt else "in the queue"
    return STEPS[Status(job.status)]


def n_done(job: TrainingJobRow, *, is_waiting: bool) -> int:
    """How many of its stages it has behind it, out of those there are."""
    if is_waiting or job.status not in STAGES:
        return 0
    return STAGES.index(Status(job.status))


def share(job: TrainingJobRow, *, is_waiting: bool) -> float:
    """How much of it is behind it, from 0 to 1, as if each stage took as long as the next."""
    return n_done(job, is_waiting=is_waiting) / len(STAGES)
