"""What is found out about a conversation: how a model is asked, and what its reply must be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core import llm
from core.generation.engine.requests import replies
from core.generation.errors import BadReply
from core.generation.templates.rendering import escaped

EMOTIONS: Final = (
    *("neutral", "satisfied", "grateful", "hopeful", "curious", "confused"),
    *("worried", "disappointed", "frustrated", "angry", "sad"),
)
DIFFICULTIES: Final = ("easy", "medium", "hard")
MOST_TOPICS: Final = 5
LONGEST_TOPIC: Final = 60  # characters
LONGEST_SUMMARY: Final = 300
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "topics": {"type": "array", "items": {"type": "string"}},
        "emotion": {"type": "string", "enum": list(EMOTIONS)},
        "difficulty": {"type": "string", "enum": list(DIFFICULTIES)},
        "summary": {"type": "string"},
    },
    "required": ["topics", "emotion", "difficulty", "summary"],
    "additionalProperties": False,
}
EFFORT: Final[llm.Effort] = "low"
MOST_TOKENS: Final = 800  # a summary and topics in any script
MOST_TOKENS_THINKING: Final = 2_500  # of a model that always thinks first
LONGEST_CHARACTERS: Final = 18_000  # of a conversation, as JSON
LONGEST_BYTES: Final = 48_000  # of it in a prompt


def max_tokens(model: str) -> int:
    """Most tokens of one reply."""
    return MOST_TOKENS_THINKING if llm.thinks(model) == "always" else MOST_TOKENS


def told(messages: Sequence[Mapping[str, Any]]) -> str:
    """A conversation as a prompt holds it: a line of JSON a message. Of long messages the middle is left out."""
    longest = max((len(one["content"]) for one in messages), default=0)
    text = _lines(messages, longest)
    if _fits(text):
        return text
    low, high = 0, longest
    while high - low > 1:
        middle = (low + high) // 2
        if _fits(_lines(messages, middle)):
            low = middle
        else:
            high = middle
    return _lines(messages, low)


def _lines(messages: Sequence[Mapping[str, Any]], longest: int) -> str:
    return "\n".join(
        json.dumps({"role": one["role"], "content": _cut(one["content"], longest)}, ensure_ascii=False)
        for one in messages
    )


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail]} […] {text[len(text) - tail :]}"


def _fits(text: str) -> bool:
    return len(text) <= LONGEST_CHARACTERS and len(escaped(text).encode()) <= LONGEST_BYTES


def read(reply: llm.Reply) -> dict[str, Any]:
    """Topics, emotion, difficulty and summary. Raises BadReply, Refused, ContextFull, UnreadableReply."""
    found = replies.parsed(replies.whole_text(reply))
    if not isinstance(found, dict):
        raise _bad("it is no object")
    return {
        "topics": _topics(found.get("topics")),
        "emotion": _one_of(found.get("emotion"), EMOTIONS, name="emotion"),
        "difficulty": _one_of(found.get("difficulty"), DIFFICULTIES, name="difficulty"),
        "summary": _text(found.get("summary"), longest=LONGEST_SUMMARY, name="summary"),
    }


def _topics(found: object) -> list[str]:
    if not isinstance(found, list) or not found:
        raise _bad('it has no list "topics"')
    if len(found) > MOST_TOPICS:
        raise _bad(f"it names {len(found):,} topics instead of 1 to {MOST_TOPICS}")
    topics = dict[str, str]()
    for one in found:
        topic = _text(one, longest=LONGEST_TOPIC, name="topic")
        topics.setdefault(topic.casefold(), topic)
    return list(topics.values())


def _one_of(found: object, known: Sequence[str], *, name: str) -> str:
    if not isinstance(found, str) or (word := found.strip().lower()) not in known:
        raise _bad(f"its {name} is none of {', '.join(known)}")
    return word


def _text(found: object, *, longest: int, name: str) -> str:
    """In one line, without what no database keeps."""
    if not isinstance(found, str):
        raise _bad(f"its {name} is no text")
    line = " ".join(replies.storable(found).split())
    if not line:
        raise _bad(f"its {name} is empty")
    if len(line) > longest:
        raise _bad(f"its {name} has {len(line):,} characters instead of at most {longest}")
    return line


def _bad(problem: str) -> BadReply:
    return BadReply(problem=problem, wanted="an enrichment")
