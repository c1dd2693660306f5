"""Whether a spelling of "no value" stands for a missing value in a column, or is one of its values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from core.uploads.detect.columns import cell_patterns

ANSWERS: Final = frozenset(
    (
        "unknown", "unbekannt", "inconnu", "desconocido", "sconosciuto", "okänd", "ukjent", "none", "nil", "nr", "n.r.",
        "n/r", "x", "keine", "not reported", "not applicable", "no aplica", "error", "err", "tbd", "undefined",
        "suppressed", "other", "*", "/", ":",
    )
)  # fmt: skip
"""Words that answer a question as well as they stand for no answer."""
_REGIONS: Final = frozenset(
    (
        "EMEA", "APAC", "LATAM", "AMER", "AMERICAS", "EU", "EUR", "EUROPE", "ASIA", "ANZ", "MEA", "MENA", "CEE", "DACH",
        "ROW", "JAPAC", "APJ", "LAC", "SA", "AS", "AF", "OC", "ASEAN", "NORAM", "CALA",
    )
)  # fmt: skip
_SIGN: Final = re.compile(r"[^\w\s]+")
_CODE: Final = re.compile(r"[A-Z]{2}")
_FEWEST_CODES: Final = 3


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
