"""Every transaction of a runner: what it claims, notes, settles and hands back, and that it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core import db, queue
from core.db.types import Clock
from core.queue import retention, workers
from core.queue.sqs import outbox
from core.queue.sqs.client import Notice
from core.queue.sqs.outbox import Unclaimed
from core.worker.slots import Outcome


@dataclass(frozen=True)
class Ledger:
    """Writes as the worker `worker_id`; each method is one transaction and may raise DatabaseUnavailable."""

    worker_id: UUID
    lease_s: float
    clock: Clock

    def claim_next(self, *, unsent_s: float | None = None) -> queue.Task | None:
        """The next task, if there is any. On SQLite a read comes first, so that idling takes no write lock."""
        if db.current().is_sqlite:
            with db.session_scope(db.WORKER) as session:
                if not queue.is_ready(session, unsent_s=unsent_s, clock=self.clock):
                    return None
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim(
                session,
                worker_id=self.worker_id,
                lease_s=self.lease_s,
                unsent_s=unsent_s,
                clock=self.clock,
            )

    def claim_one(self, task_id: UUID) -> queue.Task | None:
        """Exactly this task, unless somebody else has it."""
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim_one(
                session, task_id=task_id, worker_id=self.worker_id, lease_s=self.lease_s, clock=self.clock
            )

    def claim_named(self, notice: Notice) -> queue.Task | Unclaimed:
        """The task that a message names, or what is to become of the message."""
        with db.session_scope(db.WORKER, write=True) as session:
            return outbox.claim_named(
                session, notice, worker_id=self.worker_id, lease_s=self.lease_s, clock=self.clock
            )

    def publish(self, *, lost_after_s: float | None) -> list[Notice]:
        """What is to be sent now, noted as sent: a read first, as when claiming."""
        with db.session_scope(db.WORKER) as session:
            if not outbox.is_due(session, lost_after_s=lost_after_s, clock=self.clock):
                return []
        with db.session_scope(db.WORKER, write=True) as session:
            return outbox.publish(session, lost_after_s=lost_after_s, clock=self.clock)

    def take_back(self, notices: Sequence[Notice]) -> None:
        """Note that these were not sent."""
        with db.session_scope(db.WORKER, write=True) as session:
            outbox.take_back(session, notices)

    def dead_letter(self, notice: Notice, *, n_deliveries: int | None) -> queue.Task | Unclaimed:
        """Fail the task of a dead letter, or say what is to become of the letter."""
        with db.session_scope(db.WORKER, write=True) as session:
            return outbox.dead_letter(session, notice, n_deliveries=n_deliveries, clock=self.clock)

    def beat(self, task: queue.Task, progress: dict[str, Any] | None) -> bool:
        """Renew the lease and note progress; True if a cancel is asked for. Raises LeaseLost."""
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.beat(
                session,
                task_id=task.id,
                attempt=task.attempt,
                lease_s=self.lease_s,
                clock=self.clock,
                **(progress or {}),
            )

    def settle(self, task: queue.Task, outcome: Outcome, progress: dict[str, Any] | None) -> None:
        """Write how a task ended, or queue it once more after a passing failure. Raises LeaseLost."""
        with db.session_scope(db.WORKER, write=True) as session:
            if outcome.transient and outcome.reason is not None:
                queue.retry_later(
                    session,
                    task_id=task.id,
                    attempt=task.attempt,
                    delay_s=2 ** (task.attempt - 1) / 2,
                    reason=outcome.reason,
                    clock=self.clock,
                    **(progress or {}),
                )
            else:
                queue.settle(
                    session,
                    task_id=task.id,
                    attempt=task.attempt,
                    state=outcome.state,
                    result=outcome.result,
                    reason=outcome.reason,
                    clock=self.clock,
                    **(progress or {}),
                )

    def release(self, task: queue.Task, progress: dict[str, Any] | None) -> None:
        """Hand a task back with the progress it made. Raises LeaseLost."""
        with db.session_scope(db.WORKER, write=True) as session:
            queue.release(
                session, task_id=task.id, attempt=task.attempt, clock=self.clock, **(progress or {})
            )

    def be_present(self, *, slots: int, is_embedded: bool) -> None:
        """Say that this worker is alive."""
        with db.session_scope(db.WORKER, write=True) as session:
            workers.beat(
                session, worker_id=self.worker_id, slots=slots, is_embedded=is_embedded, clock=self.clock
            )

    def sweep(self, *, tasks_after_s: float) -> bool:
        """Forget what nobody asks for any more; False when there is more of it."""
        with db.session_scope(db.WORKER) as session:
            found = retention.find(session, tasks_after_s=tasks_after_s, clock=self.clock)
        if found:
            with db.session_scope(db.WORKER, write=True) as session:
                retention.remove(session, found, clock=self.clock)
        return found.is_all

    def leave(self) -> None:
        """Say that this worker ends."""
        with db.session_scope(db.WORKER, write=True) as session:
            workers.leave(session, worker_id=self.worker_id, clock=self.clock)
