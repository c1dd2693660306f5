"""Keeping what was found out about conversations, where their words are still those that were asked about.

Neither status nor row version changes: whoever reads one meanwhile decides on what they have read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.generation.batch_jobs import BatchCallRow
from core.db.tables.generation.conversations import ConversationRow
from core.errors import AppError
from core.generation.engine.ledger.records import Batch, End
from core.generation.enrichment.errors import ConversationGone, WordsChanged
from core.generation.jobs.states import ItemState

CONVERSATIONS = cast("sa.Table", ConversationRow.__table__)
_KEPT = (
    sa.update(CONVERSATIONS)
    .where(
        CONVERSATIONS.c.id == sa.bindparam("this"), CONVERSATIONS.c.content_sha256 == sa.bindparam("asked")
    )
    .values(enrichment=sa.bindparam("found", type_=CONVERSATIONS.c.enrichment.type))
)


def keep(session: Session, batch: Batch, *, batch_job_id: UUID, user_id: UUID) -> None:
    """Write the enrichments of a batch; an item whose conversation is gone or has other words has failed.

    Of one that is gone nothing stays, or its words would outlive it in what was answered about them.
    """
    ids = sorted({UUID(end.item.params["conversation"]) for end in batch.ends if end.enrichment})
    row = ConversationRow
    held = sa.select(row.id, row.content_sha256).where(row.id.in_(ids), row.user_id == user_id)
    now = {one.id: one.content_sha256 for one in session.execute(held.order_by(row.id).with_for_update())}
    kept = []
    for at, end in enumerate(batch.ends):
        if end.enrichment is None:
            continue
        this, asked = UUID(end.item.params["conversation"]), end.item.params["content_sha256"]
        if now.get(this) == asked:
            kept.append({"this": this, "asked": asked, "found": end.enrichment})
            continue
        why = WordsChanged() if this in now else ConversationGone(resource="conversation", id=this)
        batch.ends[at] = _failed(end, why)
        if this not in now:
            batch.forgotten.append(end.item)
        batch.lines.append(("warning", f"Item {end.item.idx + 1} failed: {why.message}"))
    if batch.forgotten:
        idxs = [item.idx for item in batch.forgotten]
        calls = BatchCallRow.batch_job_id == batch_job_id, BatchCallRow.item_idx.in_(idxs)
        session.execute(sa.update(BatchCallRow).where(*calls).values(raw=None, raw_key=None))
    if kept:
        session.connection().execute(_KEPT, sorted(kept, key=lambda one: str(one["this"])))


def _failed(end: End, why: AppError) -> End:
    return replace(end, state=ItemState.FAILED, enrichment=None, reason=queue.Reason.of(why))
