"""A job before it is made: everything that can be wrong with it is found here, with no transaction open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from core import db, llm
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import AppError
from core.generation.engine.requests import prompts
from core.generation.errors import CapMissing, CapTooLow, NoBatches, RowRefused
from core.generation.jobs import parameters
from core.generation.jobs.parameters import Parameters
from core.generation.templates import choice, variables
from core.generation.templates.rendering import LONGEST_PROMPT_BYTES, CompiledTemplate
from core.llm.prices import usd
from core.storage import Storage

Mode = Literal["realtime", "batches"]
MOST_AT_ONCE: Final = 200
MOST_TOKENS: Final = 16_000
PILOT: Final = 5  # items that are done first, where somebody wants to see what they cost
N_SAMPLES: Final = 5


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. max_cost: in nano-dollars; None where no money flows. parameters: see `parameters.read`.
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


def draft(user: db.User, *, files: Storage, provider: llm.Provider, wanted: Wanted) -> Draft:
    """Raises what is wrong with parameters, template, values, and a model without a price."""
    if wanted.mode == "batches" and provider.is_offline:
        raise NoBatches
    given = parameters.read(user, files=files, given=wanted.parameters)
    with db.session_scope(user) as session:
        chosen = choice.choose(session, template_id=wanted.template_id, names=given.names)
        session.expunge(chosen.template)
    compiled = CompiledTemplate.of(chosen.template)
    model = wanted.model or provider.default_model
    batch_job_id = uuid4()
    rows: list[dict[str, Any]] = [
        {"id": uuid4(), "batch_job_id": batch_job_id, "idx": idx, "params": params}
        for idx, params in enumerate(_checked(compiled, chosen.template, given))
    ]
    samples = [
        prompts.request(compiled.render(rows[idx]["params"]), model=model, max_tokens=wanted.max_tokens)
        for idx in spread(len(rows))
    ]
    is_batch = wanted.mode == "batches"
    worst = max(prompts.worst_case(provider, sample, batch=is_batch) for sample in samples)
    return Draft(wanted, batch_job_id, provider, model, chosen.template, chosen.reason, rows, samples, worst)


def _checked(
    compiled: CompiledTemplate, template: PromptTemplateRow, given: Parameters
) -> list[dict[str, Any]]:
    """The typed values of each row. A row that could make too long a prompt is filled in to see. Raises RowRefused."""
    known = [variable.name for variable in compiled.variables]
    n_uses = template.prompt.count("{{") + template.prompt.count("{%")
    room = LONGEST_PROMPT_BYTES // 8 - len(template.prompt)
    checked = []
    for number, row in enumerate(given.rows(known), start=1):
        try:
            typed = variables.check(compiled.variables, row)
            if sum(len(str(value)) + 60 for value in typed.values()) * max(1, n_uses) > room:
                compiled.render(typed)
        except AppError as error:
            raise RowRefused(row=number, problem=str(error)) from error
        checked.append({name: value for name, value in typed.items() if value is not None})
    return checked


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
