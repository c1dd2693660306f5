"""A training's states, the allowed moves between them, and the one function that makes them.

A job waits, then goes through its stages, then is settled. Each move is written with its event, in the transaction
that moves the task or that its worker's fence guards; so job, events and task never disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.training_jobs import TrainingEventRow, TrainingJobRow


class Status(StrEnum):
    """queued → scraping → generating → provisioning → training → collecting → a settled one."""

    QUEUED = "queued"
    SCRAPING = "scraping"
    GENERATING = "generating"
    PROVISIONING = "provisioning"
    TRAINING = "training"
    COLLECTING = "collecting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


STAGES: Final = (
    Status.SCRAPING,
    Status.GENERATING,
    Status.PROVISIONING,
    Status.TRAINING,
    Status.COLLECTING,
)
SETTLED: Final = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.LOST})
PENDING: Final = frozenset(Status) - SETTLED
RETRIED_FROM: Final = SETTLED - {Status.SUCCEEDED}

# Seconds that a stage may take; how long the code itself may, TRAINING_LIMIT_S says.
LIMITS_S: Final = {
    Status.SCRAPING: 20.0,
    Status.GENERATING: 60.0,
    Status.PROVISIONING: 30.0,
    Status.COLLECTING: 20.0,
}
REMOTE_PROVISIONING_S: Final = 180.0  # where packages may have to be installed first

# Where any stage may end, or begin anew. Whoever takes over begins at `provisioning`, which may find the sandbox. Code
# that Claude wrote and that failed is written again.
_ENDS = {Status.QUEUED, Status.PROVISIONING, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.LOST}
TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.QUEUED: frozenset(
        {Status.SCRAPING, Status.GENERATING, Status.PROVISIONING} | (SETTLED - {Status.SUCCEEDED})
    ),
    Status.SCRAPING: frozenset({Status.SCRAPING, Status.GENERATING} | _ENDS),
    Status.GENERATING: frozenset({Status.GENERATING} | _ENDS),
    Status.PROVISIONING: frozenset({Status.TRAINING} | _ENDS),
    Status.TRAINING: frozenset({Status.COLLECTING, Status.GENERATING} | _ENDS),
    Status.COLLECTING: frozenset({Status.SUCCEEDED, Status.GENERATING} | _ENDS),
} | {settled: frozenset() for settled in SETTLED}

# Of one on its owner's own machine, which only reports: begun anew in its folder it trains again, and one that was
# given up as lost may still be heard of.
_REPORTED = {Status.TRAINING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}
LOCAL_TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.QUEUED: frozenset({Status.TRAINING, Status.CANCELLED, Status.LOST}),
    Status.TRAINING: frozenset(_REPORTED | {Status.LOST}),
    Status.LOST: frozenset({Status.TRAINING, Status.CANCELLED}),
} | {status: frozenset() for status in Status if status not in ("queued", "training", "lost")}


def move(
    session: Session,
    *,
    training_job_id: UUID,
    to: Status,
    attempt: int,
    message: str = "",
    outcome: str = "",
    transitions: Mapping[Status, Collection[Status]] = TRANSITIONS,
    **values: Any,
) -> bool:
    """Move the job and write its event, if its present state allows it; False if not.

    message: on the new state. outcome: on the one that ends, beside what is said of it already.
    """
    this = TrainingJobRow.id == training_job_id
    if not queue.move(session, TrainingJobRow, this, to=to, transitions=transitions, **values):
        return False
    if outcome:
        of_job = TrainingEventRow.training_job_id == training_job_id
        last = sa.select(sa.func.max(TrainingEventRow.n)).where(of_job).scalar_subquery()
        said = sa.func.trim(TrainingEventRow.message + f" {outcome}")
        session.execute(
            sa.update(TrainingEventRow).where(of_job, TrainingEventRow.n == last).values(message=said),
            execution_options={"synchronize_session": False},
        )
    note(session, training_job_id=training_job_id, state=to, attempt=attempt, message=message)
    return True


def note(session: Session, *, training_job_id: UUID, state: Status, attempt: int, message: str = "") -> None:
    """Write an event behind those there are; the job's row is the caller's until the transaction ends."""
    of_job = TrainingEventRow.training_job_id == training_job_id
    n = sa.select(sa.func.coalesce(sa.func.max(TrainingEventRow.n), 0) + 1).where(of_job).scalar_subquery()
    event = {"training_job_id": training_job_id, "attempt": attempt, "state": state.value}
    session.execute(sa.insert(TrainingEventRow).values(n=n, message=message, **event))


def first_stage(*, has_code: bool, has_unread_pages: bool = False) -> Status:
    """The first stage that is not done: without code, that pages are read, then that it is written."""
    if has_code:
        return Status.PROVISIONING
    return Status.SCRAPING if has_unread_pages else Status.GENERATING
