"""A flight: one item on its way to the model and back, and what it has come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

from core import llm, queue
from core.generation.engine.ledger.records import Call, End, Item

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """What one flight has come to. stops: why the whole job is to pause; stops_others: with all of the same key."""

    end: End
    calls: list[Call]
    stops: queue.Reason | None = None
    stops_others: bool = False


class Phase(IntEnum):
    """How far a flight has come: before its request, waiting for the reply, having it, having it stored."""

    WAITING = 0
    SENT = 1
    ANSWERED = 2
    STORED = 3


@dataclass
class Flight:
    """An item that is being asked. n_early: how often it was told to come later."""

    item: Item
    phase: Phase = Phase.WAITING
    asked_at: datetime = NEVER
    n_good_before: int = 0
    n_early: int = 0
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True)
class Origin:
    """What all conversations of a job have in common. is_batch: asked by Message Batches, at half the price."""

    batch_job_id: UUID
    template_id: UUID
    version: int
    provider: llm.Provider
    model: str
    is_batch: bool = False
