"""What the loop of a job passes to the transactions that keep it: items to ask, requests that were made, ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from core import llm, queue
from core.errors import AppError
from core.generation.jobs.states import ItemState, JobStatus


@dataclass
class Item:
    """An item that waits or is being asked, with what it would cost at worst, in nano-dollars.

    n_asked: how many requests were made for it, over all attempts; n_bad, n_failed: of those, how many replies were
    useless, and how many failed while others succeeded. unfit: why it can't be asked for, and has no request.
    wait_s: before it is asked again, after n_waits in a row.
    """

    id: UUID
    idx: int
    params: dict[str, Any] = field(repr=False)
    n_asked: int
    n_bad: int
    n_failed: int
    request: llm.Request | None
    worst: int
    unfit: AppError | None = None
    wait_s: float = 0.0
    n_waits: int = 0

    def failed(self) -> End:
        """The end of an item that can't be asked for."""
        assert self.unfit is not None
        return End(self, ItemState.FAILED, reason=queue.Reason.of(self.unfit))


@dataclass(frozen=True)
class Call:
    """One request that was made, as `batch_calls` keeps it."""

    item_idx: int
    n: int
    model: str
    asked_at: datetime
    status: int | None = None
    code: str | None = None
    stop_reason: str | None = None
    usage: llm.Usage | None = None
    cost: int = 0
    is_repeated: bool = False
    latency_s: float | None = None
    raw_key: str | None = None
    raw: bytes | None = field(default=None, repr=False)
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class End:
    """What has become of an item: completed, failed for a reason, or back in the queue.

    Completed with one of two. conversation: the values of a new one's row; enrichment: what was found out about one.
    """

    item: Item
    state: ItemState
    conversation: dict[str, Any] | None = field(default=None, repr=False)
    reason: queue.Reason | None = None
    enrichment: dict[str, Any] | None = field(default=None, repr=False)


@dataclass
class Batch:
    """All that one transaction keeps. intended: the id of the Message Batch that its claims are about to be sent as.
    was_tried: it may be kept already, as a database that goes away does not say. forgotten: items whose conversation
    was deleted while it was asked about: nothing that was answered is kept."""

    calls: list[Call] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    claims: list[Item] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    intended: UUID | None = None
    moved: list[str] = field(default_factory=list)  # keys of raw replies that have reached storage since
    was_tried: bool = False
    forgotten: list[Item] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.calls or self.ends or self.claims or self.lines or self.moved)


@dataclass(frozen=True)
class Wishes:
    """What others want of a job that runs. reason: why it is to pause, where that was no person.

    spent_today: by all jobs, what others are asking for included. are_claims_denied: whether the items were not taken,
    because others have spent what was left of the day's limit.
    """

    wants_pause: bool
    wants_cancel: bool
    reason: queue.Reason | None
    others_wait: bool
    max_cost: int | None
    spent_today: int = 0
    are_claims_denied: bool = False


@dataclass(frozen=True)
class Ending:
    """Why a job asks no more. status: what becomes of it; None: it goes on later, or was cancelled."""

    status: JobStatus | None
    reason: queue.Reason | None = None
    is_cancel: bool = False


@dataclass(frozen=True)
class Limits:
    """How a job is done this time. only: so many items, of a job that is done by hand. pause_after: so many items are
    settled before it pauses."""

    concurrency: int
    only: int | None = None
    pause_after: int | None = None
