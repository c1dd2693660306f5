"""What a job will cost, before it starts: input counted on samples, output as past replies of the template were long.

For n past replies of mean m, median p50, 90th percentile p90 and standard error e (of the mean of the N to come beside
that of the n known), the total of N more lies between N × min(p50, m − 2e) and N × max(p90, m + 2e).
"""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, llm
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.engine.requests import prompts
from core.generation.enrichment import enrichment
from core.generation.jobs.drafts import Draft
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.rendering import CompiledTemplate

LOOKS_BACK: Final = 500  # replies
ENOUGH: Final = 5  # past replies from which output is told by them
ASSUMED_LEAST: Final = {
    "generate": 150,
    "enrich": 60,
}  # tokens of a short conversation, of a short enrichment
Z: Final = 2.0


@dataclass(frozen=True)
class Estimate:
    """Tokens per item and money of the whole job, in nano-dollars; `batch_*` at the price of Message Batches.

    is_rough: whether the input was counted by ourselves. source: where the length of replies comes from, "past" ones
    (n_past of them) or "assumed": anything up to the most that is allowed. enrich_*: of the money, what enriching the
    conversations afterwards takes.
    """

    n_items: int
    n_input: int
    is_rough: bool
    n_output_low: int
    n_output_high: int
    source: Literal["past", "assumed"]
    n_past: int
    low: int
    high: int
    batch_low: int
    batch_high: int
    enrich_low: int = 0
    enrich_high: int = 0
    enrich_batch_low: int = 0
    enrich_batch_high: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Estimate:
        return cls(**values)


def of(user: db.User, *, draft: Draft, provider: llm.Provider) -> Estimate:
    """Asks the provider to count a few samples, where it can; no transaction is open meanwhile."""
    counts = asyncio.run(_counts(provider, draft.samples))
    with db.session_scope(user) as session:
        past = past_outputs(session, family_id=draft.template.family_id, model=draft.model)
        enriched = past_outputs(session, family_id=ENRICHMENT.family_id, model=draft.model)
    found = estimated(
        provider,
        model=draft.model,
        n_items=len(draft.rows),
        n_input=math.ceil(statistics.fmean(n for n, _ in counts)),
        is_rough=any(is_rough for _, is_rough in counts),
        past=past,
        max_tokens=draft.wanted.max_tokens,
        kind=draft.kind,
    )
    return with_enrichment(found, draft, provider, past=enriched) if draft.wanted.auto_enrich else found


def with_enrichment(
    found: Estimate, draft: Draft, provider: llm.Provider, *, past: Sequence[int]
) -> Estimate:
    """The estimate with what enriching adds, whose input is the replies. past: (n,) tokens of past enrichments."""
    max_tokens = enrichment.max_tokens(draft.model)
    prompt = CompiledTemplate.of(ENRICHMENT.row(version=1)).render({"conversation": "-"})
    asked = prompts.request(prompt, model=draft.model, max_tokens=max_tokens, schema=enrichment.SCHEMA)
    frame = llm.tokens.rough_count(asked).n
    least, most = (
        estimated(
            provider,
            model=draft.model,
            n_items=found.n_items,
            n_input=frame + n_reply,
            is_rough=True,
            past=past,
            max_tokens=max_tokens,
            kind="enrich",
        )
        for n_reply in (found.n_output_low, found.n_output_high)
    )
    return replace(
        found,
        low=found.low + least.low,
        high=found.high + most.high,
        batch_low=found.batch_low + least.batch_low,
        batch_high=found.batch_high + most.batch_high,
        enrich_low=least.low,
        enrich_high=most.high,
        enrich_batch_low=least.batch_low,
        enrich_batch_high=most.batch_high,
    )


def past_outputs(session: Session, *, family_id: UUID, model: str) -> list[int]:
    """How many tokens the newest replies of this template and model took, of jobs that may be seen."""
    rows = (
        sa.select(BatchCallRow.n_output)
        .join(BatchJobRow, BatchCallRow.batch_job_id == BatchJobRow.id)
        .join(PromptTemplateRow, BatchJobRow.template_id == PromptTemplateRow.id)
        .where(
            BatchJobRow.user_id == db.owner(session),
            PromptTemplateRow.family_id == family_id,
            BatchCallRow.model == model,
            BatchCallRow.n_output > 0,
        )
        .order_by(BatchCallRow.asked_at.desc())
        .limit(LOOKS_BACK)
    )
    return list(session.execute(rows).scalars())


def estimated(
    provider: llm.Provider,
    *,
    model: str,
    n_items: int,
    n_input: int,
    is_rough: bool,
    past: Sequence[int],
    max_tokens: int,
    kind: Literal["generate", "enrich"] = "generate",
) -> Estimate:
    """The estimate that follows from these counts. past: (n,) tokens of output of past replies."""
    is_known = len(past) >= ENOUGH
    if is_known:
        low, high = _range(past, n_items)
    else:
        low, high = min(ASSUMED_LEAST[kind], max_tokens), max_tokens
    n_low, n_high = math.floor(low), min(max_tokens, math.ceil(high))
    rough_share = 0.25 if is_rough else 0.0
    at = datetime.now(UTC)

    def cost(n_in: float, n_out: int, *, batch: bool) -> int:
        usage = llm.Usage(n_input=round(n_in), n_output=n_out)
        return n_items * provider.prices.cost(model, usage, at, batch=batch)

    return Estimate(
        n_items=n_items,
        n_input=n_input,
        is_rough=is_rough,
        n_output_low=n_low,
        n_output_high=n_high,
        source="past" if is_known else "assumed",
        n_past=len(past),
        low=cost(n_input * (1 - rough_share), n_low, batch=False),
        high=cost(n_input * (1 + rough_share), n_high, batch=False),
        batch_low=cost(n_input * (1 - rough_share), n_low, batch=True),
        batch_high=cost(n_input * (1 + rough_share), n_high, batch=True),
    )


def _range(past: Sequence[int], n_items: int) -> tuple[float, float]:
    """Per item: between which means the output of n_items more lies."""
    mean, spread = statistics.fmean(past), statistics.stdev(past)
    error = Z * spread * math.sqrt(1 / len(past) + 1 / n_items)
    deciles = statistics.quantiles(past, n=10, method="inclusive")
    return max(0.0, min(deciles[4], mean - error)), max(deciles[8], mean + error)


async def _counts(provider: llm.Provider, samples: Sequence[llm.Request]) -> list[tuple[int, bool]]:
    async with llm.client(provider) as client:
        counted = await asyncio.gather(*(client.count_tokens(sample) for sample in samples))
    return [(one.n, one.is_rough) for one in counted]
