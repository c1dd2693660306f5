"""A kind of task for tests: does steps, each with an effect in the database, and can misbehave.

Payload, all optional: `n_steps`, `step_s`, `stores` (true: puts a file in storage), `lease_s` (of the
writes made behind the fence), `note` (a file that gets a line per attempt), `open_effect` (a file that
is made between the effect of `at_step` and its commit, which then waits for `open_s`), `linger_s` (a
pause before the end), and `fault` at step `at_step`: "die" (kills itself), "raise", "refuse" (an
AppError), "hang" (never answers again), "deaf" (never ends, whatever it is asked), "nul" (fails with a
text that Postgres can't hold), "nan" (a result that is not JSON), "kill worker" (takes its worker with
it). `follow_fails_at` names a state that the resource refuses to follow to.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue, settings, storage
from core.errors import Invalid

KIND = "test.steps"


class Stopped(Exception):
    """A handler's own way to end after a cancel."""


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    assert gc.isenabled(), "a child that never collects garbage would grow"
    payload = task.payload
    if note := payload.get("note"):
        with Path(note).open("a") as file:
            file.write(f"{time.time_ns()} {os.getpid()} {task.attempt}\n")
    if payload.get("stores"):
        config = settings.current()
        with storage.stage(config.staging_dir) as staged:
            staged.close()
            storage.from_settings(config).put(f"{output_prefix(task)}txt", staged.path)
    n_steps = payload.get("n_steps", 1)
    never = threading.Event()
    for step in range((task.checkpoint or {}).get("step", 0), n_steps):
        if step == payload.get("at_step", 0):
            _misbehave(payload.get("fault"))
        if job.stop_requested():
            raise Stopped
        never.wait(payload.get("step_s", 0.0))
        effect(task, step)
        job.report(step + 1, total=n_steps)
    never.wait(payload.get("linger_s", 0.0))
    return {"steps": float("nan") if payload.get("fault") == "nan" else n_steps, "attempt": task.attempt}


def output_prefix(task: queue.Task) -> str:
    return f"results/steps/{task.id}-{task.attempt}."


def effect(task: queue.Task, step: int) -> None:
    """Write one effect behind the fence, in one transaction with its checkpoint."""
    with db.session_scope(db.WORKER, write=True) as session:
        queue.beat(
            session,
            task_id=task.id,
            attempt=task.attempt,
            lease_s=task.payload.get("lease_s", 30.0),
            checkpoint={"step": step + 1},
        )
        session.execute(
            sa.text("INSERT INTO test_effects (task_id, step, attempt) VALUES (:task, :step, :attempt)"),
            {"task": str(task.id), "step": step, "attempt": task.attempt},
        )
        marker = task.payload.get("open_effect")
        if marker and step == task.payload.get("at_step", 0) and not Path(marker).exists():
            Path(marker).touch()
            threading.Event().wait(task.payload["open_s"])


def _misbehave(fault: str | None) -> None:
    match fault:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "kill worker":
            os.kill(os.getppid(), signal.SIGKILL)
            threading.Event().wait(600)
        case "raise":
            raise ZeroDivisionError("on purpose")
        case "nul":
            raise ZeroDivisionError("a\x00b \ud83d")
        case "refuse":
            raise Invalid(problem="this can't work", remedy="Try something else.")
        case "hang":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "deaf":
            threading.Event().wait(600)


def follow(session: Session, task: queue.Task) -> None:
    if task.payload.get("follow_fails_at") == task.state.value:
        raise ZeroDivisionError("the resource refuses")
    session.execute(
        sa.text("UPDATE test_resources SET status = :status, reason = :reason WHERE task_id = :task"),
        {
            "status": task.state.value,
            "reason": task.reason.code if task.reason else None,
            "task": str(task.id),
        },
    )


def make_tables() -> None:
    """Give the connected database the tables of effects and resources."""
    with db.current().writing.begin() as connection:  # as the tables' owner: not even workers make any
        connection.execute(sa.text("CREATE TABLE test_effects (task_id TEXT, step INTEGER, attempt INTEGER)"))
        connection.execute(
            sa.text("CREATE TABLE test_resources (task_id TEXT PRIMARY KEY, status TEXT, reason TEXT)")
        )


def enqueue(
    session: Session,
    *,
    user: db.User,
    kind: str = KIND,
    max_attempts: int | None = None,
    priority: int = 0,
    size: int = 0,
    dedupe_key: str | None = None,
    **payload: Any,
) -> UUID:
    """A task and its resource, in the caller's transaction."""
    task_id = queue.enqueue(
        session,
        kind_name=kind,
        user_id=user.id,
        payload=payload,
        max_attempts=max_attempts,
        priority=priority,
        size=size,
        dedupe_key=dedupe_key,
    )
    session.execute(
        sa.text("INSERT INTO test_resources (task_id, status) VALUES (:task, 'QUEUED')"),
        {"task": str(task_id)},
    )
    return task_id


def resource(task_id: UUID) -> tuple[str, str | None]:
    """Status and reason of a task's resource."""
    with db.session_scope(db.WORKER) as session:
        query = sa.text("SELECT status, reason FROM test_resources WHERE task_id = :task")
        status, reason = session.execute(query, {"task": str(task_id)}).one()
    return status, reason


def effects(task_id: UUID) -> list[int]:
    """The steps whose effects are in the database, with repetitions, in order."""
    with db.session_scope(db.WORKER) as session:
        query = sa.text("SELECT step FROM test_effects WHERE task_id = :task ORDER BY step")
        return list(session.execute(query, {"task": str(task_id)}).scalars())


def attempts(task_id: UUID) -> set[int]:
    """The attempts whose effects are in the database."""
    with db.session_scope(db.WORKER) as session:
        query = sa.text("SELECT DISTINCT attempt FROM test_effects WHERE task_id = :task")
        return set(session.execute(query, {"task": str(task_id)}).scalars())


queue.register(
    queue.Kind(
        name=KIND,
        label="Steps",
        module=__name__,
        run="tests.faults.steps:run",
        follow=follow,
        pool=queue.Pool.SCORING,
        output_prefix=output_prefix,
    )
)
