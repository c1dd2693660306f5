"""Cells that are nearly numbers: a number with a sign of its limit, a multiplier, or another decimal mark."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.uploads.csv import number_formats
from core.uploads.csv.cells import ABOUT
from core.uploads.csv.number_formats import Spelling

_LONGEST: Final = 100
_LIMITS: Final = (
    r"<=|>=|=<|=>|[<>≤≥≦≧≈~±∼]|ca\.?|circa|approx\.?|about|etwa"
    r"|environ|env\.?|aprox\.?|under|over|unter|über|bis zu|up to|more than|less than|mehr als|weniger als"
)
_THOUSAND: Final = 3, ("k", "tsd", "thousand", "tys", "тыс")
_MILLION: Final = 6, ("m", "mn", "mio", "mln", "mill", "million", "millions", "millionen", "млн")
_BILLION: Final = 9, ("b", "bn", "mrd", "mld", "billion", "billions", "milliarden", "млрд")
_TRILLION: Final = 12, ("tn", "trn", "trillion", "trillions")
_PLACES: Final = {
    word: places for places, words in (_THOUSAND, _MILLION, _BILLION, _TRILLION) for word in words
}
_LIMIT: Final = re.compile(_LIMITS, re.IGNORECASE)
_BEHIND: Final = re.compile(
    r"[.,]? ?(?P<word>[^\W\d_]*)\.? ?(?P<behind>[^\w\s+]{1,3}|[A-Z]{3})? ?(?P<plus>\+)?"
)
_DIGITS: Final = frozenset("0123456789")


def loosely(text: str, spelling: Spelling, decimal: str) -> str | None:
    """The clean number that a cell names, `decimal` as its mark; None where it names none.

    spelling: of the column's plain numbers. "<0.5" is "≈0.5", "575K" is 575000, "€1.3M" is 1300000. A number that can
    be read with the other decimal mark only is read so, with ABOUT before it.
    """
    return _loosely(text, spelling, decimal) if len(text) <= _LONGEST else None


@lru_cache(maxsize=20_000)
def _loosely(text: str, spelling: Spelling, decimal: str) -> str | None:
    text = " ".join(text.split())
    limit = _LIMIT.match(text)
    text = text[limit.end() :].lstrip() if limit else text
    last = max((place for place, letter in enumerate(text) if letter in _DIGITS), default=-1)
    found = _BEHIND.fullmatch(text[last + 1 :])
    if last < 0 or found is None:
        return None
    digits, word, is_about = text[: last + 1], found["word"].casefold(), bool(limit or found["plus"])
    numeral = number_formats.of(digits + (found["behind"] or ""))
    if numeral is None and word and not found["behind"]:  # a unit or sign that the column's numbers have
        numeral = number_formats.of(f"{digits} {found['word']}")
        word = ""
    if numeral is None or (numeral.mark in "%‰" and numeral.mark and numeral.mark != spelling.mark):
        return None
    if word and word == spelling.mark.casefold():
        word = ""
    if word and word not in _PLACES:
        return None
    if found["word"] in ("m", "b") and not numeral.mark:
        return None  # metres or minutes as likely as millions
    plain, is_other = _plain(numeral, spelling)
    if plain is None:
        return None
    if word:
        plain = format(Decimal(plain).scaleb(_PLACES[word]), "f")
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return (ABOUT if is_about or is_other else "") + plain.replace(".", decimal)


def _plain(numeral: number_formats.Numeral, spelling: Spelling) -> tuple[str | None, bool]:
    """The digits with a point, and whether their decimal mark is another than the column's."""
    digits = numeral.number
    mark = number_formats.decimal_of(digits) or spelling.decimal
    ways = number_formats.spellings(mark, "")
    if not any(way.admits(digits) for way in ways if way.decimal == mark):
        return None, False
    whole, _, parts = digits.rpartition(mark) if mark in digits else (digits, "", "")
    whole, parts = ("".join(re.findall("[0-9]", part)) for part in (whole, parts))
    if not whole and not parts:
        return None, False
    sign = "-" if numeral.is_negative else ""
    return f"{sign}{whole or '0'}" + (
        f".{parts}" if parts else ""
    ), mark != spelling.decimal and mark in digits
