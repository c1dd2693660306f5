"""Taking work: who gets which task next, what has waited, and what was abandoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.db.tables.tasks import TaskRow
from core.db.types import DATABASE_CLOCK, Clock, UtcDateTime
from core.queue import queue_view
from core.queue.kinds import known_kinds
from core.queue.tasks import (
    HAS_PROGRESSED,
    KEPT,
    N_KEPT,
    QUEUED,
    RUNNING,
    TASKS,
    Reason,
    Task,
    TaskState,
    is_abandoned,
    n_tries,
)
from core.queue.transitions import ended, followed

# Of a task that nobody works on. It may not go on when its worker is gone and nobody should take it up again.
_CLAIMABLE = (
    TASKS.c.id,
    TASKS.c.cancel_requested,
    n_tries().label("n_tries"),
    sa.or_(
        TASKS.c.state == QUEUED, sa.and_(~TASKS.c.cancel_requested, n_tries() < TASKS.c.max_attempts)
    ).label("may_go_on"),
)


def claim(
    session: Session,
    *,
    worker_id: UUID,
    lease_s: float,
    kinds: Sequence[str] | None = None,
    unsent_s: float | None = None,
    clock: Clock = DATABASE_CLOCK,
) -> Task | None:
    """Take the next task: one whose lease ran out, else the first in the queue; None when there is none.

    Tasks that were abandoned for good (attempts used up, or a cancel asked for) are settled on
    the way, so that no reaper is needed. The caller commits before any work begins.
    kinds: only one of these. unsent_s: where messages carry the tasks, only one that has had no message for so long.
    """
    first = _first(tuple(known_kinds() if kinds is None else kinds), unsent_s, clock)
    while (found := session.execute(first).one_or_none()) is not None:
        if (task := _take(session, found, worker_id=worker_id, lease_s=lease_s, clock=clock)) is not None:
            return task
    return None


@lru_cache(maxsize=N_KEPT)
def _first(kinds: tuple[str, ...], unsent_s: float | None, clock: Clock) -> sa.Select[*tuple[Any, ...]]:
    """What to take next, as it is now: an abandoned one, or else a queued one, which is only then looked for."""
    abandoned = (
        sa.select(TASKS.c.id)
        .where(is_abandoned(clock), TASKS.c.kind.in_(kinds))
        .order_by(TASKS.c.lease_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    queued = (
        sa.select(TASKS.c.id)
        .where(*_is_queued(unsent_s, clock), TASKS.c.kind.in_(kinds))
        .order_by(TASKS.c.priority, TASKS.c.run_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    chosen = TASKS.c.id == sa.func.coalesce(abandoned.scalar_subquery(), queued.scalar_subquery())
    return sa.select(*_CLAIMABLE).where(chosen).with_for_update()


def claim_one(
    session: Session, *, task_id: UUID, worker_id: UUID, lease_s: float, clock: Clock = DATABASE_CLOCK
) -> Task | None:
    """Take exactly this task if it waits or was abandoned; None when somebody else has it.

    Waits for a lock instead of skipping it: the row may be held by its own publisher.
    """
    this = sa.select(*_CLAIMABLE).where(*_is_claimable(task_id, clock)).with_for_update()
    found = session.execute(this).one_or_none()
    if found is None:
        return None
    return _take(session, found, worker_id=worker_id, lease_s=lease_s, clock=clock)


def claimable_kind(session: Session, *, task_id: UUID, clock: Clock = DATABASE_CLOCK) -> str | None:
    """The kind of a task that `claim_one` would take or give up; None for any other."""
    return session.execute(sa.select(TASKS.c.kind).where(*_is_claimable(task_id, clock))).scalar_one_or_none()


def _is_claimable(task_id: UUID, clock: Clock) -> tuple[sa.ColumnElement[bool], ...]:
    is_free = sa.or_(TASKS.c.state == QUEUED, is_abandoned(clock))
    return TASKS.c.id == task_id, TASKS.c.kind.in_(known_kinds()), is_free


def ready_kinds(
    session: Session,
    *,
    kinds: Sequence[str] | None = None,
    unsent_s: float | None = None,
    clock: Clock = DATABASE_CLOCK,
) -> list[str]:
    """The kinds of which `claim` would find a task: a read, for before a write lock is taken or a child started."""
    asked = tuple(known_kinds() if kinds is None else kinds)
    found = session.execute(_ready(asked, unsent_s, clock)).one() if asked else ()
    return [kind for kind, is_ready in zip(asked, found, strict=True) if is_ready]


@lru_cache(maxsize=N_KEPT)
def _ready(kinds: tuple[str, ...], unsent_s: float | None, clock: Clock) -> sa.Select[*tuple[Any, ...]]:
    def is_ready(kind: str) -> sa.ColumnElement[bool]:
        of_kind = sa.select(TASKS.c.id).where(TASKS.c.kind == kind)
        queued = of_kind.where(*_is_queued(unsent_s, clock))
        return sa.or_(queued.exists(), of_kind.where(is_abandoned(clock)).exists())

    return sa.select(*map(is_ready, kinds))


def was_enqueued(session: Session, *, dedupe_key: str) -> bool:
    """Whether there is, or was, a task with this key."""
    return session.execute(sa.select(TaskRow.id).where(TaskRow.dedupe_key == dedupe_key)).first() is not None


@dataclass(frozen=True)
class Backlog:
    """What waits and what runs. `oldest_at` is when the longest-waiting queued task was made."""

    n_queued: int
    n_running: int
    n_abandoned: int
    oldest_at: datetime | None


def backlog(session: Session, *, clock: Clock = DATABASE_CLOCK) -> Backlog:
    """The depth of the queue and the age of its oldest task, over all users."""
    tasks = queue_view.tasks().c
    queued = session.execute(
        sa.select(sa.func.count(), sa.type_coerce(sa.func.min(tasks.created_at), UtcDateTime())).where(
            tasks.state == QUEUED
        )
    ).one()
    running = session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(tasks.lease_until < clock.now())).where(
            tasks.state == RUNNING
        )
    ).one()
    return Backlog(n_queued=queued[0], oldest_at=queued[1], n_running=running[0], n_abandoned=running[1])


@dataclass(frozen=True)
class Retried:
    """Tasks that had to be begun again. `last_at` is when the newest such attempt, or failed one, began."""

    n: int
    last_at: datetime | None


def retried(session: Session, *, within_s: float, clock: Clock = DATABASE_CLOCK) -> Retried:
    """Tasks that needed more than one attempt: done in the last `within_s`, running, or to be tried again.

    Of all users. Those that failed for good are not among them.
    """
    again = TaskRow.attempt - TaskRow.n_released > 1
    cases = (
        (TaskRow.state == TaskState.SUCCEEDED, TaskRow.finished_at > clock.now(-within_s), again),
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


def _is_queued(unsent_s: float | None, clock: Clock) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for a queued task that may be taken without a message."""
    task = TASKS.c
    if unsent_s is None:
        return task.state == QUEUED, task.run_at <= clock.now()
    return task.state == QUEUED, task.published_at.is_(None), task.run_at <= clock.now(-unsent_s)


def _take(
    session: Session, found: sa.Row[Any], *, worker_id: UUID, lease_s: float, clock: Clock
) -> Task | None:
    """The task found by _CLAIMABLE, for this worker; None where it may not go on: it is settled then."""
    if not found.may_go_on:
        _give_up(session, found, clock=clock)
        return None
    row = session.execute(_taking(lease_s, clock), {"this": found.id, "worker": worker_id}).one()
    return followed(session, row)


@lru_cache(maxsize=N_KEPT)
def _taking(lease_s: float, clock: Clock) -> ReturningUpdate[*tuple[Any, ...]]:
    """For the task :this and the worker :worker."""
    return (
        sa.update(TASKS)
        .where(TASKS.c.id == sa.bindparam("this"))
        .values(
            state=TaskState.RUNNING,
            attempt=TASKS.c.attempt + 1,
            n_progressed=TASKS.c.n_progressed + sa.case((TASKS.c.state == RUNNING, HAS_PROGRESSED), else_=0),
            lease_owner=sa.bindparam("worker"),
            lease_until=clock.now(lease_s),
            started_at=clock.now(),
            error=None,
        )
        .returning(*KEPT)
    )


def _give_up(session: Session, found: sa.Row[Any], *, clock: Clock) -> None:
    worn_out = Reason(
        code="worker_lost",
        message="The worker that ran this stopped unexpectedly.",
        hint="The file may need more memory than is available. Check the worker's log, then retry.",
    )
    given_up = (
        sa.update(TASKS)
        .where(TASKS.c.id == found.id)
        .values(
            **ended(TaskState.CANCELLED if found.cancel_requested else TaskState.FAILED, clock),
            error=None if found.cancel_requested else worn_out.after(found.n_tries).to_json(),
        )
        .returning(*KEPT)
    )
    followed(session, session.execute(given_up).one())
