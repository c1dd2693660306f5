"""What is said again: sentences, phrases that a model could not stop saying, turns that all begin alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.generation.quality.findings import Code, Finding
from core.generation.quality.talk import MOST_WORDS, WORD, Talk, Turn

LEAST_WORDS: Final = 6  # of a sentence that counts when it is said again
MOST_SENTENCES: Final = 2_000
LONGEST_SENTENCE: Final = 2_000  # characters that are looked at
LONGEST_PERIOD: Final = 12  # words of a phrase that is said over and over
LEAST_TIMES: Final = 4
LEAST_LOOP: Final = 8  # words of all its repetitions together
LEAST_SAID_AGAIN: Final = 6  # words of a turn that were there before: a loop has no fewer
LEAST_LETTERS: Final = 16  # of a loop of single ones
N_GRAM, LEAST_FOR_SHARE, MOST_SHARE = 4, 60, 0.45
N_OPENER, LEAST_ALIKE = 3, 3
LONGEST_WORD, FEW_LETTERS = 80, 4
_SENTENCE_END: Final = re.compile(r"[.!?](?=[\s\"'”’»)\]*_]|$)|[。！？\n]")
_FLOOD: Final = re.compile(r"([^\W_]|[!?])\1{24,}")


def sentences(talk: Talk) -> Iterator[Finding]:
    """Sentences of some length that the same speaker has said before."""
    said = set[tuple[str, str]]()
    n = 0
    for turn in talk.turns:
        for start, end in _sentences(turn.told):
            if (n := n + 1) > MOST_SENTENCES:
                return
            words = WORD.findall(turn.told[start : min(end, start + LONGEST_SENTENCE)].casefold())
            if len(words) < LEAST_WORDS:
                continue
            key = turn.role, " ".join(words)
            if key in said:
                yield Finding(Code.REPEATED_SENTENCE, turn.idx, start, end)
            said.add(key)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each begins and ends, space around it left out."""
    start = 0
    for end in chain((found.start() for found in _SENTENCE_END.finditer(text)), (len(text),)):
        sentence = text[start:end]
        if words := sentence.strip():
            begin = start + len(sentence) - len(sentence.lstrip())
            yield begin, begin + len(words)
        start = end + 1


def phrases(talk: Talk) -> Iterator[Finding]:
    """Loops: the same words over and over in one turn, or most of its word quadruples said before, or a flood."""
    for turn in talk.turns:
        words, ids = _prose_words(turn)
        if (flood := _FLOOD.search(turn.told)) is not None:
            yield Finding(Code.REPEATED_PHRASE, turn.idx, *flood.span())
        elif len(words) - len(set(ids.tolist())) < LEAST_SAID_AGAIN:
            if (place := _endless_word(words)) is not None:
                yield Finding(Code.REPEATED_PHRASE, turn.idx, *place)
        elif (place := _loop(words, ids) or _endless_word(words)) is not None:
            yield Finding(Code.REPEATED_PHRASE, turn.idx, *place)
        elif _share_said_before(ids) > MOST_SHARE:
            yield Finding(Code.REPEATED_PHRASE, turn.idx)


def openers(talk: Talk) -> Iterator[Finding]:
    """Answers that begin with the same words, where at least three and most of them do."""
    answers = [turn for turn in talk.answers if len(turn.folded) >= N_OPENER]
    counted = Counter(tuple(turn.folded[:N_OPENER]) for turn in answers)
    for opener, n in counted.items():
        if n >= LEAST_ALIKE and 2 * n > len(answers):
            alike = [turn for turn in answers if tuple(turn.folded[:N_OPENER]) == opener]
            for turn in alike[1:]:
                yield Finding(
                    Code.REPEATED_OPENER, turn.idx, turn.words[0].start(), turn.words[N_OPENER - 1].end()
                )


def _prose_words(turn: Turn) -> tuple[list[re.Match[str]], NDArray[np.int64]]:
    """The words outside of code, and each as a number below MOST_WORDS, the same for the same word."""
    known: dict[str, int] = {}
    told = turn.told
    words = [word for word in turn.words if told[word.start()] != " "]
    return words, np.array(
        [known.setdefault(word[0].casefold(), len(known)) for word in words], dtype=np.int64
    )


def _loop(words: list[re.Match[str]], ids: NDArray[np.int64]) -> tuple[int, int] | None:
    """Where a phrase of up to LONGEST_PERIOD words follows upon itself, LEAST_TIMES in all and more."""
    for period in range(1, LONGEST_PERIOD + 1):
        n_least = max(LEAST_LOOP, LEAST_TIMES * period)
        if len(ids) < n_least:
            break
        same = np.concatenate(([0], (ids[period:] == ids[:-period]).view(np.int8), [0]))
        edges = np.flatnonzero(np.diff(same))
        begins, ends = edges[::2], edges[1::2]
        long = np.flatnonzero(ends - begins + period >= n_least)
        if long.size:
            begin, end = int(begins[long[0]]), int(ends[long[0]]) + period
            first = words[begin][0]
            if first.isdecimal() or (len(first) == period == 1 and end - begin < LEAST_LETTERS):
                continue
            return words[begin].start(), words[end - 1].end()
    return None


def _endless_word(words: list[re.Match[str]]) -> tuple[int, int] | None:
    """A word of many letters, of which few are different."""
    for word in words:
        if word.end() - word.start() > LONGEST_WORD and len(set(word[0])) <= FEW_LETTERS:
            return word.span()
    return None


def _share_said_before(ids: NDArray[np.int64]) -> float:
    """Of the word quadruples of a turn, the share that was there before; 0 where it is short."""
    if len(ids) < LEAST_FOR_SHARE:
        return 0.0
    keys = np.zeros(len(ids) - N_GRAM + 1, dtype=np.int64)
    for at in range(N_GRAM):
        keys = keys * MOST_WORDS + ids[at : at + len(keys)]
    return 1 - len(np.unique(keys)) / len(keys)
