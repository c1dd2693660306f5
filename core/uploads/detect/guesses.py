"""What was guessed about a file, how sure that is, and why: the lines of its receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Confidence = Literal["certain", "likely", "guess", "chosen"]
About = Literal[
    "encoding", "delimiter", "quotes", "header", "preamble", "names", "not_rows", "widths", "decimal",
    "numbers", "missing", "kind", "tables", "text", "dates", "doubt",
]  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """One thing that a file does not say of itself.

    value: as a user would give it to overrule the guess. why: a sentence. confidence: "certain" where nothing else
    can be meant, "likely", "guess", or "chosen" by a user. column: its name, where the guess is about one column.
    alternatives: values that are possible too, the likeliest first.
    """

    about: About
    value: str
    confidence: Confidence
    why: str
    column: str | None = None
    alternatives: tuple[str, ...] = ()

    @property
    def is_of_value(self) -> bool:
        """Whether it says that a usual spelling of "no value" is a value in its column."""
        return self.about == "missing" and self.confidence == "likely" and not self.value

    @property
    def is_asked(self) -> bool:
        """Whether a spelling may stand for "no value", and nobody has said so yet."""
        return self.about == "missing" and self.confidence == "guess" and not self.value

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to an equal guess."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Guess:
        """The guess that `to_json` wrote."""
        return cls(**{**data, "alternatives": tuple(data["alternatives"])})


def with_previous_values(chosen: Sequence[Guess], before: Sequence[Guess]) -> tuple[Guess, ...]:
    """The guesses, those that a user chose with what they stand for now among their alternatives.

    before: what was guessed, or chosen, when the file was read the last time.
    """
    known = {(guess.about, guess.column): guess for guess in before}
    found = []
    for guess in chosen:
        old = known.get((guess.about, guess.column))
        if guess.confidence == "chosen" and old is not None:
            if old.confidence == "chosen":
                guess = replace(guess, why=old.why, alternatives=old.alternatives)
            elif old.value != guess.value:
                others = (old.value, *(one for one in guess.alternatives if one != old.value))
                guess = replace(
                    guess,
                    why=f"You chose this instead of {old.value!r} ({old.confidence}).",
                    alternatives=others,
                )
        found.append(guess)
    return tuple(found)
