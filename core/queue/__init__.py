"""Tasks: durable, leased, fenced. The only writer of a task's state."""

from core.queue import local_runner, retention, workers
from core.queue.claims import (
    SET_ASIDE_S,
    NotFollowed,
    claim,
    claim_one,
    claimable_kind,
    due_or_over,
    ready_kinds,
    set_aside,
    was_enqueued,
)
from core.queue.figures import backlog, retried
from core.queue.followers import abandoned, follower, move
from core.queue.kinds import (
    GoOnLater,
    Job,
    Kind,
    Pool,
    UnknownKind,
    kind,
    kind_label,
    known_kinds,
    register,
)
from core.queue.queue_position import QueuePosition, position
from core.queue.scale import scale
from core.queue.sqs import outbox
from core.queue.sqs.client import QueueUnavailable, SqsQueue
from core.queue.tasks import SETTLED, LeaseLost, Reason, Task, TaskState, TaskStopped
from core.queue.transitions import beat, cancel, let_go, release, retry_later, settle
from core.queue.turns import enqueue, prioritize
from core.queue.wakeup import ASK_S, Wakeup, watch

__all__ = [
    "ASK_S",
    "SETTLED",
    "SET_ASIDE_S",
    "GoOnLater",
    "Job",
    "Kind",
    "LeaseLost",
    "NotFollowed",
    "Pool",
    "QueuePosition",
    "QueueUnavailable",
    "Reason",
    "SqsQueue",
    "Task",
    "TaskState",
    "TaskStopped",
    "UnknownKind",
    "Wakeup",
    "abandoned",
    "backlog",
    "beat",
    "cancel",
    "claim",
    "claim_one",
    "claimable_kind",
    "due_or_over",
    "enqueue",
    "follower",
    "kind",
    "kind_label",
    "known_kinds",
    "let_go",
    "local_runner",
    "move",
    "outbox",
    "position",
    "prioritize",
    "ready_kinds",
    "register",
    "release",
    "retention",
    "retried",
    "retry_later",
    "scale",
    "set_aside",
    "settle",
    "was_enqueued",
    "watch",
    "workers",
]
