"""Rows that nobody asks for any more: settled tasks without a noun, workers that are long gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables import Base, TaskRow, WorkerRow
from core.db.types import DATABASE_CLOCK, Clock
from core.queue.tasks import SETTLED

WORKERS_S = 7 * 86_400.0  # a worker that was heard of last before that is forgotten
N_AT_ONCE = 500  # a sweep is short: whoever else writes waits for it


@dataclass(frozen=True)
class Litter:
    """What can go."""

    task_ids: Sequence[UUID]
    worker_ids: Sequence[UUID]

    @property
    def is_all(self) -> bool:
        """Whether nothing more is left than this."""
        return len(self.task_ids) < N_AT_ONCE and len(self.worker_ids) < N_AT_ONCE

    def __bool__(self) -> bool:
        return bool(self.task_ids or self.worker_ids)


def find(session: Session, *, tasks_after_s: float, clock: Clock = DATABASE_CLOCK) -> Litter:
    """At most `N_AT_ONCE` of each, oldest first: a read, for before a write lock is taken.

    tasks_after_s: a task may go that long after it was settled, unless a row of another table points to
    it, or it has a dedupe key: it is then the memory of what must not be done twice. The worker heard of
    last stays, however long ago: pages tell since when there is none.
    """
    tasks = (
        sa.select(TaskRow.id)
        .where(TaskRow.finished_at < clock.now(-tasks_after_s), *_unneeded())
        .order_by(TaskRow.finished_at)
        .limit(N_AT_ONCE)
    )
    heard_at = sa.func.coalesce(WorkerRow.stopped_at, WorkerRow.beat_at)
    last = sa.select(sa.func.max(heard_at)).scalar_subquery()
    gone = (
        sa.select(WorkerRow.id)
        .where(heard_at < clock.now(-WORKERS_S), heard_at < last)
        .order_by(heard_at)
        .limit(N_AT_ONCE)
    )
    return Litter(
        task_ids=session.execute(tasks).scalars().all(), worker_ids=session.execute(gone).scalars().all()
    )


def remove(session: Session, litter: Litter) -> None:
    """Delete what was found, but for a task that a row points to by now."""
    session.execute(sa.delete(TaskRow).where(TaskRow.id.in_(litter.task_ids), *_unneeded()))
    session.execute(sa.delete(WorkerRow).where(WorkerRow.id.in_(litter.worker_ids)))


def _unneeded() -> list[sa.ColumnElement[bool]]:
    """Conditions for a task that is settled, remembered for nothing, and pointed to by no foreign key."""
    pointing = [
        key.parent
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.references(TaskRow.metadata.tables["tasks"])
    ]
    return [
        TaskRow.state.in_(sorted(SETTLED)),
        TaskRow.dedupe_key.is_(None),
        *(~sa.exists().where(column == TaskRow.id) for column in pointing),
    ]
