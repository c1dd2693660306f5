"""Whether a spelling of "no value" stands for a missing value in a column, or is one of its values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from core.uploads.csv import cells
from core.uploads.detect.columns import cell_patterns, words_for_none

ANSWERS: Final = frozenset(
    (
        "unknown", "unbekannt", "inconnu", "desconocido", "sconosciuto", "okänd", "ukjent", "none", "nil", "nr",
        "n.r.", "n/r", "x", "keine", "not reported", "not applicable", "no aplica", "error", "err", "tbd",
        "undefined", "suppressed", "other", "*", "/", ":",
    )
)  # fmt: skip
"""Words that answer a question as well as they stand for no answer."""
_TRACES: Final = frozenset(
    (
        "t",
        "tr",
        "trace",
        "traces",
        "spur",
        "spuren",
        "spår",
        "traza",
        "trazas",
        "tracce",
        "ip",
        "ślad",
        "следы",
    )
)
_INFINITE: Final = re.compile(r"[+-]?(?:inf(?:inity|inite)?|∞|unendlich|1\.?#inf[0-9]*)", re.IGNORECASE)
_ERROR: Final = re.compile(
    r"#[¡¿]?[\w/]{1,24}(?: [\w/]{1,24}){0,4}[!?]|#(?:n/?[adbv]|nv|н/д|i/t|yok|brak|hiányzik|není_k_dispozici|ind|qnan)"
    r"|#{3,}|err(?:or)?: ?[0-9]{3}|-?1?\.?#(?:ind|qnan|inf)[0-9]*|#error|#missing|#fehler",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    r"[(\[][^\W\d_]{1,3}[)\]]|\.[a-z_]|[^\w\s]{1,3} ?\(?[a-z]{1,2}\)?[0-9]?", re.IGNORECASE
)
_NO_DATE: Final = re.compile(r"0{2,4}[-/.]0{2}[-/.]0{2,4}(?:[ t]00:00(?::00)?)?")
_LONGEST: Final = 60
_DASHES: Final = frozenset("-–—―−")
_REGIONS: Final = frozenset(
    (
        "EMEA", "APAC", "LATAM", "AMER", "AMERICAS", "EU", "EUR", "EUROPE", "ASIA", "ANZ", "MEA", "MENA",
        "CEE", "DACH",
        "ROW", "JAPAC", "APJ", "LAC", "SA", "AS", "AF", "OC", "ASEAN", "NORAM", "CALA",
    )
)  # fmt: skip
_SIGN: Final = re.compile(r"[^\w\s]+")
_CODE: Final = re.compile(r"[A-Z]{2}")
_FEWEST_CODES: Final = 3


def is_error(cell: str) -> bool:
    """Whether it is what a spreadsheet of any language writes where it can't compute: no value in any column."""
    return len(cell) <= _LONGEST and _ERROR.fullmatch(cell.strip()) is not None


def is_infinite(cell: str) -> bool:
    """Whether it is infinity in letters, as R and Python write it, or as a sign."""
    return len(cell) <= _LONGEST and _INFINITE.fullmatch(cell.strip()) is not None


def is_trace(cell: str) -> bool:
    """Whether it says of something measured that there was too little to measure."""
    return _squashed(cell) in _TRACES


def is_none(cell: str, *, is_surely: bool = False) -> bool:
    """Whether it stands for "no value" where the other cells of its column are numbers or dates. is_surely:
    also where
    there are hardly any others to tell by.
    """
    text = cell.strip().lower()
    if len(text) > _LONGEST:
        return False
    if text[:1] == "0" and _NO_DATE.fullmatch(text):
        return True
    if text in cells.MISSING or text in cell_patterns.MISSING_AMONG_NUMBERS or is_error(text):
        return True
    return not is_surely and (
        is_infinite(text)
        or not any(map(str.isalnum, text))
        or _SIGNED.fullmatch(text) is not None
        or _squashed(text) in words_for_none.WORDS
    )


def is_anywhere(cell: str) -> bool:
    """Whether it means nothing else in any column."""
    return cell.strip().lower() in cell_patterns.MISSING_ANYWHERE or is_error(cell)


def dashes_among(filled: Collection[str]) -> set[str]:
    """The cells that are dashes alone, in a column in which all others have letters or digits."""
    dashes = {cell for cell in filled if not any(map(str.isalnum, cell)) and set(cell) <= _DASHES}
    return dashes if all(any(map(str.isalnum, cell)) for cell in filled if cell not in dashes) else set()


def _squashed(cell: str) -> str:
    return "".join(filter(str.isalnum, cell.casefold())) if len(cell) <= _LONGEST else ""


def values_among(usual: Collection[str], filled: Mapping[str, int], *, n_blank: int) -> dict[str, str]:
    """By spelling in lower case, those that are values in a column of texts, and why.

    usual: the spellings of "no value" that the column holds, as its cells have them. filled: its other cells, with
    counts. n_blank: its cells that hold nothing.
    """
    others = set(filled) - set(usual)
    words = {cell.lower() for cell in others}
    is_answered = any(words <= pair for pair in cell_patterns.PAIRS) and len(words) == 2
    found = {}
    for word in usual:
        if others and _SIGN.fullmatch(word) and all(map(_SIGN.fullmatch, others)):
            found[word.lower()] = "the other cells are signs too"
        elif word.isupper() and word.isalpha() and _are_codes(others):
            found[word.lower()] = "the other cells are codes like it"
        elif n_blank and not is_answered and others:
            found[word.lower()] = "cells without anything stand beside it"
    return found


def _are_codes(others: Collection[str]) -> bool:
    """Whether all are codes of two letters, as countries have, or some name regions of the world."""
    if any(cell.upper() in _REGIONS and cell.isupper() for cell in others):
        return True
    return len(others) >= _FEWEST_CODES and all(map(_CODE.fullmatch, others))
