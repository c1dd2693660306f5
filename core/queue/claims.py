"""Taking work: who gets which task next, and what becomes of abandoned ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.errors import Internal
from core.queue.kinds import known_kinds
from core.queue.tasks import (
    HAS_PROGRESSED,
    KEPT,
    N_KEPT,
    PLACE,
    QUEUED,
    RUNNING,
    TASKS,
    Reason,
    Task,
    TaskState,
    is_abandoned,
    is_ready,
    n_tries,
)
from core.queue.transitions import cancel, fail, followed

NOBODY = UUID(int=0)  # the id of no worker
SET_ASIDE_S = 60.0  # a task whose resource does not follow lets the others go first for so long

WORN_OUT = Reason(
    code="worker_lost",
    message="The worker that ran this stopped unexpectedly.",
    hint="The file may need more memory than is available. Check the worker's log, then retry.",
)


class NotFollowed(Internal):
    """The resource of a task that was to be taken did not follow it: roll back, and `set_aside` the task."""

    code = "not_followed"
    message = "Task {task_id} can't begin: what it works for did not change with it."
    hint = "The others go on. An admin can find the details on the System page."
    task_id: UUID


# Of a task that nobody works on. It may not go on when its worker is gone and nobody should take it up again.
_CLAIMABLE = (
    TASKS.c.id,
    TASKS.c.cancel_requested,
    n_tries().label("n_tries"),
    sa.or_(
        TASKS.c.state == QUEUED, sa.and_(~TASKS.c.cancel_requested, n_tries() < TASKS.c.max_attempts)
    ).label("may_go_on"),
)

# Whether another worker than :worker has abandoned it: one's own, late as it may be, is not lost.
_OWN = sa.bindparam("worker", type_=TASKS.c.lease_owner.type)
_IS_LET_GO = sa.and_(is_abandoned(), TASKS.c.lease_owner.is_distinct_from(_OWN))


def claim(
    session: Session,
    *,
    worker_id: UUID,
    lease_s: float,
    kinds: Sequence[str] | None = None,
    unsent_s: float | None = None,
) -> Task | None:
    """Take the next task: one that another worker let go, else the first in the queue; None when there is none.

    Tasks that were abandoned for good (attempts used up, or a cancel asked for) are settled on
    the way, so that no reaper is needed. The caller commits before any work begins. Raises NotFollowed.
    kinds: only one of these. unsent_s: where messages carry the tasks, only one that has had no message for so long.
    """
    first = _first(tuple(known_kinds() if kinds is None else kinds), unsent_s)
    while (found := session.execute(first, {"worker": worker_id}).one_or_none()) is not None:
        if (task := _take(session, found, worker_id=worker_id, lease_s=lease_s)) is not None:
            return task
    return None


@lru_cache(maxsize=N_KEPT)
def _first(kinds: tuple[str, ...], unsent_s: float | None) -> sa.Select[*tuple[Any, ...]]:
    """What is next for the worker :worker: an abandoned one, or else a queued one, which is only then looked for."""
    abandoned = (
        sa.select(TASKS.c.id)
        .where(_IS_LET_GO, TASKS.c.kind.in_(kinds))
        .order_by(TASKS.c.lease_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    # Of each kind by itself: that is one step in the index, however many wait.
    first = [
        sa.select(TASKS.c.id)
        .where(*_is_queued(unsent_s), TASKS.c.kind == kind)
        .order_by(*PLACE)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
        for kind in kinds
    ]
    queued = sa.select(TASKS.c.id).where(TASKS.c.id.in_(first)).order_by(*PLACE).limit(1)
    chosen = TASKS.c.id == sa.func.coalesce(abandoned.scalar_subquery(), queued.scalar_subquery())
    return sa.select(*_CLAIMABLE).where(chosen).with_for_update()


def claim_one(session: Session, *, task_id: UUID, worker_id: UUID, lease_s: float) -> Task | None:
    """Take exactly this task if it waits or was abandoned; None when somebody has it. Raises NotFollowed.

    Waits for a lock instead of skipping it: the row may be held by its own publisher.
    """
    this = sa.select(*_CLAIMABLE).where(*_is_claimable(task_id)).with_for_update()
    found = session.execute(this, {"worker": worker_id}).one_or_none()
    if found is None:
        return None
    return _take(session, found, worker_id=worker_id, lease_s=lease_s)


def claimable_kind(session: Session, *, task_id: UUID, worker_id: UUID = NOBODY) -> str | None:
    """The kind of a task that `claim_one` would take or give up for this worker; None for any other."""
    kind_of = sa.select(TASKS.c.kind).where(*_is_claimable(task_id))
    return session.execute(kind_of, {"worker": worker_id}).scalar_one_or_none()


def due_or_over(session: Session, *, task_ids: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Of these tasks, those that wait and could be taken now, and those that are settled or gone."""
    due = sa.and_(TASKS.c.state == QUEUED, is_ready())
    is_open = TASKS.c.state.in_((TaskState.QUEUED, TaskState.RUNNING))
    found = session.execute(sa.select(TASKS.c.id, due).where(TASKS.c.id.in_(task_ids), is_open)).all()
    return {task_id for task_id, now in found if now}, set(task_ids) - {task_id for task_id, _ in found}


def set_aside(session: Session, *, task_id: UUID, reason: Reason) -> None:
    """Have nobody take a task that waits or was abandoned for SET_ASIDE_S; it keeps the reason until then."""
    values = {
        "run_at": sa.case((TASKS.c.state == QUEUED, now_plus(SET_ASIDE_S)), else_=TASKS.c.run_at),
        "lease_until": sa.case((TASKS.c.state == RUNNING, now_plus(SET_ASIDE_S)), else_=TASKS.c.lease_until),
        "timed_at": now_plus(),
        "error": reason.to_json(),
    }
    is_free = sa.or_(TASKS.c.state == QUEUED, is_abandoned())
    session.execute(sa.update(TASKS).where(TASKS.c.id == task_id, is_free).values(**values))


def _is_claimable(task_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """For the worker :worker."""
    is_free = sa.or_(TASKS.c.state == QUEUED, _IS_LET_GO)
    return TASKS.c.id == task_id, TASKS.c.kind.in_(known_kinds()), is_free


def ready_kinds(
    session: Session,
    *,
    worker_id: UUID = NOBODY,
    kinds: Sequence[str] | None = None,
    unsent_s: float | None = None,
) -> list[str]:
    """The kinds of which `claim` would find a task for this worker.

    A read, for before a write lock is taken or a child started.
    """
    asked = tuple(known_kinds() if kinds is None else kinds)
    found = session.execute(_ready(asked, unsent_s), {"worker": worker_id}).one() if asked else ()
    return [kind for kind, is_ready in zip(asked, found, strict=True) if is_ready]


@lru_cache(maxsize=N_KEPT)
def _ready(kinds: tuple[str, ...], unsent_s: float | None) -> sa.Select[*tuple[Any, ...]]:
    def is_ready(kind: str) -> sa.ColumnElement[bool]:
        of_kind = sa.select(TASKS.c.id).where(TASKS.c.kind == kind)
        queued = of_kind.where(*_is_queued(unsent_s))
        return sa.or_(queued.exists(), of_kind.where(_IS_LET_GO).exists())

    return sa.select(*map(is_ready, kinds))


def was_enqueued(session: Session, *, dedupe_key: str) -> bool:
    """Whether there is, or was, a task with this key."""
    return session.execute(sa.select(TaskRow.id).where(TaskRow.dedupe_key == dedupe_key)).first() is not None


def _is_queued(unsent_s: float | None) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for a queued task that may be taken without a message."""
    if unsent_s is None:
        return TASKS.c.state == QUEUED, is_ready()
    return TASKS.c.state == QUEUED, TASKS.c.published_at.is_(None), is_ready(for_s=unsent_s)


def _take(session: Session, found: sa.Row[Any], *, worker_id: UUID, lease_s: float) -> Task | None:
    """The task found by _CLAIMABLE, for this worker; None where it may not go on: it is settled then.

    Raises NotFollowed.
    """
    try:
        if found.may_go_on:
            row = session.execute(_taking(lease_s), {"this": found.id, "worker": worker_id}).one()
            return followed(session, row)
        if found.cancel_requested:
            cancel(session, task_id=found.id)
        else:
            fail(session, task_id=found.id, reason=WORN_OUT.after(found.n_tries))
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError):
        raise  # the database's, not the task's
    except Exception as error:
        raise NotFollowed(task_id=found.id) from error
    return None


@lru_cache(maxsize=N_KEPT)
def _taking(lease_s: float) -> ReturningUpdate[*tuple[Any, ...]]:
    """For the task :this and the worker :worker."""
    return (
        sa.update(TASKS)
        .where(TASKS.c.id == sa.bindparam("this"))
        .values(
            state=TaskState.RUNNING,
            attempt=TASKS.c.attempt + 1,
            n_progressed=TASKS.c.n_progressed + sa.case((TASKS.c.state == RUNNING, HAS_PROGRESSED), else_=0),
            lease_owner=sa.bindparam("worker"),
            lease_until=now_plus(lease_s),
            timed_at=now_plus(),
            started_at=now_plus(),
            error=None,
        )
        .returning(*KEPT)
    )
