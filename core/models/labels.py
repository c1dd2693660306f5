"""Which spellings of an outcome are one label: asked by training, by the check before scoring, and by measuring.

A label is a text. Two spellings are one label where they differ in case, in blanks around them or in how a letter and
its accent are put together, and where both are the same plain number ("1", "1.0", "+1,00"). A leading zero, an
exponent or more than 15 digits make a code, in which each character counts: "007" is not "7", nor "1E5" "10E4".
Several words for yes and no in one column ("Y", "Yes", "N", "No") are two labels.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from core.uploads.detect.columns.cell_patterns import YES_AND_NO

MOST_DIGITS: Final = 15  # of a number that every computer keeps exactly
_TWO: Final = 2
_GROUP: Final = 3  # digits behind a mark that may as well separate thousands
_PLAIN: Final = re.compile(r"([+-]?)(0|[1-9][0-9]*)?(?:([.,])([0-9]*))?")
_CODE: Final = re.compile(r"[+-]?0[0-9]+")
_OTHER: Final = {".": ",", ",": "."}

# fmt: off
_YES: Final = frozenset(("1", "y", *(unicodedata.normalize("NFC", yes).casefold() for yes, _ in YES_AND_NO)))
_NO: Final = frozenset(("0", "n", *(unicodedata.normalize("NFC", no).casefold() for _, no in YES_AND_NO)))
_LOOKED_FOR: Final = frozenset((
    "positive", "positiv", "pos", "+", "churn", "churned", "left", "lost", "gone", "exited", "cancelled", "canceled",
    "attrited", "bad", "default", "defaulted", "fraud", "fraudulent", "spam", "late", "failed", "failure", "converted",
    "bought", "subscribed", "clicked", "survived",
))
_NOT_LOOKED_FOR: Final = frozenset(("negative", "negativ", "neg", "-"))
# fmt: on


def key(spelling: str, decimal: str = ".") -> str:
    """What spellings of one label have in common. decimal: the mark of the file's numbers; the other one counts too,
    but where three digits behind it may be thousands.
    """
    text = unicodedata.normalize("NFC", spelling).strip().casefold()
    found = _PLAIN.fullmatch(text)
    if found is None:
        return text
    sign, whole, mark, fraction = (part or "" for part in found.groups())
    has_groups = mark not in ("", decimal) and len(fraction) == _GROUP and whole not in ("", "0")
    if has_groups or not whole + fraction or len((whole + fraction).lstrip("0")) > MOST_DIGITS:
        return text
    fraction = fraction.rstrip("0")
    plain = (whole or "0") + (f".{fraction}" if fraction else "")
    return f"-{plain}" if sign == "-" and plain != "0" else plain


def keys(spellings: Iterable[str], decimal: str = ".", *, merge_words: bool = True) -> list[str]:
    """The key of each spelling of one column. merge_words: several words for yes and no are two labels."""
    found = [key(spelling, decimal) for spelling in spellings]
    same = _words_merged(set(found)) if merge_words else {}
    return [same.get(one, one) for one in found]


def _words_merged(found: Collection[str]) -> dict[str, str]:
    """By key, the one that stands for it. A letter is the word that it begins; where all of them say yes or no, each
    word and 1 or 0 are the one that is said. Letters alone may be codes, such as N, S and O for winds.
    """
    yes, no = sorted(_YES.intersection(found)), sorted(_NO.intersection(found))
    if not yes or not no:
        return {}
    are_all = len(yes) + len(no) == len(found)
    same = {}
    for said in (yes, no):
        words = [one for one in said if len(one) > 1]
        for one in said if words else ():
            begun = [word for word in words if word.startswith(one)]
            if are_all and (begun or one.isdecimal()):
                same[one] = words[-1]
            elif len(begun) == 1:
                same[one] = begun[0]
    return same


def lookup(
    labels: Sequence[str], decimal: str = ".", *, spellings: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], int | None]:
    """What finds the place of a cell's label, None where it is none of these.

    decimal: the mark of the cells' numbers. spellings: what else training counted as a label → that label. Of two
    labels that say yes and no, any other such word is one.
    """
    exact = {label.strip(): place for place, label in enumerate(labels)}
    by_key: dict[str, int] = {}
    for mark in (decimal, _OTHER[decimal]):
        for place, label in enumerate(labels):
            by_key.setdefault(key(label, mark), place)
    for spelling, label in spellings.items():
        by_key.setdefault(key(spelling, decimal), exact[label.strip()])
    for words, place in _yes_and_no(labels):
        for word in words:
            by_key.setdefault(word, place)

    def find(cell: str) -> int | None:
        found = exact.get(cell.strip())
        return by_key.get(key(cell, decimal)) if found is None else found

    return find


def as_learnt(cells: Sequence[str | None], categories: Collection[str]) -> list[str | None]:
    """The cells of a category column, those that say yes or no in another word or case as training's category does.

    Categories keep their spelling, as they may be codes. cells: trimmed, None for missing.
    """
    known = frozenset(categories)
    same = _other_words(known)
    if not same:
        return list(cells)
    return [one if one is None or one in known else same.get(key(one), one) for one in cells]


@lru_cache(maxsize=64)
def _other_words(categories: frozenset[str]) -> Mapping[str, str]:
    """Words for yes and no, by key → the category that says it, where one of them says yes and one no.

    Another word for either then has no other meaning; letters alone are words where nothing else stands beside them.
    """
    by_key: dict[str, str] = {}
    for one in sorted(categories):
        by_key.setdefault(key(one), one)
    both = _YES - {"1"}, _NO - {"0"}
    said = [words.intersection(by_key) for words in both]
    are_letters = any(len(word) == 1 for words in said for word in words)
    if any(len(words) != 1 for words in said) or (are_letters and len(by_key) > _TWO):
        return {}
    return {word: by_key[one] for words, (one,) in zip(both, said, strict=True) for word in words}


def _yes_and_no(labels: Sequence[str]) -> list[tuple[frozenset[str], int]]:
    """The words for each of two labels, where one says yes and the other no."""
    if len(labels) != _TWO:
        return []
    first, second = map(key, labels)
    yes, no = _YES - {"1"}, _NO - {"0"}  # a number may stand for anything
    if first in yes and second in no:
        return [(yes, 0), (no, 1)]
    return [(no, 0), (yes, 1)] if first in no and second in yes else []


def is_code(spelling: str) -> bool:
    """Whether it is made of digits and is no number that one could count with: "007", or one of more than 15 digits."""
    text = spelling.strip()
    digits = text.lstrip("+-")
    return _CODE.fullmatch(text) is not None or (digits.isdecimal() and len(digits) > MOST_DIGITS)


def likely_positive(labels: Sequence[str]) -> str | None:
    """Which of two outcomes one would look for, by what they say alone; None where that does not tell.

    Numbers count as numbers: what stands beside 0, and 1 beside -1. 1 beside 2 is only a code.
    """
    found = {key(label): label for label in labels}
    if len(found) != _TWO:
        return None
    for words in (_YES - {"1"} | _LOOKED_FOR, _NO - {"0"} | _NOT_LOOKED_FOR):
        told = [label for one, label in found.items() if one in words]
        if len(told) == 1:
            return told[0] if words & _LOOKED_FOR else next(one for one in found.values() if one != told[0])
        if told:
            return None
    numbers = set(found)
    if numbers == {"-1", "1"}:
        return found["1"]
    if "0" in numbers and all(_PLAIN.fullmatch(one) for one in numbers):
        (other,) = numbers - {"0"}
        return None if other.startswith("-") else found[other]
    return None
