"""Conversations made of phrases and of the values in a prompt; the same prompt gives the same conversation.

A template's values stand in its prompt as `<variable name="topic">a late parcel</variable>`. What they are used for
follows from their names: what it is about, who speaks, how many messages, how they sound; the others are said along.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final

from core.llm.offline.phrases import OCCASIONS, OTHERS, SLOTS, Occasion, Pairs

LONGEST_VALUE: Final = 300
MOST_LOOKED_AT: Final = 200_000  # letters of a prompt
ABOUT = (
    "topic",
    "issue",
    "problem",
    "question",
    "goal",
    "concern",
    "objection",
    "situation",
    "scenario",
    "subject",
)
WITH = ("product", "service", "plan", "feature", "company", "item")
WHO = ("persona", "role", "audience", "customer", "client", "person", "user", "name")
SOUND = ("tone", "style", "mood", "formality")
LENGTH = ("turns", "messages", "length")
FORMAL, WARM = ("formal", "polite", "professional"), ("friendly", "casual", "warm", "relaxed", "cheerful")
GREETINGS: Final = {"formal": ("Good day.", "Good morning."), "warm": ("Hi there!", "Hey!", "Hello hello!"),
                    "": ("Hello.", "Hello,", "Hi.", "", "")}  # fmt: skip
ALONG: Final = ("To add", "For the record", "In case you need it")
_VARIABLE = re.compile(r'<variable name="([^"<>]{1,100})">([^<]*)</variable>')


def write(prompt: str, *, seed: str, system: str = "") -> list[dict[str, str]]:
    """Two to eight messages, the user's first and the assistant's last."""
    random = Random(seed)  # noqa: S311  # repeatable, not secret
    values = _values(prompt)
    occasion = _occasion(f"{system}\n{_VARIABLE.sub('', prompt[:MOST_LOOKED_AT])}".lower())
    said = _Speaker(random, values, occasion)
    n_pairs = _n_pairs(values, random)
    first = [said.greeting(), said.introduction(), said.say(occasion.opens), *said.details()]
    pairs = [(" ".join(filter(None, first)), said.say(occasion.answers))]
    pairs += [said.pair(occasion.follow_ups) for _ in range(n_pairs - 2)]
    pairs += [said.pair(occasion.ends)] * (n_pairs > 1)
    return [
        {"role": role, "content": content}
        for pair in pairs
        for role, content in zip(("user", "assistant"), pair, strict=True)
    ]


class _Speaker:
    """Says phrases of an occasion, none twice, with their slots filled."""

    def __init__(self, random: Random, values: Mapping[str, str], occasion: Occasion) -> None:
        self._random, self._values, self._subject = random, values, _subject(values)
        self._slots = {**SLOTS, "step": occasion.steps, "other_step": occasion.other_steps}
        self._used = set[object]()
        self._number = random.randint(10_000, 99_999)

    def say(self, phrases: Sequence[str]) -> str:
        """One of them."""
        return self._filled(self._random.choice(phrases))

    def pair(self, pairs: Pairs) -> tuple[str, str]:
        """One of them, not the same again."""
        chosen = self._random.choice([one for one in pairs if one not in self._used])
        self._used.add(chosen)
        return self._filled(chosen[0]), self._filled(chosen[1])

    def _filled(self, phrase: str) -> str:
        slots = {name: self._random.choice(ways) for name, ways in self._slots.items()}
        return phrase.format(subject=self._subject, number=self._number, **slots)

    def greeting(self) -> str:
        sound = " ".join(text.lower() for name, text in self._values.items() if _is(name, SOUND))
        kind = "formal" if _has(sound, FORMAL) else "warm" if _has(sound, WARM) else ""
        return self._random.choice(GREETINGS[kind]).replace(",", ".")

    def introduction(self) -> str:
        who = [text for name, text in self._values.items() if _is(name, WHO)]
        return f"I am {', '.join(who)}." if who else ""

    def details(self) -> Iterator[str]:
        """The values that no phrase holds."""
        for name, text in self._values.items():
            if text.rstrip(".!?") not in self._subject and not _is(name, (*WHO, *SOUND, *LENGTH)):
                yield f"{self._random.choice(ALONG)}, {name.replace('_', ' ')}: {text.rstrip('.')}."


def _values(prompt: str) -> dict[str, str]:
    """The values by their names, in the order of the prompt."""
    found = _VARIABLE.findall(prompt[:MOST_LOOKED_AT])
    plain = {name: " ".join(html.unescape(text).split()) for name, text in found}
    return {
        name: text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE].rstrip()}…"
        for name, text in plain.items()
        if text
    }


def _subject(values: Mapping[str, str]) -> str:
    plain = {name: text.rstrip(".!?") for name, text in values.items()}
    about = next((text for name, text in plain.items() if _is(name, ABOUT)), "")
    what = next((text for name, text in plain.items() if _is(name, WITH)), "")
    others = (text for name, text in plain.items() if text and not _is(name, (*WHO, *SOUND, *LENGTH)))
    return f"{about} with {what}" if about and what else about or what or next(others, "this")


def _n_pairs(values: Mapping[str, str], random: Random) -> int:
    asked = next((text for name, text in values.items() if _is(name, LENGTH) and text.isdecimal()), "")
    return min(max(int(asked[:3]) // 2, 1), 4) if asked else random.randint(1, 4)


def _occasion(words: str) -> Occasion:
    """The one that a prompt has most words of."""
    best = max(OCCASIONS, key=lambda one: sum(words.count(word) for word in one.words))
    return best if any(word in words for word in best.words) else OTHERS


def _is(name: str, kinds: Sequence[str]) -> bool:
    return any(kind in name.lower() for kind in kinds)


def _has(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)
