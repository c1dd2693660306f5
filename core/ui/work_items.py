"""What a room's folder shows on Home, stated in its `home_items.py` as `HOME_ITEMS`: plain values, which Home draws."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.ui.badges import Badge
from core.ui.links import PageEntry

N_RECENT: Final = 8  # lines of recent work, of all rooms together
N_SHOWN: Final = 3  # of a room's failures, and of what is active in it
FAILED_FOR: Final = timedelta(days=7)  # so long a failure is told


@dataclass(frozen=True)
class FailedItem:
    """Something that failed lately, or that waits for a decision.

    text: what could not be done, in markdown; reason: why, as it was told. mark: an icon, in markdown.
    """

    id: UUID
    page: PageEntry
    text: str
    reason: str
    mark: str = ":red[:material/error:]"


@dataclass(frozen=True)
class ActiveItem:
    """Something that runs, or waits in line (`is_waiting`). text: markdown. done, total: of its rows or steps."""

    id: UUID
    page: PageEntry
    text: str
    done: int
    total: int
    is_waiting: bool = False


@dataclass(frozen=True)
class ReadyItem:
    """Something that waits for the reader and for nobody else. text: markdown; button: the link's words."""

    text: str
    icon: str
    button: str
    page: PageEntry
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListLink:
    """A link to one of the room's lists."""

    label: str
    page: PageEntry
    query: Mapping[str, str]


@dataclass(frozen=True)
class QueuedWork:
    """What waits for a worker. button: says that the next of it is done by hand.

    prioritize: puts that one first in line and returns its task, None where nothing waits any more; it is given a
    transaction that writes. Raises NotFound, Conflict.
    """

    button: str
    prioritize: Callable[[Session], UUID | None]

    @classmethod
    def of(cls, verb: str, n_waiting: int, prioritize: Callable[[Session], UUID | None]) -> QueuedWork:
        """verb: what is done with it, "Train"."""
        return cls(f"{verb} it now" if n_waiting == 1 else f"{verb} the next one now", prioritize)


@dataclass(frozen=True)
class Activity:
    """The part of a room's work that changes by itself.

    noun: what one piece of it is. failed: of the last week, newest first; all_failed leads to the others. active: those
    that run, then those that wait, as far as they can be told one by one; n_running and n_queued count all.
    queued: None where nothing waits. ready: what waits for the reader. newest: of the last thing that was made, so that
    another one is noticed.
    """

    noun: str
    failed: Sequence[FailedItem] = ()
    all_failed: ListLink | None = None
    active: Sequence[ActiveItem] = ()
    n_running: int = 0
    n_queued: int = 0
    queued: QueuedWork | None = None
    ready: Sequence[ReadyItem] = ()
    newest: Hashable = None


@dataclass(frozen=True)
class Total:
    """One of Home's numbers. moments: when the newest of what it counts were done, and how many each time.

    text: what stands there in place of the number, such as an amount of money. about: what is said of it on hover.
    """

    label: str
    n: int
    moments: Sequence[tuple[datetime, float]] = ()
    text: str = ""
    about: str = ""


@dataclass(frozen=True)
class RecentItem:
    """A line of the list of recent work. row: what it is of. size: its rows, as a person says them."""

    row: object
    at: datetime
    label: str
    page: PageEntry
    query: Mapping[str, object]
    icon: str
    badge: Badge
    size: str


@dataclass(frozen=True)
class Summary:
    """The rest of what Home tells of a room: its totals, and its newest things."""

    totals: Sequence[Total] = ()
    recent: Sequence[RecentItem] = ()


@dataclass(frozen=True)
class StartButton:
    """A button at Home's head that begins new work. The one of the first room stands out."""

    label: str
    key: str
    icon: str
    page: PageEntry
    query: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class HomeItems:
    """A room on Home. position: among the other rooms. Both functions read within Home's own transaction."""

    position: int
    summary: Callable[[Session], Summary]
    activity: Callable[[Session, datetime], Activity]
    start: StartButton | None = None
