"""Enrichments from end to end, in a few words: conversations, a job about them, and replies to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from core import db, llm
from core.db.tables.generation.conversations import ConversationRow
from core.generation.enrichment import drafts
from core.generation.enrichment.drafts import Wanted
from core.generation.jobs import estimate
from core.generation.templates import shipped
from tests.batches import NANO, Bench
from tests.servers.claude import Answer, message

FOUND = {
    "topics": ["late parcel", "tracking"],
    "emotion": "worried",
    "difficulty": "easy",
    "summary": "A parcel is late, and the assistant says when it comes.",
}


def reply(found: object = FOUND, **more: Any) -> Answer:
    """A reply that holds this."""
    return Answer(body=message(json.dumps(found)), **more)


def create(
    bench: Bench, ids: Sequence[UUID] | None = None, *, max_cost_usd: float | None = 5.0, **wanted: Any
) -> UUID:
    """A job that waits."""
    shipped.ensure()
    cap = None if max_cost_usd is None else round(max_cost_usd * NANO)
    named = None if ids is None else tuple(ids)
    provider = llm.provider(bench.settings)
    made = drafts.draft(bench.user, provider=provider, wanted=Wanted(ids=named, max_cost=cap, **wanted))
    assert made.draft is not None
    expected = estimate.of(bench.user, draft=made.draft, provider=provider)
    with db.session_scope(bench.user, write=True) as session:
        return drafts.create(session, made.draft, estimate=expected.to_json()).id


def found(ids: Sequence[UUID]) -> list[Mapping[str, Any] | None]:
    """What is known of these."""
    row = ConversationRow
    with db.session_scope(db.WORKER) as session:
        known = {
            one.id: one.enrichment
            for one in session.execute(sa.select(row.id, row.enrichment).where(row.id.in_(ids)))
        }
    return [known.get(row_id) for row_id in ids]
