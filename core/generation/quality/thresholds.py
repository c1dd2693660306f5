"""What a template asks of its conversations: how many messages, how long, in which language, and what is let pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from core.errors import AppError
from core.generation.conversations.messages import LONGEST_CONTENT, MOST_MESSAGES
from core.generation.quality.findings import KINDS
from core.generation.quality.languages import ANY, BY_CODE

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "least_messages": (2, MOST_MESSAGES),
    "most_messages": (2, MOST_MESSAGES),
    "least_words": (0, 10_000),
    "most_words": (1, LONGEST_CONTENT),
    "similarity": (0.3, 1.0),
    "passing_score": (0, 100),
}


class ThresholdsUnfit(AppError):
    """What a template asks of its conversations is no such thing."""

    code = "thresholds_unfit"
    message = "The quality thresholds can't be used: {problem}."
    hint = "Correct it, or leave it out to have the default."
    problem: str


@dataclass(frozen=True)
class Thresholds:
    """What is asked; the defaults hold where a template says nothing.

    least_words: of each answer. most_words: of each turn. language: an ISO 639-1 code, "any", or "" for what the
    template's variable `language` says, else what most turns are in. similarity: from which share of common word
    triples on (Jaccard, 0.3 to 1) two are near-duplicates. passing_score: below it a conversation is told to be weak.
    ignored: codes of findings that are meant to be there.
    """

    least_messages: int = 2
    most_messages: int = 40
    least_words: int = 3
    most_words: int = 800
    language: str = ""
    similarity: float = 0.6
    passing_score: int = 70
    ignored: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "ignored": list(self.ignored)}

    def stored(self) -> dict[str, Any] | None:
        """What a template's row holds: what differs from the defaults; None where nothing does."""
        default, mine = DEFAULT.to_json(), self.to_json()
        return {name: value for name, value in mine.items() if value != default[name]} or None


DEFAULT: Final = Thresholds()
NAMES: Final = tuple(field.name for field in fields(Thresholds))


def parse(given: object) -> Thresholds:
    """These thresholds, and the defaults for what is not named. Raises ThresholdsUnfit."""
    if given is None:
        return DEFAULT
    if not isinstance(given, Mapping):
        raise ThresholdsUnfit(problem="they are not an object")
    if unknown := sorted(str(name)[:40] for name in given if name not in NAMES):
        raise ThresholdsUnfit(problem=f"there is no {unknown[0]!r}")
    found = Thresholds(**{name: _parsed(name, value) for name, value in given.items()})
    if found.least_messages > found.most_messages:
        raise ThresholdsUnfit(problem="least_messages is above most_messages")
    if found.least_words > found.most_words:
        raise ThresholdsUnfit(problem="least_words is above most_words")
    return found


def _parsed(name: str, value: object) -> Any:
    if name == "language":
        return _language(value)
    if name == "ignored":
        if not isinstance(value, list | tuple):
            raise ThresholdsUnfit(problem="ignored is not a list of codes")
        if unknown := [str(one)[:40] for one in value if not isinstance(one, str) or one not in KINDS]:
            raise ThresholdsUnfit(problem=f"ignored names {unknown[0]!r}, which no finding is called")
        return tuple(sorted({str(one) for one in value}))
    low, high = NUMBERS[name]
    is_whole = name != "similarity"
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not is_number or (is_whole and value != int(value)):  # type: ignore[call-overload]
        raise ThresholdsUnfit(problem=f"{name} is not a{' whole' * is_whole} number from {low:g} to {high:g}")
    return int(value) if is_whole else float(value)  # type: ignore[call-overload, arg-type]


def _language(value: object) -> str:
    if isinstance(value, str) and (value in ("", ANY) or value in BY_CODE):
        return value
    known = ", ".join(sorted(BY_CODE))
    raise ThresholdsUnfit(problem=f'language is none of "", "{ANY}" and the codes {known}')
