"""A conversation as the checks read it: turns, words, and what of a text is prose and not code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from core.generation.quality.thresholds import Thresholds

MOST_LOOKED_AT: Final = 100_000  # characters of one message: more is refused wherever one is kept
MOST_WORDS: Final = 5_000  # of one message, where words are compared with each other
# A word, or a letter of a script that puts no spaces between them.
_UNSPACED: Final = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_INLINE_CODE: Final = re.compile(r"`[^`\n]{1,200}`")
_URL: Final = re.compile(r"\bhttps?://[^\s<>\"']+")
_FENCE: Final = "```"


@dataclass(frozen=True)
class Turn:
    """One message. text: without halves of surrogate pairs, as long as the content, which it is cut from."""

    idx: int
    role: str
    text: str

    @cached_property
    def words(self) -> list[re.Match[str]]:
        """The first MOST_WORDS, with their places."""
        found: list[re.Match[str]] = []
        for word in WORD.finditer(self.text):
            found.append(word)
            if len(found) >= MOST_WORDS:
                break
        return found

    @cached_property
    def folded(self) -> list[str]:
        """The words, whatever their case."""
        return [word[0].casefold() for word in self.words]

    @cached_property
    def prose(self) -> str:
        """The text with blanks in place of code, every character at its place."""
        return _without_code(self.text)

    @cached_property
    def told(self) -> str:
        """The prose with blanks in place of addresses of the web."""
        return _URL.sub(_blank, self.prose) if "://" in self.prose else self.prose


@dataclass(frozen=True)
class Talk:
    """A whole conversation, with what it was asked to be."""

    turns: Sequence[Turn]
    thresholds: Thresholds
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answers(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.role == "assistant"]


def read(
    messages: Sequence[Mapping[str, Any]], *, thresholds: Thresholds, params: Mapping[str, Any] | None = None
) -> Talk:
    """A conversation of any messages, whatever they hold."""
    turns = [
        Turn(idx, str(one.get("role")), _readable(one.get("content"))) for idx, one in enumerate(messages)
    ]
    return Talk(turns, thresholds, params or {})


def _readable(content: object) -> str:
    text = content[:MOST_LOOKED_AT] if isinstance(content, str) else ""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _without_code(text: str) -> str:
    if "`" not in text:
        return text
    parts = []
    for at, part in enumerate(text.split(_FENCE)):
        is_code = at % 2 == 1
        parts.append(" " * len(part) if is_code else _INLINE_CODE.sub(_blank, part))
    return (" " * len(_FENCE)).join(parts)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def spans(pattern: re.Pattern[str], turn: Turn) -> Iterator[tuple[int, int]]:
    """Where a pattern stands in a turn's prose."""
    for found in pattern.finditer(turn.prose):
        yield found.span()
