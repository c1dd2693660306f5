"""The queue's own SQL without the queue: recorded from the product, replayed by bare psycopg loops.

What it says is how fast Postgres and two processes can be with these very statements; the rest is ours.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import psycopg.rows
import sqlalchemy as sa
from sqlalchemy import event

from core import db, queue
from core.db import postgres
from core.queue.wakeup import CHANNEL

Statements = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Recorded:
    """What a worker sends for one task: transactions, each a list of statements with their parameters."""

    claim: list[Statements]
    settle: list[Statements]
    task_id: UUID
    attempt: int


def record(database: db.Database, add: Callable[[], object]) -> Recorded:
    """Do one task that `add` enqueues by the transactions of dispatcher and supervisor; their statements."""
    seen: list[Statements] = []

    def begun(_connection: sa.Connection) -> None:
        seen.append([])

    def asked(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen[-1].append((statement, dict(parameters)))

    add()
    event.listen(database.engine, "begin", begun)
    event.listen(database.engine, "before_cursor_execute", asked)
    try:
        with db.session_scope(db.WORKER) as session:
            kinds = queue.ready_kinds(session)
        with db.session_scope(db.WORKER, write=True) as session:
            task = queue.claim(session, kinds=kinds, worker_id=uuid4(), lease_s=30.0)
        assert task is not None
        claim, seen = seen, []
        with db.session_scope(db.WORKER, write=True) as session:
            queue.settle(
                session, task_id=task.id, attempt=task.attempt, state=queue.TaskState.SUCCEEDED, result={}
            )
        settle = seen
    finally:
        event.remove(database.engine, "begin", begun)
        event.remove(database.engine, "before_cursor_execute", asked)
    return Recorded(claim=claim, settle=settle, task_id=task.id, attempt=task.attempt)


def per_second(url: str, recorded: Recorded, *, n_tasks: int, n_workers: int) -> float:
    """No-op tasks that so many bare loops do in a second; `n_tasks` are queued already."""
    with multiprocessing.get_context("spawn").Pool(n_workers) as pool:
        pool.starmap(_drain, [(url, recorded, 0)] * n_workers)  # connect and import first
        started_at = time.monotonic()
        done = pool.starmap(_drain, [(url, recorded, n_tasks)] * n_workers)
        seconds = time.monotonic() - started_at
    assert sum(done) == n_tasks, f"{sum(done)} of {n_tasks} tasks were done"
    return n_tasks / seconds


def start_p50_ms(
    url: str, recorded: Recorded, add: Callable[[], object], *, n_samples: int, pause_s: float
) -> float:
    """From before the enqueueing transaction to the claim's commit in a loop that listens, in this process.

    pause_s: before each, as long as the product's own figure waits: a processor that was idle is slower at first.
    """
    waited = []
    with postgres.connect(url) as listening, postgres.connect(url) as connection:
        listening.execute(f"LISTEN {CHANNEL}")
        for _ in range(n_samples):
            time.sleep(pause_s)
            asked_at = time.monotonic()
            add()
            assert next(listening.notifies(timeout=10, stop_after=1), None) is not None
            task = _claim(connection, recorded)
            waited.append(time.monotonic() - asked_at)
            assert task is not None
            _settle(connection, recorded, *task)
    return statistics.median(waited) * 1000


def _drain(url: str, recorded: Recorded, n_at_most: int) -> int:
    n_done = 0
    with postgres.connect(url) as connection:
        connection.prepare_threshold = 5
        while n_done < n_at_most and (task := _claim(connection, recorded)) is not None:
            _settle(connection, recorded, *task)
            n_done += 1
    return n_done


def _claim(connection: psycopg.Connection[Any], recorded: Recorded) -> tuple[UUID, int] | None:
    row = None
    for transaction in recorded.claim:
        row = _run(connection, transaction, recorded)
    return (row["id"], row["attempt"]) if row else None


def _settle(connection: psycopg.Connection[Any], recorded: Recorded, task_id: UUID, attempt: int) -> None:
    for transaction in recorded.settle:
        _run(connection, transaction, recorded, task_id=task_id, attempt=attempt)


def _run(
    connection: psycopg.Connection[Any],
    transaction: Statements,
    recorded: Recorded,
    *,
    task_id: UUID | None = None,
    attempt: int = 1,
) -> dict[str, Any] | None:
    """The row of the transaction's last statement that gave any; None once one that looks for a task finds none.

    task_id: stands for the recorded one; None until a statement has found it.
    """
    opening = postgres.opening(db.WORKER, has_row_security=True)
    assert opening is not None
    connection.execute(opening, prepare=False)
    row: dict[str, Any] | None = None
    for statement, parameters in transaction:
        instead: dict[object, object] = {recorded.task_id: task_id, str(recorded.task_id): str(task_id)}
        values = {
            name: attempt
            if name.startswith("attempt")
            else instead.get(value, value)
            if _hashable(value)
            else value
            for name, value in parameters.items()
        }
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        cursor.execute(statement.encode(), values)
        if cursor.description is None:
            continue
        found = cursor.fetchone()
        if found is None and task_id is None:
            row = None
            break
        row = found or row
        if task_id is None and found is not None:
            task_id = found.get("id")
    connection.execute("COMMIT")
    return row


def _hashable(value: object) -> bool:
    return isinstance(value, str | int | float | UUID | None)
