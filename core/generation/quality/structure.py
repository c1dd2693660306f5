"""What a conversation is made of: whose turn it is, how many there are, and how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.generation.quality.findings import Code, Finding
from core.generation.quality.talk import Talk, Turn

_ROLES: Final = ("user", "assistant")
_LABEL: Final = re.compile(
    r"^[ \t>*_#-]{0,6}(user|assistant|human|ai|bot|chatbot|customer|client|agent|support agent|support|coach|"
    r"salesperson|sales rep|seller|kunde|kundin|berater|beraterin|nutzer|assistent|utilisateur|conseiller|usuario|"
    r"asistente|cliente|agente|utente|assistente|klant|medewerker)[*_]{0,3}[ \t]?[::][*_]{0,3}(?=[ \t]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_SURE: Final = frozenset({"user", "assistant", "human", "ai", "bot", "chatbot"})


def turn_order(talk: Talk) -> Iterator[Finding]:
    """Each turn that is not its speaker's; the end, where the assistant has not the last word."""
    for turn in talk.turns:
        if turn.role != _ROLES[turn.idx % 2]:
            yield Finding(
                Code.TURN_ORDER, turn.idx, detail=f"{turn.role[:20]} instead of {_ROLES[turn.idx % 2]}"
            )
            return
    if len(talk.turns) % 2:
        yield Finding(Code.TURN_ORDER, len(talk.turns) - 1, detail="the assistant has not the last word")


def empty_turns(talk: Talk) -> Iterator[Finding]:
    """Turns in which nothing is said: no letter and no digit."""
    for turn in talk.turns:
        if not any(map(str.isalnum, turn.text)) and not _is_emoji(turn.text):
            yield Finding(Code.EMPTY_TURN, turn.idx)


def several_speakers(talk: Talk) -> Iterator[Finding]:
    """Speakers' labels in the words of one: a turn that holds a whole script, or begins with its own label."""
    for turn in talk.turns:
        labels = list(_LABEL.finditer(turn.prose))
        said = {label[1].casefold() for label in labels}
        begins = bool(labels) and not turn.prose[: labels[0].start()].strip() and bool(said & _SURE)
        if len(said) > 1 or begins:
            for label in labels:
                yield Finding(Code.SEVERAL_SPEAKERS, turn.idx, *label.span(), label[1])


def lengths(talk: Talk) -> Iterator[Finding]:
    """Too few or too many messages, answers of too few words, turns of too many."""
    asked, n = talk.thresholds, len(talk.turns)
    if n < asked.least_messages:
        yield Finding(Code.TOO_FEW_MESSAGES, detail=f"{n} instead of {asked.least_messages}")
    if n > asked.most_messages:
        yield Finding(Code.TOO_MANY_MESSAGES, detail=f"{n} instead of {asked.most_messages}")
    for turn in talk.turns:
        n_words = _n_words(turn)
        if turn.role == "assistant" and n_words < asked.least_words:
            yield Finding(Code.SHORT_TURN, turn.idx, detail=f"{n_words:,} of {asked.least_words:,} words")
        elif n_words > asked.most_words:
            yield Finding(Code.LONG_TURN, turn.idx, detail=f"{n_words:,} words, {asked.most_words:,} at most")


def _n_words(turn: Turn) -> int:
    """Between spaces; where a script has none, two letters count as a word."""
    n_spaced = len(turn.text.split())
    n_letters = sum(len(word) == 1 and word > "\u2e80" for word in turn.folded)
    return max(n_spaced, n_letters // 2)


def _is_emoji(text: str) -> bool:
    return any(one > "\u2190" and not one.isspace() for one in text)
