"""Which workers are there: each writes a row while it lives."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

import core
from core.db.tables.tasks import WorkerRow
from core.db.types import UtcDateTime, is_ahead, now_plus
from core.queue.kinds import Pool
from core.queue.tasks import RUNNING, TASKS, is_abandoned

BEAT_S = 5.0
ALIVE_S = 20.0  # a worker that has been silent for longer is gone


@dataclass(frozen=True)
class Worker:
    """A worker that is alive, as others see it.

    slots: how many tasks it can do at a time, in all pools; 0 while it starts. pools: how many of them in each.
    """

    id: UUID
    host: str
    pid: int
    version: str
    slots: int
    pools: Mapping[str, int]
    is_embedded: bool
    started_at: datetime
    beat_at: datetime


def beat(
    session: Session,
    *,
    worker_id: UUID,
    pools: Mapping[Pool, int],
    is_embedded: bool,
) -> None:
    """Say that this worker is alive and what it can do now; the first time, that it is there.

    pools: how many tasks it can do at a time in each.
    """
    can_do = {"beat_at": now_plus(), "slots": sum(pools.values()), "pools": dict(pools)}
    known = sa.update(WorkerRow).where(WorkerRow.id == worker_id).values(can_do).returning(WorkerRow.id)
    if session.execute(known).scalar_one_or_none() is None:
        session.execute(
            sa.insert(WorkerRow).values(
                id=worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=core.__version__,
                is_embedded=is_embedded,
                started_at=now_plus(),
                **can_do,
            )
        )


def leave(session: Session, *, worker_id: UUID) -> None:
    """Say that this worker ends."""
    session.execute(sa.update(WorkerRow).where(WorkerRow.id == worker_id).values(stopped_at=now_plus()))


def bury(session: Session, *, worker_id: UUID) -> int:
    """Note that this worker is gone for certain, and end its leases now; how many tasks others may take up."""
    this = WorkerRow.id == worker_id, WorkerRow.stopped_at.is_(None)
    session.execute(sa.update(WorkerRow).where(*this).values(stopped_at=now_plus()))
    left = sa.update(TASKS).where(TASKS.c.state == RUNNING, TASKS.c.lease_owner == worker_id)
    ended = left.values(lease_until=now_plus(-1.0), timed_at=now_plus()).returning(TASKS.c.id)
    return len(session.execute(ended).all())


def is_alive() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for the row of a worker that is alive. One heard of in the future is not, until it beats again."""
    is_recent = WorkerRow.beat_at > now_plus(-ALIVE_S)
    return WorkerRow.stopped_at.is_(None), is_recent, ~is_ahead(WorkerRow.beat_at)


def alive(session: Session) -> list[Worker]:
    """The workers that take tasks by themselves right now, oldest first."""
    columns = [getattr(WorkerRow, field.name) for field in fields(Worker)]
    found = sa.select(*columns).where(*is_alive()).order_by(WorkerRow.started_at, WorkerRow.id)
    return [Worker(*row) for row in session.execute(found)]


@dataclass(frozen=True)
class Doing:
    """A task that a worker has now. since: when this attempt began. done, total: of its rows or steps, as last told."""

    worker_id: UUID
    kind: str
    since: datetime
    done: int
    total: int | None


def doing(session: Session) -> list[Doing]:
    """What workers do right now, of the tasks that may be seen, those begun first in front."""
    columns = (TASKS.c[name] for name in ("lease_owner", "kind", "started_at", "done", "total"))
    is_held = TASKS.c.state == RUNNING, TASKS.c.lease_owner.is_not(None), ~is_abandoned()
    found = sa.select(*columns).where(*is_held).order_by(TASKS.c.started_at)
    return [Doing(*row) for row in session.execute(found)]


def last_seen(session: Session) -> datetime | None:
    """When the last worker was heard of; None when there never was one."""
    heard_at = sa.func.max(sa.func.coalesce(WorkerRow.stopped_at, WorkerRow.beat_at))
    return session.execute(sa.select(sa.type_coerce(heard_at, UtcDateTime()))).scalar_one_or_none()
