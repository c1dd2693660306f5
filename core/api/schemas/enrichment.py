"""What the API takes and says of enriching conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.api.dependencies import Text
from core.api.schemas.conversations import FilterRequest, ItemRefusal
from core.api.schemas.generation import EstimateShown
from core.generation.conversations.conversations import Filter
from core.generation.enrichment.drafts import EnrichmentDraft, Wanted
from core.generation.enrichment.selection import MOST_IDS
from core.generation.jobs.estimate import Estimate
from core.llm.prices import NANO


class EnrichRequest(BaseModel):
    """Conversations of yours to enrich: named, or all that a filter lets through."""

    model_config = ConfigDict(extra="forbid")
    ids: list[Annotated[Text, Field(max_length=100)]] | None = Field(
        default=None, min_length=1, max_length=MOST_IDS
    )
    filter: FilterRequest | None = None
    again: bool = Field(default=False, description="Also those that are enriched already.")
    name: Text = Field(default="", max_length=200, description="Of the job.")
    model: Text | None = Field(default=None, min_length=1, max_length=200)
    max_cost_usd: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = Field(
        default=None, description="Needed where the provider is paid for."
    )
    mode: Literal["realtime", "batches"] = "realtime"
    dry_run: bool = Field(default=False, description="Answer the estimate alone, and create nothing.")

    def of(self, ids: tuple[UUID, ...] | None, asked: Filter | None) -> Wanted:
        """As the service takes it."""
        max_cost = None if self.max_cost_usd is None else round(self.max_cost_usd * NANO)
        return Wanted(ids, asked, self.again, self.model, max_cost, self.mode, self.name)


class EnrichedShown(BaseModel):
    """Whether one conversation is taken, or why not."""

    id: str
    taken: bool
    error: ItemRefusal | None


class EnrichmentShown(BaseModel):
    """The job, and what is in it."""

    id: str | None = Field(description="Of the job; null for a dry run.")
    n_taken: int
    left_out: dict[str, int] = Field(description="How many are not taken, by the reason's code.")
    results: list[EnrichedShown] = Field(description="Of each that was named by id, in that order.")
    estimate: EstimateShown | None

    @classmethod
    def of(
        cls, made: EnrichmentDraft, ids: Sequence[UUID] | None, job_id: UUID | None, expected: Estimate | None
    ) -> Self:
        found = made.selection
        return cls(
            id=None if job_id is None else str(job_id),
            n_taken=len(found.taken),
            left_out=dict(found.left_out),
            results=[_shown(made, row_id) for row_id in dict.fromkeys(ids or ())],
            estimate=None if expected is None else EstimateShown.of(expected),
        )


def _shown(made: EnrichmentDraft, row_id: UUID) -> EnrichedShown:
    error = made.selection.refused.get(row_id)
    refusal = None
    if error is not None:
        refusal = ItemRefusal(
            code=error.code, message=error.message, hint=error.hint, status=error.http_status
        )
    return EnrichedShown(id=str(row_id), taken=error is None, error=refusal)
