"""What Home reads of all rooms: how things stand, in one transaction, and what of it asks for somebody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from core import queue
from core.ui import registry
from core.ui.work_items import N_RECENT, ActiveItem, Activity, FailedItem, ReadyItem, RecentItem, Total

DAYS = 14
MOVING_S, SETTLED_S = 2.0, 10.0  # between two looks


@dataclass(frozen=True)
class Pulse:
    """The part of Home that changes by itself, room by room.

    is_stalled: something waits, and neither a worker nor anybody's click does any task.
    """

    rooms: Sequence[Activity]
    is_stalled: bool

    @property
    def state(self) -> object:
        """What is other once something was made, has begun or has ended, here or elsewhere."""
        return tuple((room.n_running, room.n_queued, room.newest) for room in self.rooms)

    @property
    def failed(self) -> Sequence[FailedItem]:
        return [item for room in self.rooms for item in room.failed]

    @property
    def ready(self) -> Sequence[ReadyItem]:
        return [item for room in self.rooms for item in room.ready]

    @property
    def active(self) -> Sequence[ActiveItem]:
        return [item for room in self.rooms for item in room.active]

    @property
    def n_running(self) -> int:
        return sum(room.n_running for room in self.rooms)

    @property
    def n_queued(self) -> int:
        return sum(room.n_queued for room in self.rooms)

    @property
    def n_moving(self) -> int:
        """How many things will change without a click."""
        return self.n_running + self.n_queued


@dataclass(frozen=True)
class Overview:
    """The rest of Home. newest: a few things of each room, newest first."""

    totals: Sequence[Total]
    newest: Sequence[RecentItem]

    @property
    def recent(self) -> Sequence[RecentItem]:
        return self.newest[:N_RECENT]


def pulse(session: Session, *, now: datetime) -> Pulse:
    """What is in progress, waits or has failed."""
    rooms = [room.activity(session, now) for room in registry.home_items()]
    is_stalled = any(room.queued for room in rooms) and not _is_worked_on(session)
    return Pulse(rooms, is_stalled)


def _is_worked_on(session: Session) -> bool:
    """Whether a worker, or somebody's click, does any task; what they left half done waits like the rest."""
    if queue.workers.alive(session):
        return True
    backlog = queue.backlog(session)
    return backlog.n_running > backlog.n_abandoned


def load(session: Session) -> Overview:
    """Totals and recent work."""
    rooms = [room.summary(session) for room in registry.home_items()]
    newest = [item for room in rooms for item in room.recent]
    return Overview(
        totals=[total for room in rooms for total in room.totals],
        newest=sorted(newest, key=lambda item: item.at, reverse=True),
    )


def per_day(moments: Iterable[tuple[datetime, float]], *, now: datetime, zone: tzinfo) -> list[float]:
    """Sums over the last DAYS days of the reader's calendar, today last; empty when only one day has any."""
    today = now.astimezone(zone).date()
    sums = [0.0] * DAYS
    for at, n in moments:
        days_ago = (today - at.astimezone(zone).date()).days
        if 0 <= days_ago < DAYS:
            sums[DAYS - 1 - days_ago] += n
    return sums if sum(1 for n in sums if n) > 1 else []
