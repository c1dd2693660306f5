"""The messages of a conversation: what they must be, and what its row says of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.generation.conversations import words
from core.generation.conversations.errors import BadMessages

Messages = list[dict[str, str]]

MOST_MESSAGES: Final = 200
LONGEST_CONTENT: Final = 100_000  # characters of one message
LONGEST: Final = 400_000  # characters of all together
N_FIRST_WORDS: Final = 120  # characters
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_ROLES: Final = ("user", "assistant")


def checked(found: Sequence[Mapping[str, Any]]) -> Messages:
    """These messages, stripped of space around them. Raises BadMessages."""
    if not 2 <= len(found) <= MOST_MESSAGES:
        raise BadMessages(problem=f"there are {len(found):,} instead of 2 to {MOST_MESSAGES}")
    if len(found) % 2:
        raise BadMessages(problem="the assistant must have the last word")
    messages = [_checked(one, at=at, n=len(found)) for at, one in enumerate(found)]
    if sum(len(one["content"]) for one in messages) > LONGEST:
        raise BadMessages(problem=f"together they have more than {LONGEST:,} characters")
    return messages


def _checked(found: Mapping[str, Any], *, at: int, n: int) -> dict[str, str]:
    place = f", message {at + 1} of {n}"
    role, content = _ROLES[at % 2], found.get("content")
    if not isinstance(content, str) or set(found) != {"role", "content"}:
        raise BadMessages(problem='each has a "role" and a "content" and nothing else', place=place)
    if found["role"] != role:
        raise BadMessages(problem=f"this must be the {role}'s turn", place=place)
    if _UNSTORABLE.search(content):
        raise BadMessages(problem="it holds a NUL or half a surrogate pair", place=place)
    content = content.strip()
    if not content:
        raise BadMessages(problem="it is empty", place=place)
    if len(content) > LONGEST_CONTENT:
        raise BadMessages(problem=f"it has more than {LONGEST_CONTENT:,} characters", place=place)
    return {"role": role, "content": content}


def columns(messages: Messages) -> dict[str, Any]:
    """What a row of `conversations` holds of its messages, by column."""
    return {
        "messages": messages,
        "n_messages": len(messages),
        "first_words": " ".join(messages[0]["content"][: 4 * N_FIRST_WORDS].split())[:N_FIRST_WORDS],
        "words": words.of_messages(messages),
        "content_sha256": content_sha256(messages),
    }


def content_sha256(messages: Messages) -> str:
    """What tells two conversations apart, whatever a database makes of their JSON."""
    pairs = [[one["role"], one["content"]] for one in messages]
    return hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()
