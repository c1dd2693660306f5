"""Batch jobs: what a user can ask for, from the first click to the last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import db, queue
from core.access import audit, ownership
from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.errors import Conflict, NotFound
from core.generation import hidden
from core.generation.engine.ledger import provider_batches
from core.generation.errors import CapTooLow
from core.generation.jobs import progress, spend
from core.generation.jobs.drafts import PILOT, Draft, require_cap
from core.generation.jobs.follow import enqueue, has_items_in_flight, lock_tasks
from core.generation.jobs.states import (
    JOB_TRANSITIONS,
    OPEN_ITEMS,
    PENDING,
    SETTLED,
    ItemState,
    JobStatus,
    move_items,
)
from core.llm.prices import usd

RETRIED_FROM = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})


def create(session: Session, draft: Draft, *, estimate: dict[str, Any] | None = None) -> BatchJobRow:
    """Make the job, its items and its task, in the caller's transaction. Raises CapMissing, CapTooLow."""
    require_cap(draft)
    wanted, user_id = draft.wanted, db.owner(session)
    task_id = enqueue(session, draft.batch_job_id, user_id, n_items=len(draft.rows))
    job = BatchJobRow(
        id=draft.batch_job_id,
        user_id=user_id,
        name=wanted.name,
        template_id=draft.template.id,
        choice=draft.choice,
        kind=draft.kind,
        mode=wanted.mode,
        provider=draft.provider.kind.value,
        model=draft.model,
        concurrency=wanted.concurrency,
        max_tokens=wanted.max_tokens,
        max_cost=wanted.max_cost if draft.provider.costs_money else None,
        n_items=len(draft.rows),
        pause_after=PILOT if wanted.pilot and len(draft.rows) > PILOT else None,
        auto_enrich=wanted.auto_enrich,
        estimate=estimate,
        task_id=task_id,
    )
    session.add(job)
    session.flush()
    session.execute(sa.insert(BatchItemRow), list(draft.rows))
    audit.note(session, "batch_job.created", subject(job), items=len(draft.rows), model=draft.model)
    return job


def subject(job: BatchJobRow) -> audit.Subject:
    """A job, as the audit trail names it."""
    return audit.Subject("batch_job", job.id, job.name)


def get(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """One job with its template and task; an admin sees others' too. Raises NotFound."""
    found = session.execute(
        whole().where(
            BatchJobRow.id == batch_job_id,
            ownership.seen(session, BatchJobRow.user_id),
            hidden.is_job_shown(),
        )
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="batch job", id=batch_job_id)
    return found


def whole() -> sa.Select[BatchJobRow]:
    """Every job, joined with its template and task."""
    return (
        sa.select(BatchJobRow)
        .join(PromptTemplateRow, BatchJobRow.template_id == PromptTemplateRow.id)
        .join(TaskRow, BatchJobRow.task_id == TaskRow.id)
        .options(contains_eager(BatchJobRow.template), contains_eager(BatchJobRow.task))
    )


def pause(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """At once while it waits, else as soon as the requests under way are done.

    Raises NotFound, OwnedByAnother, Conflict.
    """
    job = locked(session, batch_job_id=batch_job_id)
    if job.status not in PENDING or job.requested_status == JobStatus.CANCELLED:
        state = job.status if job.status not in PENDING else "being cancelled"
        raise Conflict(resource="batch job", state=state, asked="paused")
    _update(session, job, requested_status=JobStatus.PAUSED, reason=None)
    if queue.claimable_kind(session, task_id=job.task_id) is not None:  # nobody runs it
        queue.cancel(session, task_id=job.task_id)
    audit.note(session, "batch_job.paused", subject(job))
    return _again(session, job)


def resume(session: Session, *, batch_job_id: UUID, max_cost: int | None = None) -> BatchJobRow:
    """Go on with a paused job, as a new task. max_cost: another limit, in nano-dollars.

    Raises NotFound, OwnedByAnother, Conflict, CapTooLow where more is spent already.
    """
    job = locked(session, batch_job_id=batch_job_id)
    if job.status != JobStatus.PAUSED:
        raise Conflict(resource="batch job", state=job.status, asked="resumed")
    values: dict[str, Any] = {"pause_after": None}
    if max_cost is not None and job.max_cost is not None:
        spent = progress.of(session, batch_job_id=job.id).cost
        if max_cost <= spent:
            raise CapTooLow(cap=usd(max_cost), worst=f"more: {usd(spent)} are spent already")
        values["max_cost"] = max_cost
    return _queued_again(session, job, "batch_job.resumed", **values)


def retry_failed(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """Ask again for what has failed, as a new task. Raises NotFound, OwnedByAnother, Conflict."""
    job = locked(session, batch_job_id=batch_job_id)
    if job.status not in RETRIED_FROM:
        raise Conflict(resource="batch job", state=job.status, asked="retried until it has ended")
    failed = BatchItemRow.batch_job_id == job.id, BatchItemRow.state == ItemState.FAILED
    n_moved = move_items(session, *failed, to=ItemState.QUEUED, n_bad=0, n_failed=0, error=None)
    if not n_moved and not progress.of(session, batch_job_id=job.id).remaining:
        raise Conflict(resource="batch job", state="done: no item has failed", asked="retried")
    return _queued_again(session, job, "batch_job.retried")


def cancel(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """At once while nobody runs it, else as soon as its worker sees it; what is under way may still come.

    Raises NotFound, OwnedByAnother, Conflict.
    """
    job = locked(session, batch_job_id=batch_job_id)
    if job.status in SETTLED:
        raise Conflict(resource="batch job", state=job.status, asked="cancelled")
    is_idle = queue.claimable_kind(session, task_id=job.task_id) is not None or job.status == JobStatus.PAUSED
    has_more = provider_batches.has_open(session, batch_job_id=job.id) or (
        is_idle and has_items_in_flight(session, job.id)
    )  # to be cancelled at the provider first, or to be counted
    if job.status == JobStatus.PAUSED and has_more:
        return _queued_again(session, job, "batch_job.cancelled", requested_status=JobStatus.CANCELLED)
    if job.status == JobStatus.PAUSED:
        moved = queue.move(
            session, BatchJobRow, BatchJobRow.id == job.id, to=JobStatus.CANCELLED,
            transitions=JOB_TRANSITIONS, finished_at=now_plus(), reason=None, requested_status=None,
        )  # fmt: skip
        assert moved, "the row is locked"
        still_open = BatchItemRow.batch_job_id == job.id, BatchItemRow.state.in_(OPEN_ITEMS)
        move_items(session, *still_open, to=ItemState.CANCELLED)
    else:
        _update(session, job, requested_status=JobStatus.CANCELLED, reason=None)
        if has_more:
            queue.prioritize(session, task_id=job.task_id)
        else:
            queue.cancel(session, task_id=job.task_id)
    audit.note(session, "batch_job.cancelled", subject(job))
    return _again(session, job)


def deletable(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """The job, held, if it can be deleted: it has ended or is paused. Raises NotFound, OwnedByAnother, Conflict."""
    job = locked(session, batch_job_id=batch_job_id)
    if job.status in PENDING:
        raise Conflict(resource="batch job", state=job.status, asked="deleted until it ends or is cancelled")
    if spend.is_of_today(
        session, batch_job_id=job.id, now=datetime.now(UTC)
    ):  # else the day's limit would have it back
        raise Conflict(
            resource="batch job", state="part of today's spending", asked="deleted before tomorrow, UTC"
        )
    return job


def items(
    session: Session,
    *,
    batch_job_id: UUID,
    state: ItemState | None = None,
    after_idx: int = -1,
    limit: int = 50,
) -> Sequence[BatchItemRow]:
    """The items of a job that may be seen, in their order."""
    rows = sa.select(BatchItemRow).where(
        BatchItemRow.batch_job_id == batch_job_id, BatchItemRow.idx > after_idx
    )
    if state is not None:
        rows = rows.where(BatchItemRow.state == state)
    return session.execute(rows.order_by(BatchItemRow.idx).limit(limit)).scalars().all()


def _queued_again(session: Session, job: BatchJobRow, action: str, **values: Any) -> BatchJobRow:
    task_id = enqueue(session, job.id, job.user_id, n_items=job.n_items)
    moved = queue.move(
        session, BatchJobRow, BatchJobRow.id == job.id, to=JobStatus.QUEUED, transitions=JOB_TRANSITIONS,
        **{"requested_status": None, **values}, task_id=task_id, reason=None, finished_at=None, by_hand=False,
    )  # fmt: skip
    assert moved, "the row is locked, so its status is still what was just read"
    audit.note(session, action, subject(job))
    return _again(session, job)


def _update(session: Session, job: BatchJobRow, **values: Any) -> None:
    changed = sa.update(BatchJobRow).where(BatchJobRow.id == job.id).values(updated_at=now_plus(), **values)
    session.execute(changed, execution_options={"synchronize_session": False})


def _again(session: Session, job: BatchJobRow) -> BatchJobRow:
    session.expire(job)
    return get(session, batch_job_id=job.id)


def locked(session: Session, *, batch_job_id: UUID) -> BatchJobRow:
    """The user's job, which nobody else changes before this transaction ends. Raises NotFound, OwnedByAnother."""
    mine = BatchJobRow.id == batch_job_id, BatchJobRow.user_id == db.owner(session), hidden.is_job_shown()
    lock_tasks(session, *mine)
    this = sa.select(BatchJobRow).where(*mine)
    found = session.execute(
        this.with_for_update(), execution_options={"populate_existing": True}
    ).scalar_one_or_none()
    if found is None:
        job = get(session, batch_job_id=batch_job_id)
        ownership.require_own(session, job.user_id, resource="batch job")
        raise NotFound(resource="batch job", id=batch_job_id)
    return found
