"""The enrichment that follows a job by itself, in the transaction in which the job is completed.

It gets what the job's cap leaves, and the job itself can no longer spend that: both together never pass the cap.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow, BatchLogLineRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation import hidden
from core.generation.enrichment import enrichment, pending
from core.generation.jobs import progress
from core.generation.jobs.states import SETTLED
from core.generation.templates.enrichment_text import ENRICHMENT
from core.llm.prices import usd

LONGEST_NAME = 200


def begin(session: Session, *, batch_job_id: UUID, enqueue: Callable[..., UUID]) -> UUID | None:
    """Have the conversations of a job enriched that are not yet; the new job, where there is one.

    enqueue(session, batch_job_id, user_id, n_items=): makes its task.
    """
    parent = session.get_one(BatchJobRow, batch_job_id)
    pending.hold(session, user_id=parent.user_id)
    if not (found := _left(session, parent)):
        return None
    if session.get(PromptTemplateRow, ENRICHMENT.id) is None:  # the app is older than this worker
        _tell(
            session, parent.id, "warning", "Nothing is enriched: restart the app, then enrich these by hand."
        )
        return None
    cap = None
    if parent.max_cost is not None:
        cap = parent.max_cost - _spent(session, parent.id) - given_away(session, batch_job_id=parent.id)
        if cap <= 0:
            told = f"Nothing is enriched, as nothing is left of the limit of {usd(parent.max_cost)}."
            _tell(session, parent.id, "warning", told)
            return None
    job_id = _add(session, parent, found, cap=cap, enqueue=enqueue)
    most = "" if cap is None else f", for {usd(cap)} at most"
    _tell(session, parent.id, "info", f"{len(found):,} conversations are enriched by another job{most}.")
    return job_id


def given_away(session: Session, *, batch_job_id: UUID) -> int:
    """What of a job's cap its enrichments have spent, or may spend as long as they have not ended; nano-dollars."""
    jobs = sa.select(BatchJobRow.id, BatchJobRow.status, BatchJobRow.max_cost).where(
        BatchJobRow.parent_id == batch_job_id
    )
    return sum(
        _spent(session, job.id) if job.status in SETTLED else max(job.max_cost or 0, _spent(session, job.id))
        for job in session.execute(jobs).all()
    )


def newest(session: Session, *, batch_job_id: UUID) -> BatchJobRow | None:
    """The last enrichment that has followed a job; the caller may see it."""
    jobs = sa.select(BatchJobRow).where(BatchJobRow.parent_id == batch_job_id, hidden.is_job_shown())
    return session.execute(jobs.order_by(BatchJobRow.created_at.desc()).limit(1)).scalar_one_or_none()


def _spent(session: Session, batch_job_id: UUID) -> int:
    return progress.of(session, batch_job_id=batch_job_id).cost


def _left(session: Session, parent: BatchJobRow) -> list[tuple[UUID, str]]:
    """The conversations that none has enriched and none is about to, in the order of their items."""
    row = ConversationRow
    rows = sa.select(row.id, row.content_sha256).where(
        row.batch_job_id == parent.id,
        row.user_id == parent.user_id,
        is_not_enriched(),
        hidden.is_shown(session),
    )
    taken = pending.ids(session, user_id=parent.user_id)
    found = session.execute(rows.order_by(row.idx)).all()
    return [(one.id, one.content_sha256) for one in found if one.id not in taken]


def is_not_enriched() -> sa.ColumnElement[bool]:
    """Of `ConversationRow`."""
    return ConversationRow.enrichment.is_(None)


def _add(
    session: Session,
    parent: BatchJobRow,
    found: list[tuple[UUID, str]],
    *,
    cap: int | None,
    enqueue: Callable[..., UUID],
) -> UUID:
    job_id = uuid4()
    task_id = enqueue(session, job_id, parent.user_id, n_items=len(found))
    job = BatchJobRow(
        id=job_id, user_id=parent.user_id, name=f"Enrich {parent.name}"[:LONGEST_NAME], template_id=ENRICHMENT.id,
        kind="enrich", mode=parent.mode, provider=parent.provider, model=parent.model, parent_id=parent.id,
        concurrency=parent.concurrency, max_tokens=enrichment.max_tokens(parent.model), max_cost=cap,
        n_items=len(found), task_id=task_id,
    )  # fmt: skip
    session.add(job)
    session.flush()
    session.execute(sa.insert(BatchItemRow), items(job_id, found))
    return job_id


def items(batch_job_id: UUID, found: list[tuple[UUID, str]]) -> list[dict[str, object]]:
    """The items of a job that enriches these: id and hash of each."""
    return [
        {
            "id": uuid4(),
            "batch_job_id": batch_job_id,
            "idx": idx,
            "params": {"conversation": str(row_id), "content_sha256": content_sha256},
        }
        for idx, (row_id, content_sha256) in enumerate(found)
    ]


def _tell(session: Session, batch_job_id: UUID, level: str, text: str) -> None:
    session.execute(
        sa.insert(BatchLogLineRow), [{"batch_job_id": batch_job_id, "level": level, "text": text}]
    )
