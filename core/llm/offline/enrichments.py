"""An enrichment made of the words of a conversation: clearly synthetic, and the same for the same prompt."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

MOST_LOOKED_AT: Final = 200_000  # letters of a prompt
MOST_TOPICS: Final = 3
LONGEST_TOPIC: Final = 40
_CONVERSATION = re.compile(r'<variable name="conversation">([^<]*)</variable>')
_WORD = re.compile(r"[^\W\d_]{4,}")
COMMON: Final = frozenset(
    (
        *("about", "after", "again", "also", "because", "been", "before", "could", "does", "from", "have"),
        *("here", "into", "just", "like", "more", "most", "need", "only", "other", "over", "please"),
        *("should", "some", "sorry", "than", "thank", "thanks", "that", "their", "them", "then", "there"),
        *("they", "this", "very", "want", "well", "were", "what", "when", "where", "which", "will"),
        *("with", "would", "your", "yours"),
    )
)


def is_wanted(schema: object) -> bool:
    """Whether a reply of this schema is an enrichment."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return isinstance(properties, Mapping) and {"topics", "emotion", "difficulty"} <= set(properties)


def write(prompt: str, *, seed: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Topics by how often words are said; the rest by chance, and the summary says so."""
    random = Random(seed)  # noqa: S311  # repeatable, not secret
    said = _contents(prompt[:MOST_LOOKED_AT])
    counts = Counter(word for text in said for word in _WORD.findall(text.lower()) if word not in COMMON)
    topics = [word[:LONGEST_TOPIC] for word, _ in counts.most_common(MOST_TOPICS)] or ["conversation"]
    about = ", ".join(topics)
    return {
        "topics": topics,
        "emotion": random.choice(_choices(schema, "emotion")),
        "difficulty": random.choice(_choices(schema, "difficulty")),
        "summary": f"Synthetic summary of {len(said)} messages, made without a model. Frequent words: {about}.",
    }


def _choices(schema: Mapping[str, Any], name: str) -> Sequence[str]:
    return list(schema["properties"][name].get("enum") or ["unknown"])


def _contents(prompt: str) -> list[str]:
    """What was said, message by message."""
    found = _CONVERSATION.search(prompt)
    lines = html.unescape(found[1]).splitlines() if found else [prompt]
    return [_content(line) for line in lines if line.strip()]


def _content(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return line
    return str(said.get("content", "")) if isinstance(said, dict) else line
