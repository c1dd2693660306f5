"""Every change of one task's state, and the fence that a worker's writes stand behind."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Unpack
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from core.db.tables.base import Json
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.errors import Conflict, NotFound
from core.queue.kinds import kind
from core.queue.tasks import (
    HAS_PROGRESSED,
    KEPT,
    N_KEPT,
    SETTLED,
    TASKS,
    LeaseLost,
    Progress,
    Reason,
    Task,
    TaskState,
    is_abandoned,
    n_tries,
)
from core.queue.turns import turn_anew

# The fence: of the task :this while the attempt :mine runs it.
_HELD = sa.update(TASKS).where(
    TASKS.c.id == sa.bindparam("this"),
    TASKS.c.attempt == sa.bindparam("mine"),
    TASKS.c.state == TaskState.RUNNING,
)


def beat(
    session: Session,
    *,
    task_id: UUID,
    attempt: int,
    lease_s: float,
    checkpoint: dict[str, Any] | None = None,
    **progress: Unpack[Progress],
) -> bool:
    """Renew the lease and note the progress; True if a cancel is asked for.

    checkpoint: where the next attempt goes on. If it is another than before, this attempt counts no more.
    This is the fence: a transaction in which a worker writes for a task begins with it (or is
    `settle`, which is fenced alike). Raises LeaseLost when `attempt` no longer counts: roll back.
    """
    values: dict[str, Any] = {"lease_until": now_plus(lease_s), "timed_at": now_plus(), **progress}
    if checkpoint is not None:
        is_newer = TASKS.c.checkpoint.is_distinct_from(sa.literal(checkpoint, Json))
        writer = sa.case((is_newer, TASKS.c.attempt), else_=TASKS.c.checkpoint_attempt)
        values |= {"checkpoint": checkpoint, "checkpoint_attempt": writer}
    beaten = _HELD.values(values).returning(TASKS.c.cancel_requested)
    (cancel_requested,) = _fenced(session, beaten, task_id=task_id, attempt=attempt)
    return bool(cancel_requested)


def settle(
    session: Session,
    *,
    task_id: UUID,
    attempt: int,
    state: TaskState,
    result: dict[str, Any] | None = None,
    reason: Reason | None = None,
    **progress: Unpack[Progress],
) -> Task:
    """Settle a task that this attempt is running; its resource follows. A success has done all there was.

    Raises LeaseLost.
    """
    assert state in SETTLED
    given = {"result": result, "error": reason.to_json() if reason else None, **progress}
    new = {f"new_{name}": value for name, value in given.items()}
    settling = _settling(state, tuple(progress))
    return followed(session, _fenced(session, settling, task_id=task_id, attempt=attempt, **new))


@lru_cache(maxsize=N_KEPT)
def _settling(state: TaskState, noted: tuple[str, ...]) -> ReturningUpdate[*tuple[Any, ...]]:
    """For the task :this and the attempt :mine. noted: of done and total, what is given."""
    values: dict[str, Any] = {
        name: sa.bindparam(f"new_{name}", type_=TASKS.c[name].type) for name in ("result", "error", *noted)
    }
    if state is TaskState.SUCCEEDED:
        values["done"] = sa.func.coalesce(
            values.get("total", TASKS.c.total), values.get("done", TASKS.c.done)
        )
    return _HELD.values(**ended(state), **values).returning(*KEPT)


def ended(state: TaskState) -> dict[str, Any]:
    """The values of a task that is settled now: nobody holds it any more."""
    return {"state": state, "lease_owner": None, "lease_until": None, "finished_at": now_plus()}


def release(
    session: Session,
    *,
    task_id: UUID,
    attempt: int,
    delay_s: float | None = None,
    checkpoint: dict[str, Any] | None = None,
    **progress: Unpack[Progress],
) -> Task:
    """Hand a running task back; the attempt does not count. Raises LeaseLost.

    delay_s: it lines up anew, to be taken up in so long; without, it keeps its turn. checkpoint: another than was
    written. A task that somebody wanted cancelled is CANCELLED instead.
    """
    values: dict[str, Any] = {"n_released": TASKS.c.n_released + 1, **progress}
    if checkpoint is not None:
        values["checkpoint"] = checkpoint
    if delay_s is not None:
        values |= {"run_at": now_plus(delay_s) if delay_s else None, "turn": turn_anew(session, task_id)}
    return _requeue(session, task_id=task_id, attempt=attempt, values=values)


def let_go(session: Session, *, task_id: UUID, attempt: int) -> None:
    """Own a running task no more: once its lease is over, whoever is free takes it up, this worker too."""
    session.execute(_HELD.values(lease_owner=None), {"this": task_id, "mine": attempt})


def retry_later(
    session: Session,
    *,
    task_id: UUID,
    attempt: int,
    reason: Reason,
    delay_s: float | None = None,
    **progress: Unpack[Progress],
) -> Task:
    """After a failed attempt: queue it again, or fail it when the attempts are used up.

    How often it was tried is added to `reason` then. delay_s: where not as its kind says. A task that somebody wanted
    cancelled is CANCELLED instead. Raises LeaseLost.
    """
    this = sa.select(TASKS.c.kind, n_tries(), TASKS.c.max_attempts, TASKS.c.cancel_requested)
    row = session.execute(this.where(TASKS.c.id == task_id).with_for_update()).one_or_none()
    if row is None:
        raise LeaseLost(task_id=task_id, attempt=attempt)
    kind_name, n_tried, max_attempts, cancel_requested = row
    if n_tried >= max_attempts and not cancel_requested:
        return settle(
            session,
            task_id=task_id,
            attempt=attempt,
            state=TaskState.FAILED,
            reason=reason.after(n_tried),
            **progress,
        )
    if delay_s is None:
        delay_s = kind(kind_name).retry_delay_s(max(1, n_tried))
    n_progressed = TASKS.c.n_progressed + HAS_PROGRESSED
    values = {"run_at": now_plus(delay_s), "n_progressed": n_progressed, **progress}
    return _requeue(session, task_id=task_id, attempt=attempt, values=values, reason=reason)


def cancel(session: Session, *, task_id: UUID) -> Task:
    """Cancel a task: at once while it is queued or abandoned, else as soon as its worker sees it.

    The caller has checked that the task is the user's to cancel. Raises NotFound, Conflict.
    """
    # Locked first: else the task could go back to the queue between the two statements.
    this = sa.select(TASKS.c.state, is_abandoned()).where(TASKS.c.id == task_id).with_for_update()
    found = session.execute(this).one_or_none()
    if found is None:
        raise NotFound(resource="task", id=task_id)
    state, was_abandoned = found
    if state in SETTLED:
        raise Conflict(resource="task", state=state.lower(), asked="cancelled")
    if state == TaskState.QUEUED or was_abandoned:
        # Without the error of an attempt before: it was cancelled, whatever else had happened.
        values = ended(TaskState.CANCELLED) | {"cancel_requested": True, "error": None}
        return followed(session, _written(session, task_id, values))
    return Task.of(_written(session, task_id, {"cancel_requested": True}))


def fail(session: Session, *, task_id: UUID, reason: Reason) -> Task:
    """Settle a task that no worker holds and that the caller has locked; its resource follows."""
    values = ended(TaskState.FAILED) | {"error": reason.to_json()}
    return followed(session, _written(session, task_id, values))


def _written(session: Session, task_id: UUID, values: dict[str, Any]) -> TaskRow:
    """The row of a task, with these values."""
    written = sa.update(TaskRow).where(TaskRow.id == task_id).values(values).returning(TaskRow)
    return session.execute(written, execution_options={"populate_existing": True}).scalar_one()


def _requeue(
    session: Session,
    *,
    task_id: UUID,
    attempt: int,
    values: dict[str, Any],
    reason: Reason | None = None,
) -> Task:
    """Queue a task that this attempt is running; its resource follows. Raises LeaseLost.

    Nobody would see the cancel of a task that nobody runs: one that was to be cancelled is so now.
    """
    is_over = TASKS.c.cancel_requested
    error = sa.literal(reason.to_json() if reason else None, Json)
    queued = _HELD.values(
        state=sa.case((is_over, TaskState.CANCELLED.value), else_=TaskState.QUEUED.value),
        lease_owner=None,
        lease_until=None,
        error=sa.case((is_over, sa.null()), else_=error),
        finished_at=sa.case((is_over, now_plus()), else_=sa.null()),
        timed_at=now_plus(),
        published_at=None,  # the message that brought it here is used up
        **values,
    ).returning(*KEPT)
    return followed(session, _fenced(session, queued, task_id=task_id, attempt=attempt))


def _fenced(
    session: Session, statement: sa.Executable, *, task_id: UUID, attempt: int, **new: Any
) -> sa.Row[Any]:
    """What a statement behind the fence has written. Raises LeaseLost."""
    row = session.execute(statement, {"this": task_id, "mine": attempt, **new}).one_or_none()
    if row is None:
        raise LeaseLost(task_id=task_id, attempt=attempt)
    return row


def followed(session: Session, row: TaskRow | sa.Row[Any]) -> Task:
    """The moved task, after its resource has followed in the same transaction."""
    task = Task.of(row)
    kind(task.kind).follow(session, task)
    return task
