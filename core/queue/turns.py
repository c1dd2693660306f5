"""Where a task lines up, and fair turns: in which order users' tasks of one kind and priority are taken.

Were tasks taken in the order in which they came, whoever asked for fifteen at once would make everybody wait for all
of them. So each task gets a turn when it is enqueued, and the smallest is taken first: one user's first task lines up
beside the others' first, the second behind those, and so on. This is start-time fair queueing (Goyal, Vin, Cheng,
SIGCOMM 1996) with every task of one length, and one change: turns go up by two for a user who has tasks open already,
and by one from the turn begun last for who has none. So the task of a newcomer comes between the one that runs and
the next of whoever has many; and as each task that begins takes the count further, nobody's waits for ever, however
many newcomers there are. A turn is a number in the row and never changes: taking the next is one step in an index.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.queue import queue_view, wakeup
from core.queue.kinds import kind
from core.queue.tasks import OPEN, TASKS, TaskState

FIRST = -10  # the priority of work that somebody is waiting for


def enqueue(
    session: Session,
    *,
    kind_name: str,
    user_id: UUID,
    payload: dict[str, Any],
    priority: int = 0,
    size: int = 0,
    total: int | None = None,
    max_attempts: int | None = None,
    dedupe_key: str | None = None,
    delay_s: float = 0.0,
) -> UUID:
    """Add a task in the caller's transaction and return its id: it exists if that commits.

    size: rows or so; within a turn, what has fewer digits goes first. max_attempts: where not those of its kind.
    delay_s: nobody takes it earlier.
    """
    row = TaskRow(
        kind=kind_name,
        user_id=user_id,
        payload=payload,
        priority=priority,
        turn=_next(session, user_id=user_id, kind_name=kind_name, priority=priority),
        magnitude=len(str(size)) if size else 0,
        total=total,
        max_attempts=max_attempts or kind(kind_name).attempts,
        dedupe_key=dedupe_key,
        run_at=now_plus(delay_s) if delay_s else None,
        timed_at=now_plus(),
        created_at=now_plus(),
    )
    session.add(row)
    session.flush()
    wakeup.announce(session)
    return row.id


def prioritize(session: Session, *, task_id: UUID) -> None:
    """Put a queued task first in line, because somebody waits for it."""
    this = TASKS.c.id == task_id, TASKS.c.state == TaskState.QUEUED
    moved = {"priority": FIRST, "turn": turn_anew(session, task_id, priority=FIRST)}
    session.execute(sa.update(TASKS).where(*this, TASKS.c.priority > FIRST).values(moved))
    session.execute(sa.update(TASKS).where(*this).values(run_at=None))
    wakeup.announce(session)


def turn_anew(session: Session, task_id: UUID, *, priority: int | None = None) -> int:
    """The turn of a task that lines up now, or with another priority."""
    this = sa.select(TASKS.c.user_id, TASKS.c.kind, TASKS.c.priority).where(TASKS.c.id == task_id)
    found = session.execute(this).one_or_none()
    if found is None:
        return 0
    own = found.priority if priority is None else priority
    return _next(session, user_id=found.user_id, kind_name=found.kind, priority=own)


def _next(session: Session, *, user_id: UUID, kind_name: str, priority: int) -> int:
    """The turn of a task that this user lines up now."""
    begun, mine = queue_view.turns().c, TASKS.c
    newest = sa.select(sa.func.max(begun.turn)).where(begun.kind == kind_name, begun.priority == priority)
    of_line = (mine.user_id == user_id, mine.kind == kind_name, mine.priority == priority, OPEN)
    last = sa.select(sa.func.max(mine.turn)).where(*of_line)
    newest_turn, my_last = session.execute(sa.select(newest.scalar_subquery(), last.scalar_subquery())).one()
    return max((newest_turn or 0) + 1, 0 if my_last is None else my_last + 2)
