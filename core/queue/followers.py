"""How the row of a resource follows the task that works for it, in the very transaction that moves the task.

A prediction or a model has a status of its own, with its own allowed transitions. No statement can leave it beside
a task that is settled: `follower` makes the function that a `Kind` names as its `follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.queue.tasks import Task, TaskState, is_abandoned


def follower(
    rows: type[Any],
    *,
    statuses: Mapping[TaskState, str],
    transitions: Mapping[Any, Collection[str]],
    values: Callable[[Task], dict[str, Any]],
) -> Callable[[Session, Task], None]:
    """What moves the row of `rows` with its task: to the status of its state, with `values(task)` beside it.

    rows: has the columns `id`, `task_id`, `status` and `updated_at`. A row that is gone is left alone: its task goes
    on, and its run says so. A row that may not follow stops the task's own transaction.
    """

    def follow(session: Session, task: Task) -> None:
        status, this = statuses[task.state], rows.task_id == task.id
        moved = move(session, rows, this, to=status, transitions=transitions, **values(task))
        if not moved and session.execute(sa.select(rows.id).where(this)).first():
            name = rows.__tablename__
            raise RuntimeError(f"task {task.id} is {task.state}, but its row of {name} can't become {status}")

    return follow


def move(
    session: Session,
    rows: type[Any],
    *where: sa.ColumnElement[bool],
    to: str,
    transitions: Mapping[Any, Collection[str]],
    **values: Any,
) -> bool:
    """Give the row that `where` names the status `to`, if its present one allows it; False if not."""
    allowed = [old for old, new in transitions.items() if to in new]
    moved = session.execute(
        sa.update(rows)
        .where(*where, rows.status.in_(allowed))
        .values(status=to, updated_at=now_plus(), **values)
        .returning(rows.id),
        execution_options={"synchronize_session": False},
    )
    return moved.scalar_one_or_none() is not None


def abandoned(session: Session, rows: type[Any], *, status: str) -> Sequence[UUID]:
    """Ids of the user's rows of a status whose worker is gone, oldest first: they wait like queued ones.

    rows: a table whose rows follow a task; they have id, user_id, task_id, status and created_at.
    """
    found = (
        sa.select(rows.id)
        .join(TaskRow, rows.task_id == TaskRow.id)
        .where(rows.user_id == db.owner(session), rows.status == status, is_abandoned())
        .order_by(rows.created_at, rows.id)
    )
    return session.execute(found).scalars().all()
