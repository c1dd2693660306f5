"""How well the letters that an encoding makes of some words stand where they stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from operator import add

from core.uploads.detect.encodings.alphabets import ALPHABETS, Alphabet
from core.uploads.detect.encodings.charsets import LEGACY

_NEUTRAL = frozenset("€£¥¢°§–—’‘“”„«»…·²³½¼¾±×÷µº\u00a0´©®™•ªⁿ№¿¡†‡¬¶")
_MAY_TOUCH = frozenset("²³’‘´\u00a0°µº§©®™ª№“”„«»–—€£¿¡")
_STANDS_ALONE = frozenset("©®")
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
_OTHER_LANGUAGE = 0.15  # the cost of a word that is in another language than most

Context = tuple[str, str, str]
"""A character beyond ASCII between its neighbours."""


def misfits(words: Sequence[str], codec: str) -> list[float]:
    """Of each word how badly its characters beyond ASCII suit it, the sum of 0 to 2 each.

    It is taken in the language that suits most of the words, or in another of the encoding's that suits it better:
    a list of customers holds names from several countries.
    """
    if is_east_asian(codec):
        return [sum(1 - _suits_east_asian(*one, codec) for one in contexts(word)) for word in words]
    languages = LEGACY[codec].languages
    costs = [_costs(word, codec) for word in words]
    totals = [
        sum(cost[index] for cost in costs) + ALPHABETS[language].rarity / 2
        for index, language in enumerate(languages)
    ]
    usual = totals.index(min(totals))
    extra = [_OTHER_LANGUAGE + ALPHABETS[language].rarity / 2 for language in languages]
    return [min(cost[usual], *map(add, cost, extra)) for cost in costs]


def contexts(word: str) -> tuple[Context, ...]:
    """Each character beyond ASCII with its neighbours in the word."""
    return tuple(
        (word[at - 1 : at], one, word[at + 1 : at + 2]) for at, one in enumerate(word) if one > "\x7f"
    )


def is_text(text: str) -> bool:
    """Whether none of it is a control character of the upper half, unassigned or for private use."""
    return not any(_is_no_text(character) for character in set(text))


def is_east_asian(codec: str) -> bool:
    """Whether it has thousands of characters, of two bytes or more."""
    return codec in _FREQUENT


@lru_cache(maxsize=2_000)
def _is_no_text(character: str) -> bool:
    return character > "\x7f" and unicodedata.category(character) in ("Cc", "Cn", "Co")


@lru_cache(maxsize=20_000)
def _costs(word: str, codec: str) -> tuple[float, ...]:
    """In each language of an encoding."""
    found, foreign = contexts(word), _common_letters(codec)
    languages = (ALPHABETS[language] for language in LEGACY[codec].languages)
    return tuple(sum(1 - _suits(*one, alphabet, foreign) for one in found) for alphabet in languages)


@lru_cache(maxsize=len(LEGACY))
def _common_letters(codec: str) -> frozenset[str]:
    """Of all languages that are written in an encoding, which so may give each other names."""
    languages = (ALPHABETS[language] for language in LEGACY[codec].languages)
    return frozenset().union(*(one.letters - one.seldom for one in languages))


def _suits(before: str, character: str, after: str, alphabet: Alphabet, foreign: frozenset[str]) -> float:
    """How well a character stands where it stands, from _BAD to 1. foreign: letters of any language in its encoding."""
    if character == "\u00a0":
        return _BLANK
    if character not in alphabet.letters:
        if character in _NEUTRAL:
            if character in _STANDS_ALONE and not before and not after:
                return 1.0
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
