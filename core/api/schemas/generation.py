"""What the API says of batch jobs and their items."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.generation.jobs.estimate import Estimate
from core.generation.jobs.progress import Progress
from core.generation.jobs.states import ItemState, JobStatus
from core.llm.prices import NANO


class CostRange(BaseModel):
    """Dollars, between which the whole job is expected to cost."""

    low: float
    high: float


class TokenRange(BaseModel):
    """Tokens of one item, on average over the job."""

    low: int
    high: int


class EstimateShown(BaseModel):
    """What a job is expected to cost, before it starts."""

    items: int
    input_tokens_per_item: int
    input_is_rough: bool = Field(description="Counted by the app itself, as the provider does not count.")
    output_tokens_per_item: TokenRange = Field(description="Thinking is part of it.")
    output_from: Literal["past", "assumed"] = Field(
        description="Past replies, or any length that is allowed."
    )
    past_replies: int
    cost_usd: CostRange
    cost_usd_as_batches: CostRange = Field(description="By Message Batches, at half the price.")
    enrichment_cost_usd: CostRange | None = Field(
        description="Of `cost_usd`, what enriching the conversations afterwards takes (`auto_enrich`)."
    )

    @classmethod
    def of(cls, found: Estimate) -> Self:
        return cls(
            items=found.n_items,
            input_tokens_per_item=found.n_input,
            input_is_rough=found.is_rough,
            output_tokens_per_item=TokenRange(low=found.n_output_low, high=found.n_output_high),
            output_from=found.source,
            past_replies=found.n_past,
            cost_usd=CostRange(low=found.low / NANO, high=found.high / NANO),
            cost_usd_as_batches=CostRange(low=found.batch_low / NANO, high=found.batch_high / NANO),
            enrichment_cost_usd=CostRange(low=found.enrich_low / NANO, high=found.enrich_high / NANO)
            if found.enrich_high
            else None,
        )


class Told(BaseModel):
    """Why something is as it is, and what to do."""

    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> Self | None:
        """As a row keeps it; null where it keeps nothing."""
        if stored is None:
            return None
        return cls(code=stored["code"], message=stored["message"], hint=stored.get("hint", ""))


class JobStatusShown(BaseModel):
    """How far a job is."""

    status: JobStatus
    total: int
    completed: int
    failed: int
    cancelled: int
    remaining: int = Field(description="Items that wait or are being asked.")
    progress: float = Field(ge=0, le=1)

    @classmethod
    def of(cls, status: str, found: Progress) -> Self:
        return cls(
            status=JobStatus(status),
            total=found.total,
            completed=found.completed,
            failed=found.failed,
            cancelled=found.cancelled,
            remaining=found.remaining,
            progress=found.share,
        )


class BatchJob(JobStatusShown):
    """One template filled in many times and sent to a model."""

    id: str
    user_id: str
    name: str
    template_id: str
    template_name: str
    template_version: int
    template_reason: str | None = Field(description="Why this template was chosen, where none was named.")
    kind: Literal["generate", "enrich"]
    mode: Literal["realtime", "batches"]
    provider: str
    is_offline: bool = Field(description="Written by the app's offline generator, not by a model.")
    model: str
    concurrency: int
    max_tokens: int
    max_cost_usd: float | None
    cost_usd: float
    maybe_paid_twice_usd: float = Field(
        description="Of the cost: what may have been paid for unseen replies."
    )
    maybe_paid_twice: int = Field(description="How many requests that were.")
    pause_requested: bool
    cancel_requested: bool = Field(
        description="It is cancelled once requests under way have ended or were counted."
    )
    reason: Told | None = Field(description="Why it is paused or failed, or what it waits for.")
    estimate: EstimateShown | None
    task_id: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of_job(cls, row: BatchJobRow, found: Progress) -> Self:
        known = JobStatusShown.of(row.status, found)
        return cls(
            **known.model_dump(),
            id=str(row.id),
            user_id=str(row.user_id),
            name=row.name,
            template_id=str(row.template_id),
            template_name=row.template.name,
            template_version=row.template.version,
            template_reason=row.choice,
            kind="enrich" if row.kind == "enrich" else "generate",
            mode="batches" if row.mode == "batches" else "realtime",
            provider=row.provider,
            is_offline=row.provider == "offline",
            model=row.model,
            concurrency=row.concurrency,
            max_tokens=row.max_tokens,
            max_cost_usd=None if row.max_cost is None else row.max_cost / NANO,
            cost_usd=found.cost / NANO,
            maybe_paid_twice_usd=found.maybe_twice / NANO,
            maybe_paid_twice=found.n_maybe_twice,
            pause_requested=row.requested_status == JobStatus.PAUSED,
            cancel_requested=row.requested_status == JobStatus.CANCELLED,
            reason=Told.of(row.reason),
            estimate=EstimateShown.of(Estimate.from_json(row.estimate)) if row.estimate else None,
            task_id=str(row.task_id),
            created_at=row.created_at,
            updated_at=row.updated_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class BatchItem(BaseModel):
    """One filling of a job's template."""

    id: str
    idx: int
    state: ItemState
    params: dict[str, Any]
    requests: int = Field(description="How often it was asked.")
    conversation_id: str | None = Field(description="The `id` of its conversation.")
    error: Told | None

    @classmethod
    def of(cls, row: BatchItemRow) -> Self:
        return cls(
            id=str(row.id),
            idx=row.idx,
            state=ItemState(row.state),
            params=row.params,
            requests=row.n_asked,
            conversation_id=None if row.conversation_id is None else str(row.conversation_id),
            error=Told.of(row.error),
        )


class ConversationIds(BaseModel):
    """Both ids of a conversation: `id` is what rows refer to, `conversation_id` names its file."""

    id: str
    conversation_id: str


class ProcessedNext(BaseModel):
    """What one click has done; `item` is null while a worker has the job, or when nothing is left."""

    item: BatchItem | None
    conversation: ConversationIds | None
    remaining_items: int
    progress: float = Field(ge=0, le=1)
