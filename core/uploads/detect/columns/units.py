"""The unit that stands behind the numbers of a column: "3 kg", "36 months"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from core.uploads.csv import number_formats
from core.uploads.csv.number_formats import Numeral

KNOWN: Final = frozenset(
    (
        "kg", "g", "mg", "µg", "lb", "lbs", "oz", "t", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "cl", "h",
        "hr", "hrs", "min", "mins", "s", "sec", "ms", "d", "y", "yr", "yrs", "°C", "°F", "°", "kW", "kWh", "MW", "W",
        "V", "A", "Hz", "kHz", "MHz", "GHz", "KB", "MB", "GB", "TB", "km/h", "kmh", "mph", "m/s", "bar", "hPa", "kPa",
        "psi", "m²", "m2", "m³", "m3", "sqm", "sqft", "ha", "ppm", "bpm", "mmHg", "mg/l", "mg/L", "µg/m³", "hp", "PS",
        "cc", "px", "pt", "pcs", "Stk", "kcal", "kJ", "dB", "x",
    )
)  # fmt: skip
"""Units that may stand close behind a number."""
_DIGITS: Final = frozenset("0123456789")
_SQUARE_AND_CUBE: Final = ("m2", "m3")
_LONGEST, _MOST_CHARACTERS = 12, 200
_MOST: Final = 0.9
_MULTIPLIERS: Final = frozenset("kKMBmb")


def of(filled: Mapping[str, int]) -> str:
    """The unit of nine in ten of the cells, or of those that are no plain number while at least half have it; else "".

    filled: cells that hold something, with counts.
    """
    found: Counter[str] = Counter()
    for cell, n in filled.items():
        if number_formats.of(cell) is None and (unit := _behind(cell)):
            found[unit] += n
    if not found:
        return ""
    unit, n = found.most_common(1)[0]
    n_plain = sum(count for cell, count in filled.items() if number_formats.of(cell) is not None)
    total = sum(filled.values())
    return unit if n >= total / 2 and n + n_plain >= _MOST * total else ""


def numeral(cell: str, unit: str) -> Numeral | None:
    """What a cell holds if it is a number, with this unit or without."""
    found = number_formats.of(cell)
    if found is None and unit and cell.rstrip().endswith(unit):
        found = number_formats.of(cell.rstrip().removesuffix(unit))
        return replace(found, mark=unit) if found is not None and not found.mark else None
    return found


def _behind(cell: str) -> str:
    """The unit behind a cell's number: a word apart from it, or a known one. A letter that may stand for thousands or
    millions is none.
    """
    text = cell.strip()[:_MOST_CHARACTERS]
    end = len(text) - 2 if text.endswith(_SQUARE_AND_CUBE) else len(text)
    last = max((place for place in range(end) if text[place] in _DIGITS), default=-1)
    rest = text[last + 1 :]
    unit = rest.strip()
    if last < 0 or unit in _MULTIPLIERS or number_formats.of(text[: last + 1]) is None:
        return ""
    is_word = rest[:1].isspace() and 1 < len(unit) <= _LONGEST and unit.rstrip(".").isalpha()
    return unit if unit in KNOWN or is_word else ""
