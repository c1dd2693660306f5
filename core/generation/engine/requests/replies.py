"""What a reply must be to become a conversation: `{"messages": [{"role", "content"}, …]}`, the user first."""

from __future__ import annotations

import json
from typing import Any, Final

from core import llm
from core.generation.conversations.errors import BadMessages
from core.generation.conversations.messages import Messages, checked
from core.generation.errors import BadReply, ContextFull, Refused

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "role": {"type": "string", "enum": ["user", "assistant"]},
                    "content": {"type": "string"},
                },
                "required": ["role", "content"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["messages"],
    "additionalProperties": False,
}
_FENCE: Final = "```"


def conversation(reply: llm.Reply) -> Messages:
    """The messages of a reply. Raises BadReply, Refused, ContextFull, UnreadableReply."""
    return messages(whole_text(reply))


def whole_text(reply: llm.Reply) -> str:
    """What a reply says, where it was not cut off. Raises BadReply, Refused, ContextFull, UnreadableReply."""
    match reply.stop_reason:
        case "refusal":
            raise Refused(said=f": {reply.refusal}" if reply.refusal else "")
        case "model_context_window_exceeded":
            raise ContextFull
        case "max_tokens":
            raise BadReply(problem="it was cut off at the most tokens that a reply may have")
        case _:
            return reply.text


def messages(text: str) -> Messages:
    """The messages that a text holds. Raises BadReply."""
    found = parsed(text)
    listed = found.get("messages") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise BadReply(problem='it has no list "messages"')
    try:
        return checked([_told(one) for one in listed])
    except BadMessages as bad:
        raise BadReply(problem=bad.problem, place=bad.place) from bad


def parsed(text: str) -> Any:
    """What a text holds as JSON, also where the model has fenced it as code. Raises BadReply."""
    if not text.strip():
        raise BadReply(problem="it is empty")
    try:
        return json.loads(_unfenced(text))
    except json.JSONDecodeError as error:
        raise BadReply(
            problem="it is no valid JSON", place=f", line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise BadReply(problem="its JSON is nested too deeply") from error
    except ValueError as error:  # more digits than Python reads
        raise BadReply(problem="its JSON holds an endless number") from error


def _unfenced(text: str) -> str:
    """What stands in a block of code, where the whole text is one; else the text."""
    opening, _, rest = text.strip().partition("\n")
    language = opening.removeprefix(_FENCE).strip()
    is_fenced = opening.startswith(_FENCE) and (not language or language.isalpha()) and rest.endswith(_FENCE)
    return rest.removesuffix(_FENCE) if is_fenced else text


def _told(found: object) -> dict[str, Any]:
    """What counts of a message; whatever else a model has added is left out."""
    if not isinstance(found, dict):
        return {}
    content = found.get("content")
    return {"role": found.get("role"), "content": storable(content) if isinstance(content, str) else None}


def storable(text: str) -> str:
    """Without NUL and halves of surrogate pairs, which no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
