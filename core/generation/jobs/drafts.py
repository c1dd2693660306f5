"""A job before it is made: what somebody asks for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID

from core import llm
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.errors import CapMissing, CapTooLow
from core.llm.prices import usd

Mode = Literal["realtime", "batches"]
MOST_AT_ONCE: Final = 200
MOST_TOKENS: Final = 16_000
PILOT: Final = 5  # items that are done first, where somebody wants to see what they cost
N_SAMPLES: Final = 5


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. max_cost: in nano-dollars; None where no money flows. parameters: see `drafting.read`.
    pilot: pause after PILOT items, with an estimate of the rest."""

    name: str
    parameters: Mapping[str, Any]
    template_id: UUID | None = None
    model: str | None = None
    max_cost: int | None = None
    concurrency: int = 10
    max_tokens: int = 2_000
    mode: Mode = "realtime"
    auto_enrich: bool = False
    pilot: bool = False


@dataclass(frozen=True)
class Draft:
    """A job that can be made. rows: one dict an item, as its table takes it. samples: requests to count tokens of."""

    wanted: Wanted
    batch_job_id: UUID
    provider: llm.Provider
    model: str
    template: PromptTemplateRow
    choice: str | None
    rows: Sequence[dict[str, Any]]
    samples: Sequence[llm.Request]
    worst: int
    kind: Literal["generate", "enrich"] = "generate"

    def of(self, rows: Sequence[dict[str, Any]]) -> Draft:
        """The same job with these items alone."""
        return replace(self, rows=rows)


def require_cap(draft: Draft) -> None:
    """That somebody has said what the job may cost, where money flows, and that it is enough for one item.

    Raises CapMissing, CapTooLow.
    """
    if not draft.provider.costs_money:
        return
    if draft.wanted.max_cost is None:
        raise CapMissing(provider=draft.provider.label)
    if draft.wanted.max_cost < draft.worst:
        raise CapTooLow(cap=usd(draft.wanted.max_cost), worst=usd(draft.worst))


def spread(n_rows: int) -> list[int]:
    """The places of a few rows, from first to last."""
    n = min(N_SAMPLES, n_rows)
    return sorted({round(at * (n_rows - 1) / max(1, n - 1)) for at in range(n)})
