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
from core.queue.queue_position import QueuePosition, position
from core.queue.scale import WorkerDemand, scale
from core.queue.sqs import outbox
from core.queue.sqs.client import QueueUnavailable, SqsQueue
from core.queue.tasks import (
    SETTLED,
    Job,
    Kind,
    LeaseLost,
    Reason,
    Task,
    TaskState,
    TaskStopped,
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
    "Job",
    "Kind",
    "LeaseLost",
    "QueuePosition",
    "QueueUnavailable",
    "Reason",
    "Retried",
    "SqsQueue",
    "Task",
    "TaskState",
    "TaskStopped",
    "UnknownKind",
    "Wakeup",
    "WorkerDemand",
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
    "position",
    "prioritize",
    "register",
    "release",
    "retention",
    "retried",
    "retry_later",
    "scale",
    "settle",
    "was_enqueued",
    "watch",
    "workers",
]
