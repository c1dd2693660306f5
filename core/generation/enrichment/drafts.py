"""A job that enriches conversations, before it is made and as it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, llm
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Filter
from core.generation.engine.requests import prompts
from core.generation.enrichment import automatic, enrichment, pending, selection
from core.generation.enrichment.errors import NothingToEnrich
from core.generation.enrichment.selection import Selection
from core.generation.errors import NoBatches
from core.generation.jobs import drafts, jobs
from core.generation.jobs.drafts import Draft, Mode
from core.generation.templates import templates
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.rendering import CompiledTemplate


@dataclass(frozen=True)
class Wanted:
    """Which conversations somebody wants enriched, and how. One of ids and asked. max_cost: in nano-dollars."""

    ids: tuple[UUID, ...] | None = None
    asked: Filter | None = None
    again: bool = False
    model: str | None = None
    max_cost: int | None = None
    mode: Mode = "realtime"
    name: str = ""


@dataclass(frozen=True)
class EnrichmentDraft:
    """What was selected, and the job of it; None where nothing is left to enrich."""

    selection: Selection
    draft: Draft | None


def draft(user: db.User, *, provider: llm.Provider, wanted: Wanted) -> EnrichmentDraft:
    """Raises NothingNamed, TooManyNamed, NotAllowed, NoBatches, UnknownPrice."""
    if wanted.mode == "batches" and provider.is_offline:
        raise NoBatches
    model = wanted.model or provider.default_model
    with db.session_scope(user) as session:
        found = selection.select(session, ids=wanted.ids, asked=wanted.asked, again=wanted.again)
        if not found.taken:
            return EnrichmentDraft(found, None)
        template = templates.get(session, template_id=ENRICHMENT.id)
        texts = _samples(session, [row_id for row_id, _ in found.taken])
        session.expunge(template)
    compiled = CompiledTemplate.of(template)
    job = drafts.Wanted(
        name=wanted.name or _named(len(found.taken)),
        parameters={},
        model=model,
        max_cost=wanted.max_cost,
        max_tokens=enrichment.max_tokens(model),
        mode=wanted.mode,
    )
    samples = [
        prompts.request(
            compiled.render({"conversation": text}), model=model, max_tokens=job.max_tokens,
            schema=enrichment.SCHEMA, effort=enrichment.EFFORT,
        )
        for text in texts
    ]  # fmt: skip
    worst = max(prompts.worst_case(provider, sample, batch=wanted.mode == "batches") for sample in samples)
    job_id = uuid4()
    rows = automatic.items(job_id, list(found.taken))
    made = Draft(job, job_id, provider, model, template, None, rows, samples, worst, kind="enrich")
    return EnrichmentDraft(found, made)


def create(session: Session, made: Draft, *, estimate: dict[str, Any]) -> BatchJobRow:
    """Make the job, without what another has begun meanwhile. Raises CapMissing, CapTooLow, NothingToEnrich."""
    user_id = db.owner(session)
    pending.hold(session, user_id=user_id)
    taken = pending.ids(session, user_id=user_id)
    rows = [row for row in made.rows if UUID(row["params"]["conversation"]) not in taken]
    if not rows:
        raise NothingToEnrich
    numbered = [{**row, "idx": idx} for idx, row in enumerate(rows)]
    return jobs.create(session, made.of(numbered), estimate=estimate)


def _samples(session: Session, ids: Sequence[UUID]) -> list[str]:
    some = [ids[at] for at in drafts.spread(len(ids))]
    found = session.execute(sa.select(ConversationRow.messages).where(ConversationRow.id.in_(some)))
    return [enrichment.told(messages) for messages in found.scalars()]


def _named(n: int) -> str:
    return "Enrich 1 conversation" if n == 1 else f"Enrich {n:,} conversations"
