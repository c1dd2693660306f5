"""The model that writes: who answers, asking it, how fast, and what it costs.

provider = llm.provider(settings)
gate = llm.gate(provider, model, at_once=20)
async with llm.client(provider) as client:
    async with gate.admit():
        reply = await client.ask(llm.Request(model=model, prompt="…", max_tokens=2_000))
# store reply.raw, then read reply.text, reply.usage, reply.stop_reason
cost = provider.prices.cost(model, reply.usage, at=asked_at)
"""

from core.llm import batches, prices, tokens
from core.llm.client import Client, client, load
from core.llm.errors import (
    FAILURES,
    Failure,
    KeyRefused,
    ProviderUnavailable,
    RateLimited,
    RequestRefused,
    UnknownPrice,
    UnreadableReply,
)
from core.llm.gate import Gate, pause_s
from core.llm.gate import of as gate
from core.llm.messages import MOST_TOKENS, Effort, Reply, Request, Usage, thinks
from core.llm.prices import PriceTable
from core.llm.provider import Provider, ProviderKind, provider
from core.llm.tokens import TokenCount

__all__ = [
    "FAILURES",
    "MOST_TOKENS",
    "Client",
    "Effort",
    "Failure",
    "Gate",
    "KeyRefused",
    "PriceTable",
    "Provider",
    "ProviderKind",
    "ProviderUnavailable",
    "RateLimited",
    "Reply",
    "Request",
    "RequestRefused",
    "TokenCount",
    "UnknownPrice",
    "UnreadableReply",
    "Usage",
    "batches",
    "client",
    "gate",
    "load",
    "pause_s",
    "prices",
    "provider",
    "thinks",
    "tokens",
]
