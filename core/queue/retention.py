"""How long rows are kept that nobody asks for: settled tasks, workers that are gone, answers to repeated calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables import Base
from core.db.tables.idempotency_keys import IdempotencyKeyRow
from core.db.tables.tasks import TaskRow, WorkerRow
from core.db.types import now_plus
from core.queue.tasks import SETTLED, TASKS

WORKERS_S = 7 * 86_400.0  # a worker that was heard of last before that is forgotten
KEYS_S = 86_400.0  # so long a creating call is known again by its key
N_AT_ONCE = 500  # a sweep is short: whoever else writes waits for it


@dataclass(frozen=True)
class Expired:
    """Rows of one table that can go while the `conditions` hold of them, by their primary keys."""

    rows: type[Base]
    keys: Sequence[sa.Row[Any]]
    conditions: Sequence[sa.ColumnElement[bool]]

    @property
    def is_all(self) -> bool:
        """Whether nothing more is left than this."""
        return len(self.keys) < N_AT_ONCE


def find(session: Session, *, tasks_after_s: float) -> list[Expired]:
    """At most `N_AT_ONCE` of each table, oldest first: a read, for before a write lock is taken.

    tasks_after_s: a task may go that long after it was settled, unless a row of another table points to
    it, or it has a dedupe key: it is then the memory of what must not be done twice. The worker heard of
    last stays, however long ago: pages tell since when there is none.
    """
    heard_at = sa.func.coalesce(WorkerRow.stopped_at, WorkerRow.beat_at)
    last = sa.select(sa.func.max(heard_at)).scalar_subquery()
    rules: Sequence[tuple[type[Base], sa.SQLColumnExpression[Any], float, list[sa.ColumnElement[bool]]]] = (
        (TaskRow, TaskRow.finished_at, tasks_after_s, _unneeded()),
        (WorkerRow, heard_at, WORKERS_S, [heard_at < last]),
        (IdempotencyKeyRow, IdempotencyKeyRow.created_at, KEYS_S, []),
    )
    found = []
    for rows, at, after_s, also in rules:
        conditions = [at < now_plus(-after_s), *also]
        oldest = sa.select(*_key(rows)).where(*conditions).order_by(at).limit(N_AT_ONCE)
        if keys := session.execute(oldest).all():
            found.append(Expired(rows, keys, conditions))
    return found


def remove(session: Session, expired: Sequence[Expired]) -> None:
    """Delete what was found, but for a task that a row points to by now and a key that is used anew."""
    for one in expired:
        these = sa.tuple_(*_key(one.rows)).in_(one.keys)
        session.execute(sa.delete(one.rows).where(these, *one.conditions))


def _key(rows: type[Base]) -> tuple[sa.ColumnElement[Any], ...]:
    return sa.inspect(rows).primary_key


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
