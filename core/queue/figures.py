"""Figures of the whole queue for a monitor: what waits and runs, and what became of the last hour's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.tasks import TaskRow
from core.db.types import UtcDateTime, now_plus, seconds_between
from core.queue import queue_view
from core.queue.tasks import QUEUED, RUNNING, TaskState, is_abandoned

LATELY_S = 3_600.0


@dataclass(frozen=True)
class Unsettled:
    """Tasks of one kind in one state. oldest_s: how long ago the one that has been there longest was made."""

    kind: str
    state: str
    n: int
    oldest_s: float


@dataclass(frozen=True)
class Settled:
    """Tasks of one kind that ended in one state within the last hour.

    Seconds: from enqueued to begun, and from begun to settled, of the last attempt of those that began.
    """

    kind: str
    state: str
    n: int
    waited_s: float
    longest_wait_s: float
    ran_s: float
    longest_run_s: float


def unsettled(session: Session) -> Sequence[Unsettled]:
    """What waits and what runs, by kind and state, over all users."""
    age_s = seconds_between(sa.func.min(TaskRow.created_at), now_plus())
    grouped = (
        sa.select(TaskRow.kind, TaskRow.state, sa.func.count(), age_s)
        .where(sa.or_(TaskRow.state == QUEUED, TaskRow.state == RUNNING))
        .group_by(TaskRow.kind, TaskRow.state)
        .order_by(TaskRow.kind, TaskRow.state)
    )
    return [Unsettled(kind, state, n, float(oldest)) for kind, state, n, oldest in session.execute(grouped)]


def settled(session: Session) -> Sequence[Settled]:
    """What ended within the last hour, by kind and state, over all users."""
    wait_s = seconds_between(TaskRow.created_at, TaskRow.started_at)
    run_s = seconds_between(TaskRow.started_at, TaskRow.finished_at)
    seconds = [
        sa.func.coalesce(figure(expression), 0.0)
        for expression in (wait_s, run_s)
        for figure in (sa.func.sum, sa.func.max)
    ]
    grouped = (
        sa.select(TaskRow.kind, TaskRow.state, sa.func.count(), *seconds)
        .where(TaskRow.finished_at > now_plus(-LATELY_S))
        .group_by(TaskRow.kind, TaskRow.state)
        .order_by(TaskRow.kind, TaskRow.state)
    )
    return [
        Settled(kind, state, n, *(float(figure) for figure in figures))
        for kind, state, n, *figures in session.execute(grouped)
    ]


@dataclass(frozen=True)
class Backlog:
    """What waits and what runs. `oldest_at` is when the longest-waiting queued task was made."""

    n_queued: int
    n_running: int
    n_abandoned: int
    oldest_at: datetime | None


def backlog(session: Session) -> Backlog:
    """The depth of the queue and the age of its oldest task, over all users."""
    tasks = queue_view.tasks().c
    queued = session.execute(
        sa.select(sa.func.count(), sa.type_coerce(sa.func.min(tasks.created_at), UtcDateTime())).where(
            tasks.state == QUEUED
        )
    ).one()
    running = session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(is_abandoned(tasks))).where(tasks.state == RUNNING)
    ).one()
    return Backlog(n_queued=queued[0], oldest_at=queued[1], n_running=running[0], n_abandoned=running[1])


@dataclass(frozen=True)
class Retried:
    """Tasks that had to be begun again. `last_at` is when the newest such attempt, or failed one, began."""

    n: int
    last_at: datetime | None


def retried(session: Session, *, within_s: float) -> Retried:
    """Tasks that needed more than one attempt: done in the last `within_s`, running, or to be tried again.

    Of all users. Those that failed for good are not among them.
    """
    again = TaskRow.attempt - TaskRow.n_released > 1
    cases = (
        (TaskRow.state == TaskState.SUCCEEDED, TaskRow.finished_at > now_plus(-within_s), again),
        (TaskRow.state == RUNNING, again),
        (TaskRow.state == QUEUED, TaskRow.error.is_not(None)),
    )
    found = sa.union_all(*(sa.select(TaskRow.started_at).where(*case) for case in cases)).subquery()
    n, last_at = session.execute(
        sa.select(
            sa.func.count(), sa.type_coerce(sa.func.max(found.c.started_at), UtcDateTime())
        ).select_from(found)
    ).one()
    return Retried(n=n, last_at=last_at)
