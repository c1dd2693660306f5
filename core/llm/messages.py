"""What a model is asked, and what it replies: `Request`, `Reply`, `Usage`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from core.llm.errors import UnreadableReply

Effort = Literal["low", "medium", "high"]
MOST_TOKENS = 21_333  # of a reply that is not streamed: what the SDK takes to be ready within ten minutes
BASE_S, TOKENS_PER_S, MOST_S = 60.0, 25.0, 600.0
LONGEST_NAME, LONGEST_SAID = 100, 300
MOST_COUNTED = 10**9
_DATED = re.compile(r"[-@][0-9]{8}$")


@dataclass(frozen=True)
class Request:
    """One question to a model. What is the same for many requests belongs into `system`, what differs into `prompt`.

    schema: of the JSON that the reply's text shall be; the server may not hold to it. effort: None leaves the model's
    own. thinking: False turns it off where the model allows that. cache_system: keep `system` in the provider's cache.
    timeout_s: for the whole exchange; None is as long as so many tokens may take.
    """

    model: str
    prompt: str = field(repr=False)
    max_tokens: int
    system: str = field(default="", repr=False)
    schema: Mapping[str, Any] | None = field(default=None, repr=False)
    effort: Effort | None = None
    thinking: bool = False
    cache_system: bool = False
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_tokens <= MOST_TOKENS:
            raise ValueError(f"max_tokens must be between 1 and {MOST_TOKENS}")

    @property
    def deadline_s(self) -> float:
        """After how long a reply is no longer waited for."""
        return self.timeout_s or min(MOST_S, BASE_S + self.max_tokens / TOKENS_PER_S)

    def body(self) -> dict[str, Any]:
        """As the Messages API takes it."""
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "messages": [{"role": "user", "content": _sendable(self.prompt)}],
        }
        if self.system:
            system: dict[str, Any] = {"type": "text", "text": _sendable(self.system)}
            cached = {**system, "cache_control": {"type": "ephemeral"}}
            body["system"] = [cached] if self.cache_system else system["text"]
        output: dict[str, Any] = {}
        if self.schema is not None:
            output["format"] = {"type": "json_schema", "schema": dict(self.schema)}
        if self.effort and thinks(self.model) is not None:
            output["effort"] = self.effort
        if output:
            body["output_config"] = output
        if not self.thinking and thinks(self.model) == "unless told not to":
            body["thinking"] = {"type": "disabled"}
        return body


def _sendable(text: str) -> str:
    """Without halves of characters, which no encoding holds and JSON from outside may have."""
    return text.encode("utf-8", "replace").decode()


def thinks(model: str) -> Literal["unless told not to", "always"] | None:
    """Whether a model of Claude's thinks before it answers, which is billed as output; None: no, or not known."""
    if model.startswith("claude-sonnet-"):
        return "unless told not to"
    return "always" if model.startswith("claude-opus-") else None


def undated(model: str) -> str:
    """The name of a model without the date of its version."""
    return _DATED.sub("", model)


@dataclass(frozen=True)
class Usage:
    """Tokens of one reply, as they are billed: `n_output` holds those of thinking, `n_input` nothing of the cache."""

    n_input: int = 0
    n_output: int = 0
    n_cache_read: int = 0
    n_cache_write_5m: int = 0
    n_cache_write_1h: int = 0
    n_thinking: int = 0
    service_tier: str = ""

    @property
    def n_prompt(self) -> int:
        """All of what was sent, from the cache or not."""
        return self.n_input + self.n_cache_read + self.n_cache_write_5m + self.n_cache_write_1h


@dataclass(frozen=True)
class Reply:
    """What came back, byte for byte; read from it only when asked, so that it can be stored before.

    What was stored is read again by `Reply(raw)`. What is read from `raw` may raise UnreadableReply.
    """

    raw: bytes = field(repr=False)
    request_id: str = ""
    latency_s: float = 0.0

    @cached_property
    def message(self) -> dict[str, Any]:
        """The message as the API describes it."""
        try:
            found = json.loads(self.raw)
        except (ValueError, RecursionError) as error:
            raise UnreadableReply(problem="it is no valid JSON") from error
        if not isinstance(found, dict) or not isinstance(found.get("content"), list):
            raise UnreadableReply(problem="it holds no message")
        return found

    @property
    def model(self) -> str:
        """Who has answered, by its own word."""
        return storable(self.message.get("model"))

    @cached_property
    def text(self) -> str:
        """What the model has written, without what it thought; empty where it wrote nothing."""
        parts = [block for block in self.message["content"] if isinstance(block, dict)]
        return "".join(str(part.get("text") or "") for part in parts if part.get("type") == "text")

    @property
    def stop_reason(self) -> str:
        """Why it ended: "end_turn", "max_tokens", "refusal", "model_context_window_exceeded", …"""
        return storable(self.message.get("stop_reason"))

    @property
    def refusal(self) -> str:
        """Why the provider refused, in its own words, where the stop reason is "refusal"."""
        details = self.message.get("stop_details")
        if self.stop_reason != "refusal" or not isinstance(details, dict):
            return ""
        words = (str(details.get(name) or "") for name in ("category", "explanation"))
        return storable(" ".join(": ".join(word for word in words if word).split()), LONGEST_SAID)

    @cached_property
    def usage(self) -> Usage | None:
        """What was used; None where the reply does not say, or says what can't be."""
        return _usage(self.message.get("usage"))


def storable(said: object, longest: int = LONGEST_NAME) -> str:
    """The beginning of what a server says, without what no database keeps."""
    return _sendable(str(said or "").replace("\0", "\ufffd")[:longest])


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    written = found.get("cache_creation")
    written = written if isinstance(written, dict) else {}
    details = found.get("output_tokens_details")
    details = details if isinstance(details, dict) else {}
    counts: tuple[Any, ...] = (
        found.get("input_tokens"),
        found.get("output_tokens"),
        found.get("cache_read_input_tokens") or 0,
        found.get("cache_creation_input_tokens") or 0,
        written.get("ephemeral_1h_input_tokens") or 0,
        details.get("thinking_tokens") or 0,
    )
    if (
        any(type(n) is not int or not 0 <= n <= MOST_COUNTED for n in counts)
        or sum(counts[:4]) > MOST_COUNTED
    ):
        return None
    n_input, n_output, n_read, n_written, n_1h, n_thinking = counts
    return Usage(
        n_input=n_input,
        n_output=n_output,
        n_cache_read=n_read,
        n_cache_write_5m=max(0, n_written - n_1h),
        n_cache_write_1h=n_1h,
        n_thinking=n_thinking,
        service_tier=str(found.get("service_tier") or ""),
    )
