"""Tasks: durable, leased, fenced. The only writer of a task's state."""

from core.queue import local_runner, retention, workers
from core.queue.claims import (
    Backlog,
    Retried,
    backlog,
    claim,
    claim_one,
    is_ready,
    retried,
    was_enqueued,
)
from core.queue.queue_position import Standing, standing
from core.queue.scale import Scale, scale
from core.queue.sqs import outbox
from core.queue.sqs.client import CarrierUnavailable, SqsQueue
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
from core.queue.transitions import beat, cancel, enqueue, prioritize, release, retry_later, settle
from core.queue.wakeup import ASK_S, Wakeup, watch

__all__ = [
    "ASK_S",
    "SETTLED",
    "Backlog",
    "CarrierUnavailable",
    "Job",
    "Kind",
    "LeaseLost",
    "Reason",
    "Retried",
    "Scale",
    "SqsQueue",
    "Standing",
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
    "is_ready",
    "kind",
    "known_kinds",
    "local_runner",
    "outbox",
    "prioritize",
    "register",
    "release",
    "retention",
    "retried",
    "retry_later",
    "scale",
    "settle",
    "standing",
    "was_enqueued",
    "watch",
    "workers",
]
