"""Figures of the whole queue for a monitor: what waits and runs, and what became of the last hour's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.tasks import TaskRow
from core.db.types import DATABASE_CLOCK, Clock, seconds_between
from core.queue.tasks import QUEUED, RUNNING

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


def unsettled(session: Session, *, clock: Clock = DATABASE_CLOCK) -> Sequence[Unsettled]:
    """What waits and what runs, by kind and state, over all users."""
    age_s = seconds_between(sa.func.min(TaskRow.created_at), clock.now())
    grouped = (
        sa.select(TaskRow.kind, TaskRow.state, sa.func.count(), age_s)
        .where(sa.or_(TaskRow.state == QUEUED, TaskRow.state == RUNNING))
        .group_by(TaskRow.kind, TaskRow.state)
        .order_by(TaskRow.kind, TaskRow.state)
    )
    return [
        Unsettled(kind, state, n, max(0.0, oldest)) for kind, state, n, oldest in session.execute(grouped)
    ]


def settled(session: Session, *, clock: Clock = DATABASE_CLOCK) -> Sequence[Settled]:
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
        .where(TaskRow.finished_at > clock.now(-LATELY_S))
        .group_by(TaskRow.kind, TaskRow.state)
        .order_by(TaskRow.kind, TaskRow.state)
    )
    return [
        Settled(kind, state, n, *(float(figure) for figure in figures))
        for kind, state, n, *figures in session.execute(grouped)
    ]
