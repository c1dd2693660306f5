"""Units behind the numbers of a column: the one that all have ("3 kg"), or several, and what each is in another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.uploads.csv import loose_numbers, number_formats
from core.uploads.csv.number_formats import Numeral

_MASS: Final = {
    "kg": "1000", "g": "1", "gr": "1", "gram": "1", "grams": "1", "mg": "0.001", "µg": "0.000001", "μg": "0.000001",
    "ug": "0.000001", "mcg": "0.000001", "ng": "0.000000001", "t": "1000000", "kgs": "1000", "kilo": "1000",
    "dag": "10", "dkg": "10", "oz": "28.349523125", "lb": "453.59237", "lbs": "453.59237", "кг": "1000", "г": "1",
}  # fmt: skip
_LENGTH: Final = {
    "km": "1000", "m": "1", "dm": "0.1", "cm": "0.01", "mm": "0.001", "µm": "0.000001", "nm": "0.000000001",
    "mi": "1609.344", "mile": "1609.344", "miles": "1609.344", "ft": "0.3048", "feet": "0.3048", "in": "0.0254",
    "inch": "0.0254", "inches": "0.0254", "yd": "0.9144", "км": "1000", "м": "1", "см": "0.01", "мм": "0.001",
}  # fmt: skip
_VOLUME: Final = {
    "l": "1", "liter": "1", "litre": "1", "liters": "1", "litres": "1", "ml": "0.001", "cl": "0.01", "dl": "0.1",
    "hl": "100", "m³": "1000", "m3": "1000", "cm³": "0.001", "cm3": "0.001", "cc": "0.001", "µl": "0.000001",
    "л": "1",
    "мл": "0.001",
}  # fmt: skip
_TIME: Final = {
    word: seconds
    for seconds, words in (
        ("0.001", "ms msec"),
        ("1", "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondi с сек"),
        ("60", "min mins minute minutes minuten minuto minutos minuti minut minuty мин"),
        ("3600", "h hr hrs hour hours std stunde stunden heure heures hora "
         "horas ora ore godz uur timer tim ч час часа часов"),
        ("86400", "d day days tag tage tagen jour jours día dias días "
         "giorno giorni dzień dni dag dagar dager dage дн день дня дней"),
        ("604800", "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane нед"),
        ("2629800", "mo mon mth month months monat monate monaten "
         "mois mes meses mese mesi miesiąc miesiące miesięcy мес"),
        ("31557600", "y yr yrs year years jahr jahre jahren an ans année "
         "années año años anno anni rok lata lat год года лет"),
    )
    for word in words.split()
}  # fmt: skip
_DATA: Final = {
    "b": "1", "byte": "1", "bytes": "1", "kb": "1000", "mb": "1000000", "gb": "1000000000", "tb": "1000000000000",
    "kib": "1024", "mib": "1048576", "gib": "1073741824", "tib": "1099511627776",
}  # fmt: skip
_OTHERS: Final = (
    {"g/l": "1", "mg/l": "0.001", "µg/l": "0.000001", "μg/l": "0.000001", "ug/l": "0.000001", "ng/l": "0.000000001",
     "mg/dl": "0.01", "g/dl": "10", "µg/ml": "0.001", "ug/ml": "0.001", "ng/ml": "0.000001", "mg/ml": "1"},
    {"mol/l": "1", "mmol/l": "0.001", "µmol/l": "0.000001", "umol/l": "0.000001", "nmol/l": "0.000000001"},
    {"µg/m³": "1", "ug/m3": "1", "µg/m3": "1", "μg/m³": "1", "mg/m³": "1000", "mg/m3": "1000",
     "ng/m³": "0.001", "ng/m3": "0.001"},
    {"mg/kg": "1", "g/kg": "1000", "µg/kg": "0.001", "ug/kg": "0.001", "ppm": "1", "ppb": "0.001"},
    {"pa": "1", "hpa": "100", "kpa": "1000", "mpa": "1000000", "mPa": "0.001", "bar": "100000", "mbar": "100",
     "psi": "6894.757293168"},
    {"w": "1", "kw": "1000", "mw": "1000000", "gw": "1000000000", "mW": "0.001"},
    {"wh": "1", "kwh": "1000", "mwh": "1000000", "gwh": "1000000000", "mWh": "0.001", "j": "0.000277777777778",
     "kj": "0.277777777778"},
    {"v": "1", "mv": "0.001", "kv": "1000", "MV": "1000000"}, {"a": "1", "ma": "0.001", "ka": "1000", "MA": "1000000"},
    {"hz": "1", "khz": "1000", "mhz": "1000000", "ghz": "1000000000", "mHz": "0.001"},
    {"m/s": "1", "km/h": "0.277777777778", "kmh": "0.277777777778", "mph": "0.44704", "kn": "0.514444444444",
     "kt": "0.514444444444"},
    {"m²": "1", "m2": "1", "qm": "1", "sqm": "1", "ha": "10000", "km²": "1000000", "km2": "1000000",
     "ft²": "0.09290304", "sqft": "0.09290304"},
    {"kcal": "1", "cal": "0.001"},
)  # fmt: skip
_KINDS: Final[tuple[Mapping[str, str], ...]] = (_TIME, _MASS, _LENGTH, _VOLUME, _DATA, *_OTHERS)
_AGES: Final = {**_TIME, "m": "2629800", "mo": "2629800"}
KNOWN: Final = frozenset(
    (
        "kg", "g", "mg", "µg", "lb", "lbs", "oz", "t", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "cl", "h",
        "hr", "hrs", "min", "mins", "s", "sec", "ms", "d", "y", "yr", "yrs", "°C", "°F", "°", "kW", "kWh", "MW", "W",
        "V", "A", "Hz", "kHz", "MHz", "GHz", "KB", "MB", "GB", "TB", "km/h", "kmh", "mph", "m/s", "bar", "hPa", "kPa",
        "psi", "m²", "m2", "m³", "m3", "sqm", "sqft", "ha", "ppm", "bpm", "mmHg", "mg/l", "mg/L", "µg/m³", "hp", "PS",
        "cc", "px", "pt", "pcs", "Stk", "kcal", "kJ", "dB", "x", "%RH", "% RH", "‰", "ppb", "K", "Ω", "mV",
        "mA", "Pa",
        "mbar", "MPa", "N", "J", "Wh", "MWh", "GWh", "kn", "kt", "µm", "nm", "L", "mL", "dl", "µS/cm", "mg/kg",
        "℃", "℉",
        "°C.", "rpm", "Nm", "kVA", "bp", "bps", "pct",
        "lx", "lm", "cd", "dBm", "µg/L", "µg/l", "ng/l", "ng/L", "mmol/l", "mmol/L", "U/l",
        "U/L", "IU/L", "g/dl", "g/dL", "mg/dl", "mg/dL", '"', "''", "'", "h.", "min.", "km²", "кг", "г", "м",
        "см", "км",
    )
)  # fmt: skip
"""Units that may stand close behind a number."""
_LONGEST, _MOST_CHARACTERS = 16, 200
_MOST: Final = 0.9
_MULTIPLIERS: Final = frozenset("kKMBmb")
_DECADE: Final = re.compile("(?:1[5-9]|20)?[0-9]0")
_ORDINALS: Final = frozenset(("st", "nd", "rd", "th", "er", "re", "ère", "ème", "º", "ª"))


def of(filled: Mapping[str, int]) -> str:
    """The unit of nine in ten of the cells, or of those that are no plain number while at least half have it; else "".

    filled: cells that hold something, with counts.
    """
    found: Counter[str] = Counter()
    n_marked = sum(not number.replace("-", "").isdigit() for cell in filled if (number := _core(cell)))
    are_measured = 2 * n_marked >= len(filled)
    for cell, n in filled.items():
        if number_formats.of(cell) is None and (unit := _behind(cell, are_measured=are_measured)):
            found[unit] += n
    if not found:
        return ""
    unit = found.most_common(1)[0][0]
    n = sum(count for other, count in found.items() if is_same(other, unit))
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


def is_same(one: str, other: str) -> bool:
    """Whether two words are one unit, as "month" and "months" are."""
    if _folded(one) == _folded(other):
        return loose_numbers.is_same_unit(one.replace("μ", "µ"), other.replace("μ", "µ"))
    known = [kind for kind in _KINDS if _key(one, kind) in kind and _key(other, kind) in kind]
    if known:
        return known[0][_key(one, known[0])] == known[0][_key(other, known[0])]
    one, other = _folded(one), _folded(other)
    short, long = sorted((one, other), key=len)
    return (
        len(short) >= 3
        and short.isalpha()
        and long.startswith(short[: max(3, len(short) - 1)])
        and len(long) - len(short) <= 3
    )


def factors(words: Collection[str], unit: str) -> dict[str, str] | None:
    """By word, how much of the unit each is; None where they don't measure the same thing."""
    folded = [_folded(word) for word in (*words, unit)]
    is_age = "m" in folded and any(one in _TIME for one in folded)
    for kind in (_AGES,) if is_age else _KINDS:
        keys = {word: _key(word, kind) for word in (*words, unit)}
        if all(key in kind for key in keys.values()):
            base = Decimal(kind[keys[unit]])
            return {word: _written(Decimal(kind[keys[word]]) / base) for word in words}
    return None


def is_unit(word: str) -> bool:
    """Whether a word is a unit that is known. Of single letters, capitals are other units than small ones."""
    is_capital = len(word) == 1 and word.isupper()
    return word in KNOWN or (not is_capital and any(_folded(word) in kind for kind in _KINDS))


def _written(value: Decimal) -> str:
    text = format(round(value, 15), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _folded(unit: str) -> str:
    return unit.casefold().rstrip(".").replace("μ", "µ")


def _key(unit: str, kind: Mapping[str, str]) -> str:
    """How units of a kind name this one: as it is written where capitals tell, "mW" from "MW", else in lower case."""
    written = unit.rstrip(".").replace("μ", "µ")
    return written if written in kind else _folded(unit)


def _core(cell: str) -> str:
    found = loose_numbers.taken(cell)
    return found.core if found is not None else ""


def _behind(cell: str, *, are_measured: bool) -> str:
    """The unit behind a cell's number: a known one, a word apart from it, one with signs such as "€/kg", or any letters
    where the column's numbers have decimals. A letter that may stand for thousands or millions is none.
    """
    text = cell.strip()[:_MOST_CHARACTERS]
    found = loose_numbers.taken(text)
    if found is None or not found.word or found.is_noted or found.numeral.mark:
        return ""
    unit = found.word
    if unit in _MULTIPLIERS or unit.casefold() in _ORDINALS or not text.endswith(unit):
        return ""
    if unit == "s" and _DECADE.fullmatch(found.core):
        return ""
    is_apart = text.removesuffix(unit)[-1:].isspace()
    is_word = is_apart and 1 < len(unit) <= _LONGEST and unit.rstrip(".").replace(" ", "").isalpha()
    has_sign = not unit.rstrip(".").isalpha() and len(unit) <= _LONGEST and " " not in unit
    return unit if unit in KNOWN or is_word or has_sign or (are_measured and unit.isalpha()) else ""
