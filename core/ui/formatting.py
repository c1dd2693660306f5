"""Figures as a person says them; next to each the exact value, for a help text or a cell's hover.

A number and its unit are joined by a no-break space, so that no line ends between them.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from core.metrics import wording

NO_BREAK = "\u00a0"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
MB = 1_000_000
NANO = 1_000_000_000
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def number(n: float) -> str:
    """7043 → "7,043", 1_234_567 → "1.2 M"."""
    for step, (least, unit) in enumerate(_STEPS):
        if abs(n) >= least * 0.9995:
            shown = _short(n / least)
            if shown == "1,000" and step:
                least, unit = _STEPS[step - 1]
                shown = _short(n / least)
            return f"{shown}{NO_BREAK}{unit}"
    return f"{n:,.0f}"


def count(n: int, noun: str, plural: str = "") -> str:
    """1, "row" → "1 row"; 1_234_567, "row" → "1.2 M rows"."""
    return f"{number(n)}{NO_BREAK}{noun if n == 1 else plural or noun + 's'}"


def exact(n: int, noun: str, plural: str = "") -> str:
    """1_234_567, "row" → "1,234,567 rows"."""
    return f"{n:,}{NO_BREAK}{noun if n == 1 else plural or noun + 's'}"


def threshold(value: float) -> str:
    """A probability from which on something counts, with all the digits that it has: 0.305 → "30.5 %"."""
    return f"{100 * value:.6g}{NO_BREAK}%"


def size(n_bytes: int) -> str:
    """Decimal units, as the limits are: 27_600_000 → "27.6 MB"."""
    for least, unit in _SIZES:
        if n_bytes >= least:
            return f"{_short(n_bytes / least)}{NO_BREAK}{unit}"
    return count(n_bytes, "byte")


def money(nano_usd: int) -> str:
    """Billionths of a dollar as people say them: "$1.24", "$0.0026"; what is too little for that "< $0.0001"."""
    if 0 < nano_usd < NANO // 10_000:
        return f"<{NO_BREAK}$0.0001"
    if 0 < nano_usd < NANO // 100 - NANO // 2_000:
        return f"${Decimal(f'{nano_usd / NANO:.2g}'):f}"
    return f"${nano_usd / NANO:,.2f}"


def duration(seconds: float) -> str:
    """0.24 → "0.2 s", 38 → "38 s", 185 → "3 min 5 s", 4320 → "1 h 12 min", 100_000 → "1 d 4 h"."""
    seconds = max(0.0, seconds)
    if seconds < 0.095:
        return f"<{NO_BREAK}0.1{NO_BREAK}s"
    if seconds < 9.95:
        return f"{seconds:.1f}{NO_BREAK}s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole}{NO_BREAK}s"
    if whole < HOUR_S:
        return _two(whole, MINUTE_S, "min", 1, "s")
    if whole < DAY_S:
        return _two(whole, HOUR_S, "h", MINUTE_S, "min")
    return _two(whole, DAY_S, "d", HOUR_S, "h")


def estimate(seconds: float) -> str:
    """0.24 → "1 s", 3.4 → "3 s", 185 → "3 min 5 s": no guess is told to a tenth."""
    return f"{max(1, round(seconds))}{NO_BREAK}s" if seconds < 9.95 else duration(seconds)


def took(started_at: datetime | None, finished_at: datetime | None) -> str:
    """The duration between two moments; a dash where either is unknown."""
    if started_at is None or finished_at is None:
        return "–"
    return duration((finished_at - started_at).total_seconds())


def ago(at: datetime, *, now: datetime) -> str:
    """ "just now", "40 s ago", "3 min ago", "2 h ago", "yesterday", "5 days ago"…, in the largest unit that is full."""
    seconds = (now - at).total_seconds()
    if seconds < 5:
        return "just now"
    if seconds < MINUTE_S:
        return f"{int(seconds)}{NO_BREAK}s ago"
    if seconds < HOUR_S:
        return f"{int(seconds / MINUTE_S)}{NO_BREAK}min ago"
    if seconds < DAY_S:
        return f"{int(seconds / HOUR_S)}{NO_BREAK}h ago"
    days = int(seconds / DAY_S)
    if days == 1:
        return "yesterday"
    if days < 60:
        return f"{days}{NO_BREAK}days ago"
    if days < 730:
        return f"{days // 30}{NO_BREAK}months ago"
    return f"{days // 365}{NO_BREAK}years ago"


def moment(at: datetime, *, now: datetime, zone: tzinfo = UTC) -> str:
    """The wall clock of the reader: "14:05" today, "21 Nov, 14:05" this year, "21 Nov 2025, 14:05" before."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return clock
    day = f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"
    return f"{day.replace(' ', NO_BREAK)}, {clock}"


def exact_moment(at: datetime, *, zone: tzinfo = UTC) -> str:
    """ "2026-11-22 14:05:33 CET": for hover and help."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def percent(share: float, *, decimals: int = 0) -> str:
    """0.1234 → "12 %"; what only rounds to 0 or 100 % keeps its distance: "< 1 %", "> 99 %"."""
    return wording.percent(share, decimals=decimals)


def score(value: float) -> str:
    """A metric without a unit: three decimals; a dash for one that is undefined."""
    return wording.score(value) if math.isfinite(value) else "–"


def plus_minus(mean: float, std: float) -> str:
    """A score and its spread: "0.853 ± 0.011"."""
    return f"{score(mean)}{NO_BREAK}{spread(std)}"


def spread(std: float) -> str:
    """ "± 0.011"; what only rounds to nothing keeps its distance: "± < 0.001"."""
    shown = score(std)
    return f"±{NO_BREAK}{'<' + NO_BREAK + '0.001' if std and shown == '0.000' else shown}"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 99.95 else f"{value:,.0f}"


def _two(whole: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    first, rest = divmod(whole, large)
    second = rest // small
    tail = f" {second}{NO_BREAK}{small_unit}" if second else ""
    return f"{first}{NO_BREAK}{large_unit}{tail}"
