"""Numbers that stand for "no value": read so where nothing else can be meant, else asked about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Final

from core.uploads.dates import texts
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.guesses import Guess

_FEWEST, _FEW = 3, 2
_SHARE = 0.01
_NEAR, _VERY_NEAR = 0.5, 0.1
_LEAST_SUSPICIOUS = -9.0
_MOST_ASKED = 4
_WIDE = 20
_HIGH: Final = frozenset(
    (
        77, 88, 96, 97, 98, 99, 777, 888, 997, 998, 999, 7777, 8888, 9997, 9998, 9999, 88888, 99998, 99999, 999999,
        9999999, 99999999, 99.9, 999.9, 99.99, 999.99, 9999.9, 9999.99, 32767, 65535, 2147483647, 1e20, 1e30,
        9.96921e36, 9.969209968386869e36,
    )
)  # fmt: skip
_SURELY_HIGH: Final = frozenset((999, 9999, 99999, 999999, 9999999, 99999999, 999.9, 9999.9, 999.99, 9999.99))
_LOW: Final = frozenset(
    (
        -1,
        -2,
        -3,
        -4,
        -5,
        -6,
        -7,
        -8,
        -9,
        -66,
        -77,
        -88,
        -97,
        -98,
        -99,
        -111,
        -200,
        -777,
        -888,
        -998,
        -999,
        -6999,
        -7999,
        -9998,
        -9999,
    )
)
_SURELY_LOW: Final = frozenset(
    (-99, -999, -9999, -99999, -999.9, -99.9, -999.99, -9999.9, -32768, -2147483648, -1e30)
)
_NO_DATES: Final = frozenset(
    (date(*day) - date(1970, 1, 1)).days
    for day in (
        (1753, 1, 1), (1800, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1901, 1, 1), (1970, 1, 1),
        (2099, 12, 31), (2100, 1, 1), (2199, 12, 31), (2222, 2, 22), (2999, 12, 31), (9999, 1, 1), (9999, 12, 31),
    )
)  # fmt: skip
_YEARS_OF_NO_DATE: Final = (
    "1753",
    "1800",
    "1899",
    "190",
    "1970",
    "2099",
    "2100",
    "2199",
    "2222",
    "2999",
    "9999",
)
_FAR_DAYS: Final = 20 * 365
_PLAIN: Final = re.compile(r"(-?[0-9]+)(?:[.,]([0-9]*))?")
_MOST_ZEROS: Final = 3


def known(numbers: Mapping[str, int], values: Mapping[str, float]) -> set[str]:
    """Numbers like -999 that stand for "no value": they repeat, and no other comes near.

    numbers: cells with their counts. values: what each is as a number.
    """
    total = sum(numbers.values())
    alike = _alike(values)
    likely = [
        value
        for value, cells in alike.items()
        if any(cell.replace(",", ".") in cell_patterns.SENTINELS for cell in cells)
    ]
    others = [value for value in alike if value not in likely]
    return {
        cell.lower()
        for value in likely
        if _n(alike[value], numbers) >= max(_FEWEST, _SHARE * total)
        and others
        and min(others) > _NEAR * value
        for cell in alike[value]
    }


def spellings(word: str, decimal: str) -> tuple[str, ...]:
    """A number that stands for "no value" as files with this decimal mark may spell it: "-999" is "-999.0", too.

    A word that is no plain number is only itself.
    """
    found = _PLAIN.fullmatch(word)
    if found is None:
        return (word,)
    whole, fraction = found[1], (found[2] or "").rstrip("0")
    behind = [fraction + "0" * n for n in range(0 if fraction else 1, _MOST_ZEROS + 1)]
    return (word, *(() if fraction else (whole,)), *(f"{whole}{decimal}{digits}" for digits in behind))


def suspected(
    name: str, numbers: Mapping[str, int], values: Mapping[str, float], missing: Collection[str]
) -> list[Guess]:
    """Numbers that repeat while no other comes near may stand for "no value": asked, but not acted upon."""
    left = {cell: value for cell, value in values.items() if cell.lower() not in missing}
    total = sum(numbers.values())
    found = list(_low(left, numbers, total))
    found += [cell for cell in _high(left, numbers, total) if cell not in found]
    return [_asked(name, cell, numbers[cell], total) for cell in found[:_MOST_ASKED]]


def among_words(name: str, filled: Mapping[str, int]) -> list[Guess]:
    """Codes such as 99 in a column of words: asked about."""
    numbers = [
        cell
        for cell in filled
        if cell.lstrip("-").isascii() and cell.lstrip("-").isdigit() and len(cell) < 10
    ]
    if not numbers or len(numbers) > _MOST_ASKED or len(numbers) >= _NEAR * len(filled):
        return []
    codes = [cell for cell in numbers if int(cell) in _HIGH or int(cell) in _LOW]
    return (
        [_asked(name, cell, filled[cell], sum(filled.values())) for cell in codes] if codes == numbers else []
    )


def among_dates(name: str, cells: Mapping[str, int], order: str) -> list[Guess]:
    """Dates such as 1 January 1900 or 31 December 9999 that stand far from all others: asked about.

    cells: with counts. order: in which they are read.
    """
    if not any(year in cell for cell in cells for year in _YEARS_OF_NO_DATE):
        return []
    days = {cell: day for cell in cells if (day := texts.read(cell, order)) is not None}
    odd = [cell for cell, day in days.items() if int(day) in _NO_DATES]
    others = [day for cell, day in days.items() if cell not in odd]
    if not others:
        return []
    first, last = min(others) - _FAR_DAYS, max(others) + _FAR_DAYS
    far = [cell for cell in odd if not first <= days[cell] <= last]
    return [_asked(name, cell, cells[cell], sum(cells.values())) for cell in far[:_MOST_ASKED]]


def _asked(name: str, cell: str, n: int, total: int) -> Guess:
    times = "once" if n == 1 else f"{n:,} times"
    why = f"{cell} appears {times} in a sample of {total:,} cells, and no other value is close to it. "
    return Guess("missing", "", "guess", f"{why}It may stand for a missing value.", name, (cell,))


def _alike(values: Mapping[str, float]) -> dict[float, list[str]]:
    """The different numbers, ascending, each with its spellings: "-200" and "-200.0" are one."""
    alike: dict[float, list[str]] = {}
    for cell in sorted(values, key=lambda cell: values[cell]):
        alike.setdefault(values[cell], []).append(cell)
    return alike


def _n(cells: Collection[str], numbers: Mapping[str, int]) -> int:
    return sum(numbers[cell] for cell in cells)


def _low(values: Mapping[str, float], numbers: Mapping[str, int], total: int) -> Iterator[str]:
    alike = _alike(values)
    ordered = list(alike)
    below = [value for value in ordered if value < 0]
    rest = [value for value in ordered if value >= 0]
    are_whole = all(value.is_integer() for value in rest)
    is_apart = 0 not in rest or max(rest, default=0) >= _WIDE
    are_few = is_apart and 0 < len(below) <= _MOST_ASKED and len(rest) > len(below) and are_whole
    cells_below = [cell for value in below for cell in alike[value]]
    if are_few and {*below} <= _LOW and _n(cells_below, numbers) >= _FEWEST:
        yield from cells_below
        return
    if len(ordered) < _FEW:
        return
    lowest, next_to = ordered[:_FEW]
    is_often = _n(alike[lowest], numbers) >= max(_FEWEST, _SHARE * total)
    is_code = lowest in _SURELY_LOW and next_to > _VERY_NEAR * lowest
    if lowest <= _LEAST_SUSPICIOUS and next_to > _NEAR * lowest and (is_often or is_code):
        yield from alike[lowest]


def _high(values: Mapping[str, float], numbers: Mapping[str, int], total: int) -> Iterator[str]:
    alike = _alike(values)
    ordered = list(alike)
    top: list[float] = []
    while ordered and ordered[-1] in _HIGH and len(top) < _MOST_ASKED:
        top.append(ordered.pop())
    while top and ordered and ordered[-1] >= _NEAR * top[-1]:
        ordered.append(top.pop())
    if not top or len(ordered) < _FEW:
        return
    is_often = sum(_n(alike[value], numbers) for value in top) >= max(_FEW, _SHARE * total)
    is_sure = top[0] in _SURELY_HIGH and ordered[-1] < _VERY_NEAR * top[0]
    if is_often or is_sure:
        for value in reversed(top):
            yield from alike[value]
