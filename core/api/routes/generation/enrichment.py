"""The route that has conversations enriched."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from core import db, llm
from core.api.dependencies import Config, IdempotencyKey, Writer, uuid_of
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas.enrichment import EnrichmentShown, EnrichRequest
from core.generation.conversations import conversations
from core.generation.enrichment import drafts
from core.generation.enrichment.errors import NothingToEnrich
from core.generation.jobs import estimate
from core.generation.jobs.drafts import require_cap
from core.settings import Settings

router = APIRouter(prefix="/conversations", tags=["conversations"])


@router.post(
    "/enrich",
    response_model=EnrichmentShown,
    responses=documented(400, 403, 404, 409, 413, 415, 422, 503),
)
async def enrich_conversations(
    user: Writer, config: Config, wanted: EnrichRequest, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Have topics, emotion, difficulty and a summary found out, by a job. Each that is not taken says why."""
    made_of = {"call": "conversations/enrich", **wanted.model_dump(mode="json")}
    async with once(user, None if wanted.dry_run else idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        shown = await anyio.to_thread.run_sync(partial(_enrich, user, config, call, wanted))
        if wanted.dry_run or shown.id is None:
            return JSONResponse(shown.model_dump(mode="json"))
        return await call.answer(200, shown)


def _enrich(user: db.User, config: Settings, call: Call, wanted: EnrichRequest) -> EnrichmentShown:
    """Raises what is wrong with the request."""
    provider = llm.provider(config)
    ids = None
    if wanted.ids is not None:
        ids = tuple(uuid_of(one, resource=conversations.RESOURCE) for one in wanted.ids)
    asked = None if wanted.filter is None else wanted.filter.asked()
    made = drafts.draft(user, provider=provider, wanted=wanted.of(ids, asked))
    if made.draft is None:
        if not wanted.dry_run:
            raise NothingToEnrich
        return EnrichmentShown.of(made, ids, None, None)
    if not wanted.dry_run:
        require_cap(made.draft)
    expected = estimate.of(user, draft=made.draft, provider=provider)
    if wanted.dry_run:
        return EnrichmentShown.of(made, ids, None, expected)
    with db.session_scope(user, write=True) as session:
        job = drafts.create(session, made.draft, estimate=expected.to_json())
        shown = EnrichmentShown.of(made, ids, job.id, expected)
        shown.n_taken = job.n_items  # without what another call has begun meanwhile
        call.made(session, 200, shown)
    return shown
