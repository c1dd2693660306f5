"""Which older encoding some bytes are in, by the letters that the languages written in it have."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WESTERN = (
    "äöüß", "éèàçêîôâûëïùüœæÿ", "áéíóúñü", "ãõçáâàéêíóôúü", "àèéìòù", "åäöé", "åæøéô", "ëïéèöüáóú",
)  # fmt: skip
_ICELANDIC = ("áéíóúðþýæö",)
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß")
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "õäöüšž")
_TURKISH = ("çğıöşüâ",)
_RUSSIAN = ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "оеаинтсрвлкмдпуяьгзбчйхжшюцщєіїґф")
_GREEK = ("αειοντσρπκηυλμωγςδθχφβξζψάέήίόύώϊϋ",)

_WRITTEN_IN: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("cp1252", _WESTERN, 0.0),
    ("cp1250", _CENTRAL, 0.02),
    ("cp1254", _TURKISH, 0.02),
    ("cp1252", _ICELANDIC, 0.04),
    ("cp1251", _RUSSIAN, 0.02),
    ("cp1253", _GREEK, 0.02),
    ("cp1257", _BALTIC, 0.05),
    ("iso8859-2", _CENTRAL, 0.05),
    ("koi8-r", _RUSSIAN, 0.1),
    ("mac_roman", _WESTERN, 0.2),
    ("cp866", _RUSSIAN, 0.2),
    ("cp850", _WESTERN, 0.25),
    ("cp852", _CENTRAL, 0.25),
)
"""A codec, the languages written in it, and how much less likely it is than Windows-1252 where both fit."""

CODECS = tuple(dict.fromkeys(codec for codec, _, _ in _WRITTEN_IN))
"""The likeliest of equals first."""

_COMMON = frozenset("оеаинтсрвлαειοντσρ")
_NEUTRAL = frozenset("€£¥°§–—’‘“”„«»…·²³½¼¾±×µº\u00a0´©®™•ªⁿ№")
_MAY_TOUCH = frozenset("’‘´\u00a0°µº§©®™ª№“”„«»–—€£")
_RARE, _BLANK = 0.6, 0.95
_BAD = -1.0


@dataclass(frozen=True)
class CodecScore:
    """A codec that reads the bytes. score: at most 1, for text in which every letter is one of a language's."""

    codec: str
    score: float


def judge(lines: bytes) -> list[CodecScore]:
    """The codecs of CODECS that read the bytes, the likeliest first. lines: with some bytes beyond ASCII."""
    found = []
    for codec, languages, rarity in _WRITTEN_IN:
        try:
            text = lines.decode(codec)
        except UnicodeDecodeError:
            continue
        fits = max(_fit(text, _letters(language)) for language in languages)
        found.append(CodecScore(codec, fits - rarity))
    return sorted(found, key=lambda judged: -judged.score)


@lru_cache(maxsize=64)
def _letters(language: str) -> frozenset[str]:
    return frozenset(language + language.upper() + ("İ" if "ı" in language else ""))


def _fit(text: str, letters: frozenset[str]) -> float:
    """The mean over characters beyond ASCII: how well each stands where it stands."""
    total = n = 0.0
    for at, character in enumerate(text):
        if character < "\x80":
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        total += _stands(character, before, after, letters)
        n += 1
    return total / n if n else 0.0


def _stands(character: str, before: str, after: str, letters: frozenset[str]) -> float:
    if character in letters:
        if not _COMMON.isdisjoint(letters) and (_is_latin(before) or _is_latin(after)):
            return _BAD
        is_capital_inside = character.isupper() and before.islower()
        is_common = not _COMMON.isdisjoint(letters) and character.lower() not in _COMMON
        return _BAD / 2 if is_capital_inside else 0.9 if is_common else 1.0
    if character == "\u00a0":
        return _BLANK
    if character in _NEUTRAL:
        touches = (before.isalpha() or after.isalpha()) and character not in _MAY_TOUCH
        return _BAD / 2 if touches and not before.isdigit() else _RARE
    return _BAD / 4 if unicodedata.category(character).startswith("L") else _BAD


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
