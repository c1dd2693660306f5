"""Which older encoding some bytes are in, by two witnesses that know nothing of each other.

One is chardet: how often pairs of bytes follow each other in the languages that are written in an encoding. It can
be wrong where a file holds a few words only. The other looks at each letter that an encoding would give: whether a
language has it, and whether it can stand where it stands. An encoding is the answer where both speak for it, and by
so much more than for any other that gives another text; otherwise nobody can say, and the file is refused.
"""

from __future__ import annotations

import codecs
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import chardet

from core.uploads.detect.alphabets import ALPHABETS, CODECS, Alphabet

_LEAST_CONFIDENCE = 0.003  # of chardet; below, one number says no more than another
_MISFIT_NATS = 2.0
_MOST_MISFIT = 0.44  # a context
_AHEAD, _AHEAD_OF_FEW = 0.8, 0.5  # nats

_NEUTRAL = frozenset("€£¥¢°§–—’‘“”„«»…·²³½¼¾±×÷µº\u00a0´©®™•ªⁿ№¿¡†‡¬¶")
_MAY_TOUCH = frozenset("²³’‘´\u00a0°µº§©®™ª№“”„«»–—€£¿¡")
_WORDS = frozenset("àèéòùìíóúôâêöåæøőоьвикосуюяіїєйаāīąšηο")
_SIGN, _BLANK, _SELDOM, _ALONE, _BESIDE_DIGIT = 0.6, 0.95, 0.85, 0.4, -0.2
_FOREIGN, _STRANGE, _MISPLACED, _BAD = 0.1, -0.25, -0.5, -1.0

_KANA = range(0x3041, 0x3100)
_HANGUL = range(0xAC00, 0xD7A4)
_EAST_ASIAN_MARKS = frozenset("・ー、。「」（）〜：／％－　")
_FULL_WIDTH = range(0xFF01, 0xFF5F)
# Of characters in two bytes, the first bytes of those that every text is made of: level 1 of the standard behind it.
_FREQUENT = {
    "cp932": ("euc_jp", range(0xB0, 0xD0)),
    "euc_jp": ("euc_jp", range(0xB0, 0xD0)),
    "gb18030": ("gb2312", range(0xB0, 0xD8)),
    "big5": ("big5", range(0xA4, 0xC7)),
    "cp949": ("euc_kr", range(0xB0, 0xC9)),
}
_LESS_FREQUENT = 0.2
# The fewer characters are usual, the more it says that every one is: nats for each, beside those of GB 18030.
_TELLING = {"cp949": 0.28, "cp932": 0.14, "euc_jp": 0.14, "big5": -0.22}

Context = tuple[str, str, str]
"""A character beyond ASCII between its neighbours."""


@dataclass(frozen=True)
class EncodingCandidate:
    """An encoding that reads the bytes. text: what it makes of them. n_contexts: of characters beyond ASCII.

    score: in nats, the logarithm of chardet's confidence less what its misfits cost. misfit: the sum over contexts of
    how badly the character suits them in the language that suits the text best, 0 to 2 each.
    """

    codec: str
    text: str
    score: float
    misfit: float
    n_contexts: int

    @property
    def is_plausible(self) -> bool:
        """Whether some language is written with such letters so placed."""
        return self.misfit <= _MOST_MISFIT * self.n_contexts

    def is_ahead_of(self, other: EncodingCandidate) -> bool:
        """Whether there is no doubt between the two. The fewer the contexts, the more it takes."""
        enough = _AHEAD / math.sqrt(self.n_contexts) + _AHEAD_OF_FEW / self.n_contexts
        return self.text == other.text or self.score - other.score > enough


def candidates(lines: bytes) -> list[EncodingCandidate]:
    """The encodings that read the bytes, the likeliest first. lines: with some bytes beyond ASCII."""
    confidence = _confidence(lines)
    found = []
    for codec, known in CODECS.items():
        try:  # the last character may be cut
            text = codecs.getincrementaldecoder(codec)().decode(lines)
        except UnicodeDecodeError:
            continue
        contexts = _contexts(text)
        misfit, rarity = _misfit(contexts, codec)
        score = math.log(confidence.get(codec, 0.0) + _LEAST_CONFIDENCE) - known.rarity - rarity
        score += _TELLING.get(codec, 0.0) * len(contexts) - _MISFIT_NATS * misfit
        found.append(EncodingCandidate(codec, text, score, misfit, len(contexts)))
    return sorted(found, key=lambda candidate: -candidate.score)


def _confidence(lines: bytes) -> dict[str, float]:
    """What chardet makes of the bytes: our codec → its confidence, far below 1 for short texts."""
    names = {_chardets_name(codec): codec for codec in CODECS}
    results = chardet.detect_all(
        lines, ignore_threshold=True, compat_names=False, include_encodings=list(names)
    )
    found: dict[str, float] = {}
    for result in results:
        codec = names.get(result["encoding"] or "")
        if codec is not None:
            found[codec] = max(found.get(codec, 0.0), result["confidence"])
    return found


def _chardets_name(codec: str) -> str:
    return {"euc_jp": "euc_jis_2004", "big5": "big5hkscs"}.get(codec, codec.replace("mac_", "mac-"))


def _is_east_asian(codec: str) -> bool:
    return codec in _FREQUENT


def _contexts(text: str) -> frozenset[Context]:
    """Each different one counts once, however often a word is repeated in a column."""
    return frozenset(
        (text[at - 1 : at], character, text[at + 1 : at + 2])
        for at, character in enumerate(text)
        if character > "\x7f"
    )


def _misfit(contexts: Iterable[Context], codec: str) -> tuple[float, float]:
    """Of the language that suits the text best: how badly it does, and how rare the language is."""
    if _is_east_asian(codec):
        return sum(1 - _suits_east_asian(*context, codec) for context in contexts), 0.0
    languages = (ALPHABETS[language] for language in CODECS[codec].languages)
    foreign = _common_letters(codec)
    found = (
        (sum(1 - _suits(*context, one, foreign) for context in contexts), one.rarity) for one in languages
    )
    return min(found, key=lambda pair: _MISFIT_NATS * pair[0] + pair[1])


@lru_cache(maxsize=len(CODECS))
def _common_letters(codec: str) -> frozenset[str]:
    """Of all languages that are written in an encoding, which so may give each other names."""
    languages = (ALPHABETS[language] for language in CODECS[codec].languages)
    return frozenset().union(*(one.letters - one.seldom for one in languages))


def _suits(before: str, character: str, after: str, alphabet: Alphabet, foreign: frozenset[str]) -> float:
    """How well a character stands where it stands, from _BAD to 1. foreign: letters of any language in its encoding."""
    if character == "\u00a0":
        return _BLANK
    if character not in alphabet.letters:
        if character in _NEUTRAL:
            touches = (before.isalpha() or after.isalpha()) and character not in _MAY_TOUCH
            return _MISPLACED if touches and not before.isdigit() else _SIGN
        if character in foreign:
            return _FOREIGN
        return _STRANGE if unicodedata.category(character).startswith("L") else _BAD
    if not alphabet.mixes and (_is_latin(before) or _is_latin(after)):
        return _BAD
    if (character.isupper() and before.islower()) or (character.islower() and after.isupper()):
        return _MISPLACED
    if before.isdigit() or after.isdigit():
        return _BESIDE_DIGIT
    if not (_is_letter(before) or _is_letter(after)) and character.lower() not in _WORDS:
        return _ALONE
    return _SELDOM if character in alphabet.seldom else 1.0


def _suits_east_asian(before: str, character: str, after: str, codec: str) -> float:
    """As `_suits`; of the scripts of East Asia each character is told by how usual it is."""
    n_small = sum(_is_latin(neighbour) and neighbour.islower() for neighbour in (before, after))
    if n_small == 2:
        return _BAD  # in the middle of a Latin word
    usual = _usual(character, codec)
    return min(usual, _LESS_FREQUENT) if n_small else usual


@lru_cache(maxsize=20_000)
def _usual(character: str, codec: str) -> float:
    if character in _EAST_ASIAN_MARKS or ord(character) in _FULL_WIDTH:
        return _BLANK
    if ord(character) in _KANA:
        return 1.0 if codec in ("cp932", "euc_jp") else _STRANGE
    if (ord(character) in _HANGUL) != (codec == "cp949"):
        return _STRANGE
    standard, frequent = _FREQUENT[codec]
    try:
        first, *others = character.encode(standard)
    except UnicodeEncodeError:
        return _MISPLACED
    if not others or first < frequent.start:
        return _MISPLACED
    return 1.0 if first in frequent else _LESS_FREQUENT


def _is_letter(character: str) -> bool:
    """Or a vowel sign above or below one."""
    return character != "" and unicodedata.category(character)[0] in "LM"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
