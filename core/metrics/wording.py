"""Numbers as a reader wants to see them, the same in sentences and in charts."""

from __future__ import annotations

import math

NO_BREAK = "\u00a0"

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_WRITTEN_OUT = (1e-4, 1e15)


def percent(share: float, *, decimals: int = 1) -> str:
    """0.1234 → "12.3 %", which never breaks before its sign; a share that only rounds to 0 or 100 % keeps its
    distance.
    """
    least = 10**-decimals
    value = share * 100
    if 0 < value < least / 2:
        return f"<{NO_BREAK}{least:.{decimals}f}{NO_BREAK}%"
    if 100 - least / 2 < value < 100:
        return f">{NO_BREAK}{100 - least:.{decimals}f}{NO_BREAK}%"
    return f"{value:.{decimals}f}{NO_BREAK}%"


def count(n: int) -> str:
    """12345 → "12,345"."""
    return f"{n:,}"


def rows(n: int) -> str:
    """1 → "1 row", 2000 → "2,000 rows"."""
    return f"{n:,}{NO_BREAK}{'row' if n == 1 else 'rows'}"


def number(value: float, *, beside: float = 0.0, figures: int = 4) -> str:
    """Four figures that count, or so many, as a person writes them: "0.01235", "12.35", "12,346", "2.623 T".

    beside: a larger value that this one is read next to; it gets that one's decimals and unit, and is 0 where
    it makes no difference to it. Exponents only where a person would write them too.
    """
    scale = max(abs(value), abs(beside))
    if abs(value) <= 0.5 * scale * 10 ** (1 - figures):
        return "0"
    if not _WRITTEN_OUT[0] <= scale < _WRITTEN_OUT[1]:
        return f"{value:.{figures - 1}e}"
    least, unit = next(((least, f"{NO_BREAK}{unit}") for least, unit in _UNITS if scale >= least), (1.0, ""))
    decimals = max(0, figures - 1 - math.floor(math.log10(scale / least)))
    written = f"{round(value / least, decimals) + 0.0:,.{decimals}f}"  # no "-0"
    if decimals and not beside:
        written = written.rstrip("0").rstrip(".")
    return written + unit
