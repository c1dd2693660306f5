"""How many workers there should be: what an autoscaler asks for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.db.types import DATABASE_CLOCK, Clock
from core.queue import workers
from core.queue.claims import backlog


@dataclass(frozen=True)
class WorkerDemand:
    """The load, and the workers that it asks for.

    queued, running: tasks. abandoned: running ones whose worker has fallen silent. oldest_s: how long the one that
    waits longest has; 0.0 where none does. workers: processes of their own that are alive. places: tasks that these and
    the app itself can do at a time. suggested_workers: processes of their own, of as many places each as this one's.
    """

    queued: int
    running: int
    abandoned: int
    oldest_s: float
    workers: int
    places: int
    suggested_workers: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def scale(session: Session, *, slots_each: int, now: datetime, clock: Clock = DATABASE_CLOCK) -> WorkerDemand:
    """The load right now, over all users. slots_each: how many tasks a worker does at a time.

    A worker is suggested for each `slots_each` tasks that wait or run, beyond those that the app does itself. None
    where there are none: a minimum, a maximum and the pace of changes are the autoscaler's.
    """
    found, alive = backlog(session, clock=clock), workers.alive(session, clock=clock)
    own = [worker for worker in alive if not worker.is_embedded]
    n_embedded = sum(worker.slots for worker in alive if worker.is_embedded)
    n_to_do = max(0, found.n_queued + found.n_running - n_embedded)
    return WorkerDemand(
        queued=found.n_queued,
        running=found.n_running,
        abandoned=found.n_abandoned,
        oldest_s=round(max(0.0, (now - found.oldest_at).total_seconds()), 1) if found.oldest_at else 0.0,
        workers=len(own),
        places=n_embedded + sum(worker.slots for worker in own),
        suggested_workers=-(-n_to_do // max(1, slots_each)),
    )
