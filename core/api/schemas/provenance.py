"""What the API says of where a conversation comes from and what was done to it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from core.db.tables.generation.batch_jobs import BatchCallRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.generation.conversations.provenance import Provenance, RawReply
from core.llm.prices import NANO


class Receipt(BaseModel):
    """A decision, or an edit."""

    at: datetime
    action: Literal["approved", "rejected", "pending", "edited"] = Field(
        description="`pending`: a decision was taken back."
    )
    reason: str | None
    revision: int = Field(description="Which one was decided on, or came of the edit; 0 is as generated.")
    row_version: int | None = Field(description="Since then; null for edits made before it was kept.")
    author_id: str | None
    author_name: str
    bulk_id: str | None = Field(description="What all have in common that were decided on at once.")

    @classmethod
    def of(cls, row: ReviewEventRow) -> Self:
        return cls(
            at=row.at,
            action=row.action,  # type: ignore[arg-type]  # a constraint says so
            reason=row.reason,
            revision=row.revision,
            row_version=row.row_version,
            author_id=str(row.author_id) if row.author_id else None,
            author_name=row.author_name,
            bulk_id=str(row.bulk_id) if row.bulk_id else None,
        )


class CallShown(BaseModel):
    """A request that was made for it."""

    n: int
    asked_at: datetime
    model: str
    status: int | None = Field(description="The HTTP status; null where no answer came.")
    code: str | None = Field(description="Of the failure.")
    stop_reason: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    maybe_paid_twice: bool
    latency_s: float | None

    @classmethod
    def of(cls, row: BatchCallRow) -> Self:
        same = ("n", "asked_at", "model", "status", "code", "stop_reason", "latency_s")
        return cls(
            **{name: getattr(row, name) for name in same},
            input_tokens=row.n_input + row.n_cache_read + row.n_cache_write,
            output_tokens=row.n_output,
            cost_usd=row.cost / NANO,
            maybe_paid_twice=row.is_repeated,
        )


class PromptShown(BaseModel):
    """What the model was sent."""

    system: str
    user: str


class WhereFrom(BaseModel):
    """Template, prompt and requests of a conversation."""

    template_id: str
    template: str
    template_version: int
    batch_job: str | None = Field(description="Its name; null once it is deleted.")
    prompt: PromptShown | None = Field(
        description="Filled in anew; null where the template no longer allows it."
    )
    calls: list[CallShown]
    cost_usd: float

    @classmethod
    def of(cls, row: ConversationRow, found: Provenance) -> Self:
        prompt = found.prompt
        return cls(
            template_id=str(row.template_id),
            template=found.origin.template,
            template_version=found.origin.template_version,
            batch_job=found.origin.job,
            prompt=None if prompt is None else PromptShown(system=prompt.system, user=prompt.user),
            calls=[CallShown.of(call) for call in found.calls],
            cost_usd=found.cost / NANO,
        )


class RawShown(BaseModel):
    """A reply as it came."""

    n: int = Field(description="Of the request.")
    text: str | None = Field(description="Null where its file is gone.")
    is_cut: bool

    @classmethod
    def of(cls, found: RawReply) -> Self:
        return cls(n=found.n, text=found.text, is_cut=found.is_cut)


class RawReplies(BaseModel):
    """All replies for a conversation, also those that could not be used."""

    items: list[RawShown]
