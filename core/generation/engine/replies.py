"""What a reply must be to become a conversation: `{"messages": [{"role", "content"}, …]}`, the user first."""

from __future__ import annotations

import json
import re
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
_FENCED = re.compile(r"\A\s*```[a-z]*\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)


def conversation(reply: llm.Reply) -> Messages:
    """The messages of a reply. Raises BadReply, Refused, ContextFull, UnreadableReply."""
    match reply.stop_reason:
        case "refusal":
            raise Refused(said=f": {reply.refusal}" if reply.refusal else "")
        case "model_context_window_exceeded":
            raise ContextFull
        case "max_tokens":
            raise BadReply(problem="it was cut off at the most tokens that a reply may have")
        case _:
            return messages(reply.text)


def messages(text: str) -> Messages:
    """The messages that a text holds as JSON, also where the model has fenced it as code. Raises BadReply."""
    if not text.strip():
        raise BadReply(problem="it is empty")
    fenced = _FENCED.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except json.JSONDecodeError as error:
        raise BadReply(
            problem="it is no valid JSON", place=f", line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise BadReply(problem="its JSON is nested too deeply") from error
    listed = found.get("messages") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise BadReply(problem='it has no list "messages"')
    try:
        return checked([_told(one) for one in listed])
    except BadMessages as bad:
        raise BadReply(problem=bad.problem, place=bad.place) from bad


def _told(found: object) -> dict[str, Any]:
    """What counts of a message; whatever else a model has added is left out."""
    if not isinstance(found, dict):
        return {}
    content = found.get("content")
    return {"role": found.get("role"), "content": _storable(content) if isinstance(content, str) else None}


def _storable(text: str) -> str:
    """Without NUL and halves of surrogate pairs, which no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
