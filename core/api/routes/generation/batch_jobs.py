"""Routes of batch jobs: create, watch, stop and go; one item by hand is in `by_hand`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from core import db, llm
from core.api.dependencies import (
    TEXT_KEYS,
    WHOLE,
    Config,
    Cursor,
    Files,
    IdempotencyKey,
    Limit,
    Owner,
    Reader,
    Text,
    UploadIdInBody,
    Writer,
    uuid_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas import work
from core.api.schemas.generation import BatchItem, BatchJob, EstimateShown
from core.generation.jobs import drafting, drafts, estimate, jobs, listing, log_file, progress
from core.generation.jobs.drafts import MOST_AT_ONCE, MOST_TOKENS, Draft, Wanted
from core.generation.jobs.estimate import Estimate
from core.generation.jobs.states import ItemState, JobStatus
from core.llm.prices import NANO
from core.settings import Settings
from core.storage import Storage

router = APIRouter(prefix="/batch-jobs", tags=["batch jobs"])

MOST_USD = 1_000_000


def _job_in_path(batch_job_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return uuid_of(batch_job_id, resource="batch job")


BatchJobId = Annotated[UUID, Depends(_job_in_path)]
Usd = Annotated[float, Field(gt=0, le=MOST_USD, allow_inf_nan=False)]


class ParametersRequest(BaseModel):
    """Exactly one of three: a grid that is multiplied, rows, or the rows of an upload."""

    model_config = ConfigDict(extra="forbid")
    grid: Annotated[dict[Text, list[Any]], TEXT_KEYS] | None = Field(
        default=None, description='Values for each variable: {"topic": ["refund", "login"]}.'
    )
    rows: list[Annotated[dict[Text, Any], TEXT_KEYS]] | None = None
    upload_id: UploadIdInBody | None = Field(
        default=None, description="An upload whose columns are named like the variables."
    )


class BatchJobRequest(BaseModel):
    """A batch job to create."""

    model_config = ConfigDict(extra="forbid")
    name: Text = Field(min_length=1, max_length=200)
    parameters: ParametersRequest
    template_id: Text | None = Field(
        default=None,
        description="A version of a template; left out or nil, the one that fits best is chosen.",
    )
    model: Text | None = Field(default=None, min_length=1, max_length=200)
    max_cost_usd: Usd | None = Field(default=None, description="Needed where the provider is paid for.")
    concurrency: Annotated[int, Field(ge=1, le=MOST_AT_ONCE), WHOLE] = 10
    max_tokens: Annotated[int, Field(ge=50, le=MOST_TOKENS), WHOLE] = Field(
        default=2_000, description="Most tokens of one reply."
    )
    mode: Literal["realtime", "batches"] = Field(
        default="realtime", description="`batches` takes up to a day, at half the price."
    )
    auto_enrich: bool = Field(
        default=False,
        description="Once it is completed, enrich its conversations by another job, with what its cap leaves.",
    )
    pilot: bool = Field(default=False, description="Pause after five items, with a better estimate.")
    dry_run: bool = Field(default=False, description="Answer the estimate alone, and create nothing.")


class Created(BaseModel):
    """The job that was created."""

    id: str
    status: JobStatus
    items: int
    template_id: str
    template_reason: str | None
    estimate: EstimateShown


class DryRun(BaseModel):
    """What such a job would be."""

    items: int
    template_id: str
    template_reason: str | None
    estimate: EstimateShown


class ResumeRequest(BaseModel):
    """How to go on."""

    model_config = ConfigDict(extra="forbid")
    max_cost_usd: Usd | None = Field(default=None, description="A new limit for the whole job.")


def _nano(usd: float | None) -> int | None:
    return None if usd is None else round(usd * NANO)


@router.post(
    "",
    status_code=202,
    response_model=Created,
    response_description="Queued.",
    responses={
        200: {"model": DryRun, "description": "The estimate (`dry_run`)."},
        **documented(400, 403, 404, 409, 413, 415, 422, 503),
    },
)
async def create_batch_job(
    user: Writer,
    config: Config,
    files: Files,
    wanted: BatchJobRequest,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Fill in a template many times and have a model write a conversation for each."""
    made_of = {"call": "batch-jobs", **wanted.model_dump(mode="json")}
    async with once(user, None if wanted.dry_run else idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        draft, expected = await anyio.to_thread.run_sync(partial(_draft, user, config, files, wanted))
        if wanted.dry_run:
            dry = DryRun(
                items=len(draft.rows),
                template_id=str(draft.template.id),
                template_reason=draft.choice,
                estimate=EstimateShown.of(expected),
            )
            return JSONResponse(dry.model_dump(mode="json"))
        created = await anyio.to_thread.run_sync(partial(_create, user, call, draft, expected))
        return await call.answer(202, created)


def _draft(
    user: db.User, config: Settings, files: Storage, wanted: BatchJobRequest
) -> tuple[Draft, Estimate]:
    provider = llm.provider(config)
    named = None if wanted.template_id is None else uuid_of(wanted.template_id, resource="template")
    draft = drafting.draft(
        user,
        files=files,
        provider=provider,
        wanted=Wanted(
            name=wanted.name,
            parameters=wanted.parameters.model_dump(exclude_none=True),
            template_id=named,
            model=wanted.model,
            max_cost=_nano(wanted.max_cost_usd),
            concurrency=wanted.concurrency,
            max_tokens=wanted.max_tokens,
            mode=wanted.mode,
            auto_enrich=wanted.auto_enrich,
            pilot=wanted.pilot,
        ),
    )
    if not wanted.dry_run:
        drafts.require_cap(draft)
    return draft, estimate.of(user, draft=draft, provider=provider)


def _create(user: db.User, call: Call, draft: Draft, expected: Estimate) -> Created:
    with db.session_scope(user, write=True) as session:
        job = jobs.create(session, draft, estimate=expected.to_json())
        created = Created(
            id=str(job.id),
            status=JobStatus(job.status),
            items=job.n_items,
            template_id=str(job.template_id),
            template_reason=job.choice,
            estimate=EstimateShown.of(expected),
        )
        call.made(session, 202, created)
    return created


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_batch_jobs(
    user: Reader,
    owner: Owner,
    status: Annotated[list[JobStatus] | None, Query(description="Only these; several may be named.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> work.Listed[BatchJob]:
    """Batch jobs, newest first."""
    with db.session_scope(user) as session:
        page = listing.page(session, whose=owner, statuses=status or (), limit=limit, cursor=cursor)
        found = progress.of_many(session, batch_job_ids=[job.id for job in page.items])
        return work.Listed[BatchJob].of(page, lambda job: BatchJob.of_job(job, found[job.id]))


@router.get("/{batch_job_id}", responses=documented(403, 404, 503))
def get_batch_job(user: Reader, batch_job_id: BatchJobId) -> BatchJob:
    """One job with its counters and what it has cost."""
    with db.session_scope(user) as session:
        job = jobs.get(session, batch_job_id=batch_job_id)
        return BatchJob.of_job(job, progress.of(session, batch_job_id=batch_job_id))


@router.get("/{batch_job_id}/items", responses=documented(400, 403, 404, 422, 503))
def list_batch_items(
    user: Reader,
    batch_job_id: BatchJobId,
    state: Annotated[ItemState | None, Query(description="Only these.")] = None,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=-1, le=10**9, description="`next_cursor` of the previous page.")] = -1,
) -> work.Listed[BatchItem]:
    """The items of a job, in their order."""
    with db.session_scope(user) as session:
        jobs.get(session, batch_job_id=batch_job_id)
        found = jobs.items(session, batch_job_id=batch_job_id, state=state, after_idx=cursor, limit=limit)
        more = str(found[-1].idx) if len(found) == limit else None
        return work.Listed[BatchItem](items=[BatchItem.of(item) for item in found], next_cursor=more)


@router.get(
    "/{batch_job_id}/log",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "description": "A line for each event.",
        },
        **documented(403, 404, 503),
    },
)
def get_log(user: Reader, files: Files, batch_job_id: BatchJobId) -> Response:
    """What has happened to a job, a line each."""
    return PlainTextResponse(log_file.text(user, files=files, batch_job_id=batch_job_id))


@router.post("/{batch_job_id}/pause", responses=documented(403, 404, 409, 503))
def pause_batch_job(user: Writer, batch_job_id: BatchJobId) -> BatchJob:
    """Pause a job: at once while it waits, otherwise as soon as the requests under way are done."""
    with db.session_scope(user, write=True) as session:
        return _shown(session, jobs.pause(session, batch_job_id=batch_job_id))


@router.post("/{batch_job_id}/resume", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def resume_batch_job(user: Writer, batch_job_id: BatchJobId, wanted: ResumeRequest | None = None) -> BatchJob:
    """Go on with a paused job, with another limit if one is named."""
    max_cost = _nano(wanted.max_cost_usd) if wanted else None
    with db.session_scope(user, write=True) as session:
        return _shown(session, jobs.resume(session, batch_job_id=batch_job_id, max_cost=max_cost))


@router.post("/{batch_job_id}/cancel", responses=documented(403, 404, 409, 503))
def cancel_batch_job(user: Writer, batch_job_id: BatchJobId) -> BatchJob:
    """Cancel a job; what has come so far stays."""
    with db.session_scope(user, write=True) as session:
        return _shown(session, jobs.cancel(session, batch_job_id=batch_job_id))


@router.post("/{batch_job_id}/retry-failed", responses=documented(403, 404, 409, 503))
def retry_failed_items(user: Writer, batch_job_id: BatchJobId) -> BatchJob:
    """Queue the failed items of a job once more."""
    with db.session_scope(user, write=True) as session:
        return _shown(session, jobs.retry_failed(session, batch_job_id=batch_job_id))


def _shown(session: Any, job: Any) -> BatchJob:
    return BatchJob.of_job(job, progress.of(session, batch_job_id=job.id))
