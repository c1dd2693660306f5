"""Numbers as a reader wants to see them, the same in sentences and in charts."""

from __future__ import annotations

import math
from collections.abc import Sequence

NO_BREAK = "\u00a0"
MINUS = "\u2212"

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_WRITTEN_OUT = (1e-4, 1e15)


def percent(share: float, *, decimals: int = 1) -> str:
    """0.1234 → "12.3 %", 0.21 → "21 %", which never breaks before its sign; a share that only rounds to 0 or 100 %
    keeps its distance.
    """
    least = 10**-decimals
    value = share * 100
    if 0 < value < least / 2:
        return f"<{NO_BREAK}{least:.{decimals}f}{NO_BREAK}%"
    if 100 - least / 2 < value < 100:
        return f">{NO_BREAK}{100 - least:.{decimals}f}{NO_BREAK}%"
    written = f"{value:.{decimals}f}"
    return f"{written.rstrip('0').rstrip('.') if decimals else written}{NO_BREAK}%"


def count(n: int) -> str:
    """12345 → "12,345"."""
    return f"{n:,}"


def rows(n: int) -> str:
    """1 → "1 row", 2000 → "2,000 rows"."""
    return f"{n:,}{NO_BREAK}{'row' if n == 1 else 'rows'}"


def of_rows(n: int, n_rows: int) -> str:
    """3, 2000 → "3 of 2,000 rows"."""
    return f"{n:,} of {rows(n_rows)}"


def be(n: int) -> str:
    """The verb behind a count: 1 → "is", 0 → "are"."""
    return "is" if n == 1 else "are"


def number(value: float, *, beside: float = 0.0, figures: int = 4) -> str:
    """Four figures that count, or so many, as a person writes them: "0.01235", "12.35", "12,346", "2.623 T".

    beside: a larger value that this one is read next to; it gets that one's decimals and unit, and is 0 where
    it makes no difference to it. Exponents only where a person would write them too; the sign is a minus, as on
    a chart's axis.
    """
    scale = max(abs(value), abs(beside))
    if abs(value) <= 0.5 * scale * 10 ** (1 - figures):
        return "0"
    if not _WRITTEN_OUT[0] <= scale < _WRITTEN_OUT[1]:
        return signed(f"{value:.{figures - 1}e}")
    least, unit = next(((least, f"{NO_BREAK}{unit}") for least, unit in _UNITS if scale >= least), (1.0, ""))
    decimals = max(0, figures - 1 - math.floor(math.log10(scale / least)))
    written = f"{round(value / least, decimals) + 0.0:,.{decimals}f}"  # no "-0"
    if decimals and not beside:
        written = written.rstrip("0").rstrip(".")
    return signed(written) + unit


def score(value: float) -> str:
    """A metric without a unit: three decimals, from 10 on as any number."""
    if abs(value) >= 10:
        return number(value)
    return signed(f"{round(value, 3) + 0.0:.3f}")  # no "-0.000"


def signed(written: str) -> str:
    """A written number with a minus in place of its hyphen: for readers, not for files."""
    return MINUS + written[1:] if written.startswith("-") else written


def quoted(label: str) -> str:
    """A class as it stands in a sentence, where 1 or Yes would read as a part of it."""
    return f"'{label}'"


def listed(labels: Sequence[str], *, last: str = "and", most: int = 5) -> str:
    """Quoted, as in "'a', 'b' and 'c'"; of more than `most` the first, and how many more there are."""
    names = [quoted(label) for label in labels[:most]]
    if len(labels) > most:
        names.append(f"{count(len(labels) - most)} more")
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
