"""Words behind a number that stand for thousands, millions or more, in the languages that the reader knows."""

from __future__ import annotations

from typing import Final

_THOUSAND: Final = 3, ("k", "tsd", "thousand", "tys", "тыс", "mil", "tkr", "千")
_MILLION: Final = 6, ("m", "mn", "mm", "mio", "mln", "mill", "million", "millions", "millionen", "млн", "milj",
    "millones", "milioni", "milhões")  # fmt: skip
_BILLION: Final = 9, ("b", "bn", "mrd", "mld", "billion", "billions", "milliarden", "milliards", "miliardi",
    "млрд", "md", "mia")  # fmt: skip
_TRILLION: Final = 12, ("tn", "trn", "trillion", "trillions", "трлн")
_INDIAN: Final = (5, ("lakh", "lakhs", "lac", "lacs")), (7, ("crore", "crores"))
_EASTERN: Final = (4, ("万", "萬", "만")), (8, ("億", "亿", "억"))
AMBIGUOUS: Final = frozenset(("m", "b", "mil", "mm", "md"))
"""Those that are units as well."""
_PLACES: Final = {
    word: places
    for places, words in (_THOUSAND, _MILLION, _BILLION, _TRILLION, *_INDIAN, *_EASTERN)
    for word in words
}


def is_one(word: str) -> bool:
    """Whether a word stands for thousands, millions or more in some language."""
    return places(word) > 0


def places(word: str) -> int:
    """By how many places a multiplier moves the decimal mark; 0 for another word."""
    return _PLACES.get(word.casefold().rstrip("."), 0)
