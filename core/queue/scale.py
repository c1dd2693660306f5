"""How many workers there should be: what an autoscaler asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.queue import queue_view, workers
from core.queue.figures import backlog
from core.queue.kinds import Pool, known_kinds
from core.queue.tasks import QUEUED, RUNNING


@dataclass(frozen=True)
class WorkerDemand:
    """The load, and the workers that it asks for.

    queued, running: tasks. abandoned: running ones whose worker has fallen silent. oldest_s: how long the one that
    waits longest has; 0.0 where none does. workers: processes of their own that are alive. places: tasks that these and
    the app itself can do at a time. suggested_workers: processes of their own, of as many slots each as this one's.
    """

    queued: int
    running: int
    abandoned: int
    oldest_s: float
    workers: int
    places: int
    suggested_workers: int


def scale(session: Session, *, slots_each: int, now: datetime) -> WorkerDemand:
    """The load right now, over all users. slots_each: how many tasks a worker scores at a time.

    As many workers are suggested as the pool needs that needs most: one for each of its tasks that waits or runs,
    beyond those that the app does itself, by the slots that a worker has for it. None where there are none: a
    minimum, a maximum and the pace of changes are the autoscaler's.
    """
    found, alive = backlog(session), workers.alive(session)
    tasks = queue_view.tasks().c
    is_open = sa.or_(tasks.state == QUEUED, tasks.state == RUNNING)
    by_kind = sa.select(tasks.kind, sa.func.count()).where(is_open).group_by(tasks.kind)
    counted = session.execute(by_kind).all()
    return WorkerDemand(
        queued=found.n_queued,
        running=found.n_running,
        abandoned=found.n_abandoned,
        oldest_s=round(max(0.0, (now - found.oldest_at).total_seconds()), 1) if found.oldest_at else 0.0,
        workers=sum(not worker.is_embedded for worker in alive),
        places=sum(worker.slots for worker in alive),
        suggested_workers=max(
            -(-_n_to_do(pool, counted, alive) // pool.n_slots(max(1, slots_each))) for pool in Pool
        ),
    )


def _n_to_do(pool: Pool, counted: Sequence[sa.Row[str, int]], alive: Sequence[workers.Worker]) -> int:
    """Tasks of a pool beyond those that the app does itself."""
    n_embedded = sum(worker.pools.get(pool, 0) for worker in alive if worker.is_embedded)
    return max(0, sum(n for kind, n in counted if kind in known_kinds(pool)) - n_embedded)
