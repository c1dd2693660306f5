"""Columns whose cells look like numbers and are labels: digits with zeros in front, "1E50", months as "2024.01"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

_ZERO_FIRST: Final = re.compile(r"0+[1-9][0-9]*")
_POWER: Final = re.compile(r"[0-9]{1,4}[eE][0-9]{1,3}")
_MONTH: Final = re.compile(r"(?:19|20)[0-9]{2}[.,](?:0[1-9]|1[0-2])")
_ROUNDED: Final = re.compile(r"[0-9][.,][0-9]{2,6}E\+(?:0?9|1[0-9])")
_CALLED: Final = re.compile(r"\+[0-9]{9,15}")
_MARKED: Final = re.compile(r"[-+]?(?P<value>[0-9]+)(?P<mark>[.,])(?P<sign>[0-9])")
_NINES: Final = re.compile("9+")
_LISTS: Final = {mark: re.compile(rf"[^{mark}]*{mark}[^{mark}]*{mark}.*") for mark in ",;"}
_MOST, _HALF, _SOME = 0.9, 0.5, 0.1
_EXACT_DIGITS, _LEAST_POWER = 15, 30
_FEWEST_MONTHS, _FEWEST_MARKED, _SHORTEST = 3, 4, 4
_OF_NUMBERS: Final = frozenset("0123456789.,+- ")


def why(filled: Mapping[str, int]) -> str:
    """Why the cells of a column are labels though they look like numbers; "" where they don't.

    filled: cells that hold something, with counts.
    """
    n_distinct = len(filled)
    digits = [cell for cell in filled if cell.isascii() and cell.isdigit()]
    if len(digits) >= _MOST * n_distinct:
        zeros = [cell for cell in digits if _ZERO_FIRST.fullmatch(cell)]
        if zeros and (len({*map(len, digits)}) == 1 or len(zeros) >= _SOME * len(digits)):
            return f"some begin with 0, as {zeros[0]!r} does"
        long = [cell for cell in digits if len(cell.lstrip("0")) > _EXACT_DIGITS]
        if len(long) >= _HALF * n_distinct:
            return f"they have more digits than a number keeps, as {long[0]!r} does"
    if why_not := _of_powers(filled, digits):
        return why_not
    months = [cell for cell in filled if _MONTH.fullmatch(cell)]
    if (
        len(months) >= _FEWEST_MONTHS
        and len(months) >= _MOST * n_distinct
        and len({cell[5:] for cell in months}) > 1
    ):
        return f"they are a year and a month, as {months[0]!r} is"
    called = [cell for cell in filled if _CALLED.fullmatch(cell)]
    return (
        f"they are telephone numbers, as {called[0]!r} is"
        if called and len(called) >= _HALF * n_distinct
        else ""
    )


def _of_powers(filled: Mapping[str, int], digits: Collection[str]) -> str:
    """Digits, E, digits: a code where no cell has a decimal mark or a sign, and the power would be huge or rare."""
    powers = [cell for cell in filled if _POWER.fullmatch(cell)]
    if not powers or len(powers) + len(digits) < _MOST * len(filled):
        return ""
    is_upper = all("E" in cell for cell in powers)
    has_one_width = len({*map(len, filled)}) == 1 and len(filled) > 1 and len(powers[0]) > _SHORTEST
    is_huge = any(int(re.split("[eE]", cell)[1]) >= _LEAST_POWER for cell in powers)
    return (
        f"{powers[0]!r} is a code rather than a power of ten" if is_upper or has_one_width or is_huge else ""
    )


def are_numbered_labels(strays: Collection[str], digits: Collection[str]) -> bool:
    """Whether cells with letters among whole numbers are codes as those are: "C536379" beside "536365", "085123X"."""
    lengths = {len(cell) for cell in digits if cell.isdigit()}
    coded = [
        cell
        for cell in strays
        if sum(map(str.isdigit, cell)) >= _SHORTEST - 1 and any(map(str.isalpha, cell))
    ]
    alike = [cell for cell in coded if lengths & {len(cell), len(cell) - 1, sum(map(str.isdigit, cell))}]
    return bool(alike) and len(alike) >= _HALF * len(strays) and max(lengths, default=0) >= _SHORTEST


def rounded(filled: Mapping[str, int]) -> str:
    """A cell as a spreadsheet shows a long code, its last digits lost ("4.00624E+12"), where most are so; else ""."""
    found = [cell for cell in filled if _ROUNDED.fullmatch(cell)]
    return found[0] if len(found) >= _HALF * len(filled) and found else ""


def list_marks(columns: Sequence[Sequence[str]]) -> frozenset[str]:
    """What parts the values in cells that hold a list each, as "250,5,N,0046,5" does, in one of the columns at least.

    columns: cells of each.
    """
    found = set()
    for cells in columns:
        first = next((cell for cell in cells if cell.strip()), "")
        for mark, form in _LISTS.items():
            if form.fullmatch(first) and not set(first) <= _OF_NUMBERS:
                filled = [cell for cell in cells if cell.strip()]
                if sum(form.fullmatch(cell) is not None for cell in filled) >= _MOST * len(filled):
                    found.add(mark)
    return frozenset(found)


def why_marked(filled: Mapping[str, int], marks: Collection[str]) -> str:
    """Why cells such as "+0050,5" are a value and a sign of its quality, not a number with a decimal; "" where they are
    none. Nearly all have the same digit behind the mark, and there are zeros in front, or other columns hold lists.

    filled: cells that hold something, with counts. marks: as `list_marks` finds them.
    """
    parts = [_MARKED.fullmatch(cell) for cell in filled]
    if len(parts) < _FEWEST_MARKED or not all(parts):
        return ""
    known = [one for one in parts if one is not None and not _NINES.fullmatch(one["value"])]
    signs = Counter(one["sign"] for one in known)
    sign, n = max(signs.items(), key=lambda pair: pair[1], default=("0", 0))
    is_padded = any(len(one["value"]) > 1 and one["value"][0] == "0" for one in known)
    if sign == "0" or n < _MOST * len(known) or len(known) < _FEWEST_MARKED:
        return ""
    if not (is_padded or known[0]["mark"] in marks):
        return ""
    example = next(iter(filled))
    return f"nearly all have the same digit behind the mark, as {example!r} does: it may be a sign of quality"
