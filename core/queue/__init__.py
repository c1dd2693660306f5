"""Tasks: durable, leased, fenced. The only writer of a task's state."""

from core.queue import here, workers
from core.queue.claims import Backlog, backlog, claim, claim_one, is_ready, was_enqueued
from core.queue.moves import beat, cancel, enqueue, hurry, release, retry_later, settle
from core.queue.tasks import (
    SETTLED,
    Job,
    Kind,
    LeaseLost,
    Reason,
    Stopped,
    Task,
    TaskState,
    UnknownKind,
    kind,
    known_kinds,
    register,
)
from core.queue.wakeup import Wakeup, watch

__all__ = [
    "SETTLED",
    "Backlog",
    "Job",
    "Kind",
    "LeaseLost",
    "Reason",
    "Stopped",
    "Task",
    "TaskState",
    "UnknownKind",
    "Wakeup",
    "backlog",
    "beat",
    "cancel",
    "claim",
    "claim_one",
    "enqueue",
    "here",
    "hurry",
    "is_ready",
    "kind",
    "known_kinds",
    "register",
    "release",
    "retry_later",
    "settle",
    "was_enqueued",
    "watch",
    "workers",
]
