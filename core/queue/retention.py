"""How long rows are kept that nobody asks for: settled tasks, workers that are gone, answers to repeated calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables import Base
from core.db.tables.idempotency_keys import IdempotencyKeyRow
from core.db.tables.tasks import TaskRow, WorkerRow
from core.db.types import DATABASE_CLOCK, Clock
from core.queue.tasks import SETTLED, TASKS

WORKERS_S = 7 * 86_400.0  # a worker that was heard of last before that is forgotten
KEYS_S = 86_400.0  # so long a creating call is known again by its key
N_AT_ONCE = 500  # a sweep is short: whoever else writes waits for it


@dataclass(frozen=True)
class Expired:
    """What can go."""

    task_ids: Sequence[UUID]
    worker_ids: Sequence[UUID]
    keys: Sequence[tuple[UUID, str]]

    @property
    def is_all(self) -> bool:
        """Whether nothing more is left than this."""
        return all(len(found) < N_AT_ONCE for found in (self.task_ids, self.worker_ids, self.keys))

    def __bool__(self) -> bool:
        return bool(self.task_ids or self.worker_ids or self.keys)


def find(session: Session, *, tasks_after_s: float, clock: Clock = DATABASE_CLOCK) -> Expired:
    """At most `N_AT_ONCE` of each, oldest first: a read, for before a write lock is taken.

    tasks_after_s: a task may go that long after it was settled, unless a row of another table points to
    it, or it has a dedupe key: it is then the memory of what must not be done twice. The worker heard of
    last stays, however long ago: pages tell since when there is none.
    """

    def oldest(*columns: Any, at: sa.SQLColumnExpression[Any], after_s: float) -> sa.Select[Any]:
        return sa.select(*columns).where(at < clock.now(-after_s)).order_by(at).limit(N_AT_ONCE)

    tasks = oldest(TaskRow.id, at=TaskRow.finished_at, after_s=tasks_after_s).where(*_unneeded())
    heard_at = sa.func.coalesce(WorkerRow.stopped_at, WorkerRow.beat_at)
    last = sa.select(sa.func.max(heard_at)).scalar_subquery()
    gone = oldest(WorkerRow.id, at=heard_at, after_s=WORKERS_S).where(heard_at < last)
    answers = IdempotencyKeyRow
    keys = oldest(answers.user_id, answers.key, at=answers.created_at, after_s=KEYS_S)
    return Expired(
        task_ids=session.scalars(tasks).all(),
        worker_ids=session.scalars(gone).all(),
        keys=[(user_id, key) for user_id, key in session.execute(keys)],
    )


def remove(session: Session, expired: Expired, *, clock: Clock = DATABASE_CLOCK) -> None:
    """Delete what was found, but for a task that a row points to by now and a key that is used anew."""
    session.execute(sa.delete(TaskRow).where(TaskRow.id.in_(expired.task_ids), *_unneeded()))
    session.execute(sa.delete(WorkerRow).where(WorkerRow.id.in_(expired.worker_ids)))
    this = sa.tuple_(IdempotencyKeyRow.user_id, IdempotencyKeyRow.key)
    is_old = IdempotencyKeyRow.created_at < clock.now(-KEYS_S)
    session.execute(sa.delete(IdempotencyKeyRow).where(this.in_(expired.keys), is_old))


def _unneeded() -> list[sa.ColumnElement[bool]]:
    """Conditions for a task that is settled, remembered for nothing, and pointed to by no foreign key."""
    pointing = [
        key.parent
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.references(TASKS)
    ]
    return [
        TaskRow.state.in_(sorted(SETTLED)),
        TaskRow.dedupe_key.is_(None),
        *(~sa.exists().where(column == TaskRow.id) for column in pointing),
    ]
