"""A queue whose every verb is one transaction, under a clock that is held."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.queue.claims import NOBODY
from core.queue.figures import Backlog
from core.queue.sqs import outbox
from core.queue.sqs.client import Notice
from tests.clocks import HeldClock
from tests.faults import steps

LEASE_S = 30.0


class Line:
    """The queue as a worker and a user see it, each verb in a transaction of its own."""

    def __init__(self, user: db.User, clock: HeldClock) -> None:
        self.user = user
        self.clock = clock

    def add(self, **options: Any) -> UUID:
        with db.session_scope(self.user, write=True) as session:
            return steps.enqueue(session, user=self.user, **options)

    def claim(self, worker_id: UUID | None = None) -> queue.Task | None:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim(session, worker_id=worker_id or uuid4(), lease_s=LEASE_S)

    def claimed(self) -> queue.Task:
        task = self.claim()
        assert task is not None, "there was nothing to claim"
        return task

    def claim_one(self, task_id: UUID, worker_id: UUID | None = None) -> queue.Task | None:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim_one(session, task_id=task_id, worker_id=worker_id or uuid4(), lease_s=LEASE_S)

    def set_aside(self, task_id: UUID) -> None:
        reason = queue.Reason(code="not_followed", message="It did not follow.")
        with db.session_scope(db.WORKER, write=True) as session:
            queue.set_aside(session, task_id=task_id, reason=reason)

    def task(self, task_id: UUID) -> queue.Task:
        return queue.Task.of(self.row(task_id))

    def beat(self, task: queue.Task, **noted: Any) -> bool:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.beat(session, task_id=task.id, attempt=task.attempt, lease_s=LEASE_S, **noted)

    def settle(
        self,
        task: queue.Task,
        state: queue.TaskState = queue.TaskState.SUCCEEDED,
        *,
        result: dict[str, Any] | None = None,
        reason: queue.Reason | None = None,
    ) -> queue.Task:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.settle(
                session, task_id=task.id, attempt=task.attempt, state=state, result=result, reason=reason,
            )  # fmt: skip

    def release(self, task: queue.Task) -> queue.Task:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.release(session, task_id=task.id, attempt=task.attempt)

    def retry_later(self, task: queue.Task, *, delay_s: float = 1.0) -> queue.Task:
        reason = queue.Reason(code="bad_luck", message="It did not work.")
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.retry_later(
                session, task_id=task.id, attempt=task.attempt, delay_s=delay_s, reason=reason,
            )  # fmt: skip

    def cancel(self, task_id: UUID) -> queue.Task:
        with db.session_scope(self.user, write=True) as session:
            return queue.cancel(session, task_id=task_id)

    def dead_letter(self, task_id: UUID) -> queue.Task | outbox.Unclaimed:
        """As when a transport gives up the message of the task's present attempt."""
        notice = Notice(task_id, self.row(task_id).attempt)
        with db.session_scope(db.WORKER, write=True) as session:
            return outbox.dead_letter(session, notice, n_deliveries=None)

    def backlog(self) -> Backlog:
        with db.session_scope(db.WORKER) as session:
            return queue.backlog(session)

    def is_ready(self, worker_id: UUID = NOBODY) -> bool:
        with db.session_scope(db.WORKER) as session:
            return bool(queue.ready_kinds(session, worker_id=worker_id))

    def row(self, task_id: UUID) -> TaskRow:
        with db.session_scope(db.WORKER) as session:
            row = session.get(TaskRow, task_id)
            assert row is not None, "there is no such task"
            return row


@pytest.fixture
def line(database: db.Database, user: db.User, clock: HeldClock) -> Line:
    """An empty queue in each kind of database."""
    steps.make_tables()
    return Line(user, clock)
