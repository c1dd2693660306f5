"""Cells that are nearly numbers: a number beside which a limit, a multiplier, a unit, a flag or a note stands.

A cell is taken apart without regard to its column (`taken`). What the word behind a number means is the column's
matter: a rule keeps it as `suffixes`, so that a cell means the same wherever it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from core.uploads.csv import multipliers, number_formats, plain_signs
from core.uploads.csv.cells import ABOUT
from core.uploads.csv.number_formats import Numeral, Spelling

FLAG, NEGATIVE, POSITIVE = "", "-", "+"
"""What a suffix may mean besides a factor: nothing for the number, or its sign."""
Suffixes = tuple[tuple[str, str], ...]
"""Words behind numbers with what they mean: FLAG, NEGATIVE, POSITIVE or a factor such as "1000"."""
_LONGEST: Final = 100
_LIMIT: Final = re.compile(
    r"(?:(?:n ?(?=[<>≤≥]))?(?:<=|>=|=<|=>|<<|>>|[<>≤≥≦≧≈~±∼≲≳⩽⩾])|c\.|(?:ca|circa|cca"
    r"|approx|approximately|about|around|est|env|environ|aprox"
    r"|aproximadamente|etwa|ungefähr|rund|under|over|above|below|unter|über|bis zu|up to|more than|less than|at least"
    r"|at most|mehr als|weniger als|mindestens|höchstens|moins de|plus de|menos de|más de|meno di|più di|около|более"
    r"|менее|asi|noin|cirka|omkring|from|ab|bis|à partir de|dès|a partir de|desde|hasta|vanaf|fra|från|от|до|upto|max"
    r"|min|maximal|minimal)\b\.?|約) ?",
    re.IGNORECASE,
)
_SIGNS_BEFORE: Final = re.compile(r"[*†‡§^]{1,3} ?(?=[-+0-9.,($€£])")
_BRACKET: Final = re.compile(r"(?<=[^\s(\[]) ?(?:\([^()]{1,40}\)|\[[^\[\]]{1,40}\])$")
_SPREAD: Final = re.compile(r"(?<=[0-9%)]) ?(?:±|\+/-|\+-|\\pm) ?[0-9][0-9., ]*%?$")
_NOTES: Final = re.compile(r"(?<=[0-9%)\]]) ?(?:[*†‡§¶#^?]{1,5}|[¹²³⁰⁴-⁹ᵃ-ᶻ⁺⁾⁽]{1,3}|[a-z]\)|(?<= )\.)$")
_NOTE_BEHIND_WORD: Final = re.compile(r"(?<=[a-zA-Z]) ?[*†‡§]{1,3}$")
_PLUS: Final = re.compile(r"(?<=[0-9%]) ?\+(?: |$)")
_TIMES_TEN: Final = re.compile(
    r"(?P<digits>[0-9][0-9.,]*) ?[x×·*⋅] ?10\^?(?P<power>[-+]?[0-9]{1,3}|[⁺⁻]?[⁰¹²³⁴-⁹]{1,3})$"
)
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_VULGAR: Final = {
    "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
    "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6",
}  # fmt: skip
_FRACTION: Final = re.compile(
    r"(?P<sign>[+-] ?)?(?:(?P<whole>[0-9]{1,6})[ -])?(?P<top>[0-9]{1,2})/(?P<below>[0-9]{1,2})"
)
_DENOMINATORS: Final = frozenset((2, 3, 4, 5, 6, 8, 10, 16, 32, 64))
_BEHIND: Final = re.compile(
    r"(?P<comma>[.,])? ?(?P<word>[^\W\d_]*)\.? ?(?P<behind>[^\w\s+]{1,3}|[A-Z]{3}|[^\W\d_]{1,3}\.?)?"
)
_PAIR: Final = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)?) ?(?P<unit>[^\W\d_]{1,10}\.?)(?: |,|$)? ?(?:and |und |et |y )?"
)
_MANY: Final = re.compile(r" ?(?P<times>[^\W\d_]{1,10})\.? (?P<what>[^\W\d_]{2,20}(?: [^\W\d_]{1,20}){0,2})")
_SIGN_IN_WORDS: Final = re.compile(
    r"(?:\((?P<sign>[-+])\)|(?P<minus>minus|moins|menos|meno|минус|мінус)\b) ?(?=[0-9.,])", re.IGNORECASE
)
_PREFIXED: Final = frozenset(
    ("W", "Wh", "V", "VA", "A", "Pa", "Hz", "g", "J", "m", "L", "Ω", "S", "T", "eV", "F", "H", "N", "Bq", "Sv", "Gy")
)  # fmt: skip
_LABEL: Final = re.compile(r"\.? ?[-:=)] |[.):] ?[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]|/[^\W\d_]|[%‰°\"'µΩ€$£¥℃℉]")
_DIGITS: Final = frozenset("0123456789")
_DIGIT: Final = re.compile("[0-9½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚]")


@dataclass(frozen=True)
class Taken:
    """A cell taken apart. numeral: its number; core: that as it is spelled. word: what stands behind that,
    "" for nothing.

    places: by how many a multiplier moves the decimal mark, as "M" does; 0 without. is_limit: a sign such as "<" stands
    at it. is_noted: something else does that was left out, such as "***" or "(0.4)". value: of fractions and powers,
    which are no numeral, with a point. pairs: of "1 h 20 min", each number with its unit.
    """

    numeral: Numeral
    core: str = ""
    word: str = ""
    places: int = 0
    is_limit: bool = False
    is_noted: bool = False
    value: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


def is_same_unit(one: str, other: str) -> bool:
    """Whether two words are one unit but for capital letters. "mW" and "MW" are two: a thousandth and a million."""
    one, other = one.rstrip("."), other.rstrip(".")
    if one.casefold() != other.casefold():
        return False
    is_prefix = {one[:1], other[:1]} == {"m", "M"} and one[1:] == other[1:]
    return not (is_prefix and one[1:] in _PREFIXED)


def taken(text: str) -> Taken | None:
    """The parts of a cell that holds one number, whatever stands beside it; None where it holds none, or several."""
    return _taken(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=50_000)
def _taken(text: str) -> Taken | None:
    text = " ".join(plain_signs.plain(text).split())
    plain = number_formats.of(text)
    if plain is not None and not text.endswith(" ."):  # the point marks a level of significance
        return Taken(plain, text)
    if _DIGIT.search(text) is None:
        return None
    text = _signed(text)
    limit = _LIMIT.match(text)
    text = text[limit.end() :] if limit else text
    text, is_noted = (text, False) if _TIMES_TEN.fullmatch(text.lstrip("-")) else _without_notes(text)
    is_limit = limit is not None or _PLUS.search(text) is not None
    text = _PLUS.sub(" ", text, count=1).rstrip()
    found = _number(text)
    return None if found is None else replace(found, is_limit=is_limit, is_noted=is_noted)


def _signed(text: str) -> str:
    """The text with a plain sign where that stands in brackets or is written out."""
    found = _SIGN_IN_WORDS.match(text)
    if found is None:
        return text
    return ("-" if found["minus"] else found["sign"]) + text[found.end() :]


def _number(text: str) -> Taken | None:
    """A number without limits and notes."""
    if (plain := number_formats.of(text)) is not None:
        return Taken(plain, text)
    if (value := _value_of_power(text) or _value_of_fraction(text)) is not None:
        return Taken(Numeral(value, "", is_signed_oddly=True), value=value)
    return _with_word(text)


def _without_notes(text: str) -> tuple[str, bool]:
    """The text without marks of notes, and whether there were any."""
    whole = text
    text = _SIGNS_BEFORE.sub("", text, count=1) if _SIGNS_BEFORE.match(text) else text
    for pattern in (_NOTE_BEHIND_WORD, _BRACKET, _NOTES, _BRACKET, _SPREAD):
        text = pattern.sub("", text, count=1)
    return text, text != whole


def _with_word(text: str) -> Taken | None:
    """A number with a word, a unit or a multiplier behind it."""
    end = len(text) - 1 if text[-1:] in "23" and text[-2:-1] in "m" and len(text) > 2 else len(text)
    last = max((place for place in range(end) if text[place] in _DIGITS), default=-1)
    if last < 0:
        return None
    digits, rest = text[: last + 1], text[last + 1 :]
    numeral = number_formats.of(digits)
    if numeral is None:
        return _of_pairs(text)
    found = _BEHIND.fullmatch(rest)
    if found is not None and multipliers.is_one(found["word"]):
        n_places, behind = multipliers.places(found["word"]), found["behind"] or ""
        marked = number_formats.of(digits + behind) if behind else numeral
        if marked is not None and (found["word"] not in multipliers.AMBIGUOUS or marked.mark):
            core = digits + behind if marked.mark else digits
            return Taken(marked, core, rest.strip() if not marked.mark else "", n_places)
    many = _MANY.fullmatch(rest)
    if many is not None and multipliers.is_one(many["times"]) and many["times"] not in multipliers.AMBIGUOUS:
        return Taken(numeral, digits, many["what"], multipliers.places(many["times"]))
    if _LABEL.match(rest):
        return None
    word = rest.lstrip(".,").strip()
    return Taken(numeral, digits, word) if _WORD.match(word) else None


def _of_pairs(text: str) -> Taken | None:
    """Numbers with units one behind the other, as in "1 h 20 min"."""
    pairs, end = [], 0
    while end < len(text):
        found = _PAIR.match(text, end)
        if found is None:
            return None
        pairs.append((found["number"].replace(",", "."), found["unit"].rstrip(".")))
        end = found.end()
    return Taken(Numeral(pairs[0][0], "", False), pairs=tuple(pairs)) if 1 < len(pairs) <= 4 else None


def _value_of_power(text: str) -> str | None:
    sign, text = ("-", text[1:].lstrip()) if text.startswith("-") else ("", text)
    found = _TIMES_TEN.fullmatch(text)
    if found is None:
        return None
    try:
        value = Decimal(found["digits"].replace(",", ".")).scaleb(int(found["power"].translate(_RAISED)))
    except InvalidOperation:
        return None
    return f"{sign}{_written(value)}"


def _value_of_fraction(text: str) -> str | None:
    for sign, plain in _VULGAR.items():
        text = text.replace(sign, f" {plain}")
    found = _FRACTION.fullmatch(" ".join(text.replace("\u2044", "/").split()))
    if found is None or int(found["below"]) not in _DENOMINATORS or int(found["top"]) >= int(found["below"]):
        return None
    value = int(found["whole"] or 0) + Decimal(found["top"]) / Decimal(found["below"])
    return ("-" if (found["sign"] or "").startswith("-") else "") + _written(round(value, 9))


def loosely(text: str, spelling: Spelling, decimal: str, suffixes: Suffixes = ()) -> str | None:
    """The clean number that a cell names, `decimal` as its mark; None where it names none.

    spelling: of the column's plain numbers. suffixes: what the words behind its numbers mean. "<0.5" is "≈0.5", "575K"
    is 575000, "€1.3M" is 1300000. A number that can be read with the other decimal mark only is read so, with ABOUT
    before it, as is one of which a note or a flag was left out.
    """
    return _loosely(text, spelling, decimal, suffixes) if len(text) <= _LONGEST else None


@lru_cache(maxsize=20_000)
def _loosely(text: str, spelling: Spelling, decimal: str, suffixes: Suffixes) -> str | None:
    found = taken(text)
    if found is None:
        return None
    numeral = found.numeral
    if numeral.mark in ("%", "‰") and numeral.mark != spelling.mark:
        return None
    meaning = _meaning(found, spelling, suffixes)
    if found.pairs:
        total = _total(found.pairs, suffixes)
        return None if total is None else total.replace(".", decimal)
    if meaning is None:
        return None
    plain, is_other = (found.value, False) if found.value else _plain(numeral, spelling)
    if plain is None:
        return None
    plain = _scaled(
        plain, meaning, found.places if meaning == POSITIVE or not multipliers.is_one(found.word) else 0
    )
    is_about = found.is_limit or found.is_noted or is_other or meaning == FLAG
    return (ABOUT if is_about else "") + plain.replace(".", decimal)


def _meaning(found: Taken, spelling: Spelling, suffixes: Suffixes) -> str | None:
    """What the word behind the number means; None where nobody knows."""
    known = dict(suffixes)
    word = found.word
    for spelled in (word, word.rstrip("."), word.casefold(), word.casefold().rstrip(".")):
        if spelled in known:
            return known[spelled]
    is_unit = is_same_unit(word, spelling.mark)
    return POSITIVE if is_unit or not word or found.places else None


def _scaled(plain: str, meaning: str, n_places: int) -> str:
    """The number with its sign or factor. plain: with a point."""
    if meaning == NEGATIVE:
        return plain.removeprefix("-") if plain.startswith("-") else f"-{plain}"
    if meaning not in (FLAG, POSITIVE):
        return _written((Decimal(plain) * Decimal(meaning)).scaleb(n_places))
    return _written(Decimal(plain).scaleb(n_places)) if n_places else plain


def _total(pairs: Iterable[tuple[str, str]], suffixes: Suffixes) -> str | None:
    """The sum of numbers with units; None where a unit has no factor."""
    known, total = dict(suffixes), Decimal(0)
    for number, unit in pairs:
        factor = known.get(unit, known.get(unit.casefold(), ""))
        if factor in (FLAG, NEGATIVE, POSITIVE):
            return None
        total += Decimal(number) * Decimal(factor)
    return _written(total)


def _written(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(numeral: Numeral, spelling: Spelling) -> tuple[str | None, bool]:
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
    is_other = mark != spelling.decimal and mark in digits
    return f"{sign}{whole or '0'}" + (f".{parts}" if parts else "") + numeral.exponent, is_other
