"""From a prompt to the request that is sent, and what it may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core import llm
from core.generation.engine.requests.replies import SCHEMA
from core.generation.templates.rendering import Prompt
from core.llm import tokens


def request(
    prompt: Prompt,
    *,
    model: str,
    max_tokens: int,
    schema: Mapping[str, Any] = SCHEMA,
    effort: llm.Effort | None = None,
) -> llm.Request:
    """What is asked for one item. schema: of the JSON that a reply is to be."""
    return llm.Request(
        model=model,
        system=prompt.system,
        prompt=prompt.user,
        max_tokens=max_tokens,
        schema=schema,
        effort=effort,
    )


def worst_case(
    provider: llm.Provider, asked: llm.Request, at: datetime | None = None, *, batch: bool = False
) -> int:
    """Most that a request can cost, in nano-dollars. Raises UnknownPrice."""
    at = at or datetime.now(UTC)
    return provider.prices.worst_case(asked.model, tokens.at_most(asked), asked.max_tokens, at, batch=batch)
