"""What a task is, its states and the transitions between them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, TypedDict, cast
from uuid import UUID

import sqlalchemy as sa

from core.db.tables.tasks import TaskRow
from core.db.types import is_ahead, now_plus
from core.errors import AppError, Clash


class TaskState(StrEnum):
    """QUEUED → RUNNING → settled. RUNNING → QUEUED is a release; RUNNING → RUNNING a takeover.

    QUEUED → FAILED is a dead letter: a transport gave the task's message up.
    """

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    TaskState.QUEUED: frozenset({TaskState.RUNNING, TaskState.FAILED, TaskState.CANCELLED}),
    TaskState.RUNNING: frozenset(TaskState),
    TaskState.SUCCEEDED: frozenset(),
    TaskState.FAILED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
SETTLED = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED})


class LeaseLost(Clash):
    """Another worker holds this task now, or it is settled; nothing may be written for it."""

    code = "lease_lost"
    message = "Attempt {attempt} of task {task_id} is no longer the current one."
    hint = "Discard its work: another worker has taken the task over."
    task_id: UUID
    attempt: int


class TaskStopped(Clash):
    """A handler ends early because somebody cancelled, or because its worker is to end."""

    code = "stopped"
    message = "Task {task_id} was cancelled."
    hint = "Start it again if you still need it."
    task_id: UUID


def times(n: int) -> str:
    """How often, as a person says it: 1 → "once", 2 → "twice", 3 → "3 times"."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


@dataclass(frozen=True)
class Reason:
    """Why a task was not a success, for people; the traceback is for the System page."""

    code: str
    message: str
    hint: str = ""
    traceback: str = ""

    def after(self, n_tries: int) -> Reason:
        """This reason as the last word, once `n_tries` attempts have failed."""
        return replace(self, message=f"{self.message} It was tried {times(n_tries)}.")

    def to_json(self) -> dict[str, str]:
        # Errors quote people's files, and Postgres keeps neither NUL nor half a surrogate pair.
        return {
            name: text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
            for name, text in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: dict[str, str]) -> Reason:
        return cls(**values)

    @classmethod
    def of(cls, error: AppError) -> Reason:
        return cls(code=error.code, message=error.message, hint=error.hint)


class Progress(TypedDict, total=False):
    """Of a task's rows or steps: what is known, and not written yet."""

    done: int
    total: int


@dataclass(frozen=True)
class Task:
    """A task as it stood in one transaction."""

    id: UUID
    user_id: UUID
    kind: str
    state: TaskState
    payload: dict[str, Any]
    attempt: int
    done: int
    total: int | None
    checkpoint: dict[str, Any] | None
    result: dict[str, Any] | None
    reason: Reason | None
    cancel_requested: bool

    @classmethod
    def of(cls, row: TaskRow | sa.Row[Any]) -> Task:
        """row: also one of KEPT alone."""
        return cls(
            state=TaskState(row.state),
            reason=Reason.from_json(row.error) if row.error else None,
            **{name: getattr(row, name) for name in _AS_STORED},
        )


_AS_STORED = tuple(field.name for field in fields(Task) if field.name not in ("state", "reason"))


# The table itself and what a Task needs of it: statements on these alone pass by the mapper, which takes longer than
# the database does.
TASKS: Final = cast("sa.Table", TaskRow.__table__)
KEPT: Final = tuple(TASKS.c[name] for name in (*_AS_STORED, "state", "error"))
N_KEPT: Final = 32  # statements of each sort: making one takes longer than the database takes to answer it

# Written into a statement, not bound: only so can the planner use the partial indexes.
QUEUED: Final = sa.literal_column("'QUEUED'", sa.String)
RUNNING: Final = sa.literal_column("'RUNNING'", sa.String)
OPEN: Final = TASKS.c.state.in_((QUEUED, RUNNING))

# The order in which those of a kind are taken.
PLACE: Final = tuple(TASKS.c[name] for name in ("priority", "turn", "magnitude", "seq"))

# 1 while the attempt that runs has brought the checkpoint further, else 0: it does not count towards the maximum.
HAS_PROGRESSED: Final = sa.case((TASKS.c.checkpoint_attempt == TASKS.c.attempt, 1), else_=0)


def n_tries() -> sa.ColumnElement[int]:
    """How many attempts at a RUNNING task count, this one included."""
    return TASKS.c.attempt - TASKS.c.n_released - TASKS.c.n_progressed - HAS_PROGRESSED


def is_abandoned(task: Any = TASKS.c) -> sa.ColumnElement[bool]:
    """Whether the worker of a RUNNING task has fallen silent, so that another may take it.

    A lease that was given in the future counts as over: its worker, if it lives, soon renews it.
    """
    return sa.and_(task.state == RUNNING, sa.or_(task.lease_until < now_plus(), is_ahead(task.timed_at)))


def is_ready(task: Any = TASKS.c, *, for_s: float = 0.0) -> sa.ColumnElement[bool]:
    """Whether a QUEUED task may be taken: it has no delay, or that is over, or was reckoned in the future.

    for_s: for so long already; one without a delay since it was queued.
    """
    if for_s:
        is_over = sa.func.coalesce(task.run_at, task.timed_at) <= now_plus(-for_s)
    else:
        is_over = sa.or_(task.run_at.is_(None), task.run_at <= now_plus())
    return sa.or_(is_over, is_ahead(task.timed_at))
