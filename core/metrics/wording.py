"""Numbers as a reader wants to see them, the same in sentences and in charts."""

from __future__ import annotations

NO_BREAK = "\u00a0"


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


def number(value: float) -> str:
    """Four figures that count, with separators and without exponents where a person would write none:
    "1,235", "0.01235".
    """
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e9 or size < 1e-4:
        return f"{value:.3e}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
