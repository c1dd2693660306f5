"""A deletion from the click to the end of its task, inside the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.generation.deletions import deletions, work
from core.generation.deletions.deletions import Deletion
from core.settings import Settings
from tests.batches import LEASE_S, Told


def delete(user: db.User, verb: Callable[..., Deletion], **asked: Any) -> Deletion:
    """As a page or route does it."""
    return deletions.carried_out(user, partial(verb, **asked))


def undo(user: db.User, deletion_id: UUID) -> None:
    with db.session_scope(user, write=True) as session:
        deletions.undo(session, deletion_id=deletion_id)


def claim(deletion_id: UUID) -> queue.Task:
    """Its task, as a worker takes it once its time has come, or from one that is gone."""
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(TaskRow)
            .where(TaskRow.id == deletion_id)
            .values(run_at=None, lease_until=sa.case((TaskRow.state == "RUNNING", TaskRow.created_at)))
        )
        task = queue.claim_one(session, task_id=deletion_id, worker_id=uuid4(), lease_s=LEASE_S)
        assert task is not None
        return task


def finish(deletion_id: UUID, config: Settings, told: Told | None = None) -> Any:
    """One attempt, settled as a worker settles it; what it returned."""
    task = claim(deletion_id)
    ended = work.work(task, told or Told(), config=config)
    with db.session_scope(db.WORKER, write=True) as session:
        if isinstance(ended, queue.GoOnLater):
            queue.release(session, task_id=task.id, attempt=task.attempt, delay_s=ended.delay_s)
        else:
            queue.settle(
                session,
                task_id=task.id,
                attempt=task.attempt,
                state=queue.TaskState.SUCCEEDED,
                result=ended,
            )
    return ended


def counted(*tables: str) -> list[int]:
    """How many rows each of these tables has."""

    def count(session: Session, name: str) -> int:
        return session.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()

    with db.session_scope(db.WORKER) as session:
        return [count(session, name) for name in tables]
