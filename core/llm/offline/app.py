"""The offline generator as a server: an ASGI app that answers like the Messages API, in this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from core.llm.offline import conversations, enrichments

MODEL: Final = "offline-generator"
LETTERS_A_TOKEN: Final = 4
Event = MutableMapping[str, Any]


async def app(
    scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
) -> None:
    """Answers POST /v1/messages and its count_tokens. It has no Message Batches: it is as quick without."""
    parts, more = [], True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    status, answer = _answer(str(scope["method"]), str(scope["path"]), b"".join(parts))
    headers = [(b"content-type", b"application/json"), (b"request-id", str(answer.get("id", "")).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"),
        }
    )


def _answer(method: str, path: str, raw: bytes) -> tuple[int, dict[str, Any]]:
    if method != "POST" or path not in ("/v1/messages", "/v1/messages/count_tokens"):
        return 404, _error("not_found_error", "The offline generator knows no such address")
    try:
        body = json.loads(raw)
        prompt = "\n".join(_text(one["content"]) for one in body["messages"])
        system = _text(body.get("system") or "")
        if path.endswith("count_tokens"):
            return 200, {"input_tokens": _n_tokens(system) + _n_tokens(prompt)}
        return 200, _message(prompt, system, int(body["max_tokens"]), _schema(body))
    except (ValueError, KeyError, TypeError):
        return 400, _error("invalid_request_error", "The request is none of the Messages API")


def _message(prompt: str, system: str, max_tokens: int, schema: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(f"{system}\0{prompt}".encode("utf-8", "replace")).hexdigest()
    if enrichments.is_wanted(schema):
        written: dict[str, Any] = enrichments.write(prompt, seed=digest, schema=schema)
    else:
        written = {"messages": conversations.write(prompt, seed=digest, system=system)}
    text, n_most = json.dumps(written, ensure_ascii=False), max_tokens * LETTERS_A_TOKEN
    is_whole = len(text) < n_most
    text = text if is_whole else text[:n_most]
    return {
        "id": f"msg_offline_{digest[:20]}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn" if is_whole else "max_tokens",
        "stop_sequence": None,
        "usage": {
            "input_tokens": _n_tokens(system) + _n_tokens(prompt),
            "output_tokens": min(_n_tokens(text), max_tokens),
        },
    }


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    """Of the JSON that is asked for; empty where none is."""
    output = body.get("output_config") or {}
    return dict((output.get("format") or {}).get("schema") or {})


def _text(content: Any) -> str:
    """Of a text, or of blocks of it."""
    return content if isinstance(content, str) else "\n".join(str(block["text"]) for block in content)


def _error(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}}


def _n_tokens(text: str) -> int:
    return len(text) // LETTERS_A_TOKEN + 1
