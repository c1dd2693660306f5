"""Every transaction of a running job: each begins with the fence, and many items share one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, llm, queue
from core.db.tables.base import Json
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow, BatchLogLineRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.types import now_plus
from core.generation.engine.ledger import enrichments, provider_batches
from core.generation.engine.ledger.checking import Checking
from core.generation.engine.ledger.records import Batch, Call, End, Wishes
from core.generation.engine.ledger.stored import Stored
from core.generation.jobs import spend
from core.generation.jobs.follow import lock_tasks
from core.generation.jobs.states import PENDING, ItemState, JobStatus, move_items

Answer = TypeVar("Answer")
ITEMS = cast("sa.Table", BatchItemRow.__table__)


class Ledger:
    """What is written for one job by the attempt that runs it. Methods may raise DatabaseUnavailable, LeaseLost."""

    def __init__(
        self,
        task: queue.Task,
        *,
        batch_job_id: UUID,
        user_id: UUID,
        lease_s: float,
        daily_cap: int | None,
        checking: Checking,
    ) -> None:
        self._task, self._lease_s, self._daily_cap = task, lease_s, daily_cap
        self.batch_job_id, self._user_id = batch_job_id, user_id
        self._checking = checking
        self.stored = Stored(batch_job_id)
        self._n_commits = 0

    def commit(
        self, batch: Batch, *, in_flight: int, notice: queue.Reason | None, looks_for_others: bool
    ) -> Wishes:
        """Keep what has happened, and say what is wanted.

        notice: what people should know while it runs. looks_for_others: whether it would make way for one that waits.
        """
        self._checking.compare([end.conversation for end in batch.ends if end.conversation is not None])
        with db.session_scope(db.WORKER, write=True) as session:
            self._beat(session, batch)
            if not self._holds(session, batch):
                self._write(session, batch)
            spent_today, is_denied = 0, False
            if self._daily_cap is not None:
                spent_today = spend.today_with_others(
                    session, batch_job_id=self.batch_job_id, now=datetime.now(UTC)
                )
                is_denied = bool(batch.claims) and spent_today + in_flight > self._daily_cap
            if not is_denied:
                self._claim(session, batch)
            wishes = self._wishes(
                session, in_flight=in_flight, notice=notice, looks_for_others=looks_for_others
            )
            return replace(wishes, spent_today=spent_today, are_claims_denied=is_denied)

    def fenced(self, verb: Callable[[Session], Answer]) -> Answer:
        """What a verb answers in a transaction of this attempt's; what it loads may be read afterwards."""
        with db.session_scope(db.WORKER, write=True) as session:
            self._beat(session, Batch())
            answer = verb(session)
            session.flush()
            session.expunge_all()
            return answer

    def pause_others(self, provider: llm.Provider, reason: queue.Reason) -> None:
        """Have every other job of this provider pause: those that run when they next look, the others at once."""
        these = (
            BatchJobRow.provider == provider.kind,
            BatchJobRow.status.in_(PENDING),
            BatchJobRow.id != self.batch_job_id,
            BatchJobRow.requested_status.is_distinct_from(JobStatus.CANCELLED),
        )
        others = sa.select(BatchJobRow.id, BatchJobRow.task_id, BatchJobRow.status).where(*these)
        with db.session_scope(db.WORKER, write=True) as session:
            lock_tasks(session, *these)
            others = others.order_by(BatchJobRow.id).with_for_update()
            for batch_job_id, task_id, status in session.execute(others).all():
                session.execute(
                    sa.update(BatchJobRow)
                    .where(BatchJobRow.id == batch_job_id)
                    .values(requested_status=JobStatus.PAUSED, reason=reason.to_json())
                )
                if status == JobStatus.QUEUED:
                    queue.cancel(session, task_id=task_id)
                    session.execute(
                        sa.update(BatchJobRow)
                        .where(BatchJobRow.id == batch_job_id)
                        .values(reason=reason.to_json())
                    )

    def _beat(self, session: Session, batch: Batch) -> None:
        """The fence; an attempt that has settled an item does not count towards the maximum."""
        is_further = any(end.state is not ItemState.QUEUED for end in batch.ends)
        self._n_commits += is_further
        queue.beat(
            session,
            task_id=self._task.id,
            attempt=self._task.attempt,
            lease_s=self._lease_s,
            checkpoint={"attempt": self._task.attempt, "n": self._n_commits} if is_further else None,
        )

    def _holds(self, session: Session, batch: Batch) -> bool:
        """Whether it was kept by a transaction of which nobody heard how it ended."""
        was_tried, batch.was_tried = batch.was_tried, True
        made = [end.conversation["id"] for end in batch.ends if end.conversation is not None]
        if was_tried and batch.calls:
            return session.get(BatchCallRow, batch.calls[0].id) is not None
        return was_tried and bool(made) and session.get(ConversationRow, made[0]) is not None

    def _write(self, session: Session, batch: Batch) -> None:
        """Keep requests, ends, lines, and which replies have reached storage."""
        if batch.calls:
            session.execute(sa.insert(BatchCallRow), [self._call_values(call) for call in batch.calls])
        if any(end.enrichment for end in batch.ends):
            enrichments.keep(session, batch, batch_job_id=self.batch_job_id, user_id=self._user_id)
        self._settle(session, batch.ends)
        if batch.lines:
            told = [
                {"batch_job_id": self.batch_job_id, "level": level, "text": text}
                for level, text in batch.lines
            ]
            session.execute(sa.insert(BatchLogLineRow), told)
        if batch.moved:
            these = BatchCallRow.batch_job_id == self.batch_job_id, BatchCallRow.raw_key.in_(batch.moved)
            session.execute(sa.update(BatchCallRow).where(*these).values(raw=None))

    def _call_values(self, call: Call) -> dict[str, Any]:
        usage = call.usage
        return {
            "id": call.id,
            "batch_job_id": self.batch_job_id,
            "item_idx": call.item_idx,
            "n": call.n,
            "model": call.model,
            "status": call.status,
            "code": call.code,
            "stop_reason": call.stop_reason,
            "n_input": usage.n_input if usage else 0,
            "n_output": usage.n_output if usage else 0,
            "n_cache_read": usage.n_cache_read if usage else 0,
            "n_cache_write": usage.n_cache_write_5m + usage.n_cache_write_1h if usage else 0,
            "cost": call.cost,
            "is_repeated": call.is_repeated,
            "latency_s": call.latency_s,
            "raw_key": call.raw_key,
            "raw": call.raw,
            "asked_at": call.asked_at,
        }

    def _settle(self, session: Session, ends: Sequence[End]) -> None:
        made = [end for end in ends if end.conversation is not None]
        if made:
            rows = [{"user_id": self._user_id, **(end.conversation or {})} for end in made]
            session.execute(sa.insert(ConversationRow), rows)
        if not ends:
            return
        given = [
            {
                "this": end.item.id,
                "to": end.state.value,
                "made": _about(end),
                "why": end.reason.to_json() if end.reason else None,
                "asked": end.item.n_asked,
                "bad": end.item.n_bad,
                "failed": end.item.n_failed,
            }
            for end in ends
        ]
        session.connection().execute(_SETTLED, given)

    def _claim(self, session: Session, batch: Batch) -> None:
        if batch.claims:
            mine = BatchItemRow.id.in_([item.id for item in batch.claims])
            move_items(session, mine, to=ItemState.PROCESSING, n_asked=BatchItemRow.n_asked + 1)
        if batch.intended is not None:
            idxs = [item.idx for item in batch.claims]
            provider_batches.intend(session, batch.intended, batch_job_id=self.batch_job_id, idxs=idxs)

    def _wishes(
        self, session: Session, *, in_flight: int, notice: queue.Reason | None, looks_for_others: bool
    ) -> Wishes:
        told = sa.literal(notice.to_json() if notice else None, Json)
        of_pool = queue.known_kinds(queue.Pool.GENERATION)
        job = session.execute(
            sa.update(BatchJobRow)
            .where(BatchJobRow.id == self.batch_job_id)
            .values(
                in_flight=in_flight,
                reason=sa.case((BatchJobRow.requested_status.is_(None), told), else_=BatchJobRow.reason),
            )
            .returning(BatchJobRow.requested_status, BatchJobRow.reason, BatchJobRow.max_cost)
        ).one_or_none()
        if job is None:
            raise queue.TaskStopped(task_id=self._task.id)
        return Wishes(
            wants_pause=job.requested_status == JobStatus.PAUSED,
            wants_cancel=job.requested_status == JobStatus.CANCELLED,
            reason=queue.Reason.from_json(job.reason) if job.reason else None,
            others_wait=looks_for_others and bool(queue.ready_kinds(session, kinds=of_pool)),
            max_cost=job.max_cost,
        )


def _about(end: End) -> UUID | None:
    """The conversation that an item has come to."""
    if end.enrichment is not None:
        return UUID(end.item.params["conversation"])
    found: UUID | None = end.conversation["id"] if end.conversation else None
    return found


_SETTLED = (
    sa.update(ITEMS)
    .where(ITEMS.c.id == sa.bindparam("this"), ITEMS.c.state == ItemState.PROCESSING.value)
    .values(
        state=sa.bindparam("to"),
        conversation_id=sa.bindparam("made", type_=ITEMS.c.conversation_id.type),
        error=sa.bindparam("why", type_=ITEMS.c.error.type),
        n_asked=sa.bindparam("asked"),
        n_bad=sa.bindparam("bad"),
        n_failed=sa.bindparam("failed"),
        updated_at=now_plus(),
    )
)
