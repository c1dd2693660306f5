"""Whether a column holds dates, and in which order day, month and year stand: by evidence in its cells.

A day above 12 tells. Where none is above 12, rows that count up in one order only, and dates that all stand on the
first of their months in one order only, make it likely; so does, where years have two digits, that all dates lie close
to each other in one order only. Else it is asked.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.dates import texts
from core.uploads.dates.texts import (
    CERTAIN,
    DAY_FIRST,
    EPOCH,
    EPOCH_MS,
    FORMS,
    MONTH_FIRST,
    ORDERS,
    TIME,
    YEAR_FIRST,
)
from core.uploads.detect.guesses import Confidence, Guess

LEAST_SHARE: Final = 0.9  # of a column's different cells, for it to be one of dates
TWO_FORMS: Final = "Its dates have two forms"
_LOOKED_AT, _FEWEST_ORDERED, _FEWEST_DAYS, _FAR_MORE = 20, 5, 5, 5
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
_SEASON: Final = re.compile(r"([0-9]{4})[-/]([0-9]{2})")
_DAY: Final = re.compile(r"(19|20)[0-9]{6}")
_SECONDS, _MILLISECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]{1,6})?"), re.compile(r"[0-9]{12,13}")
_SINCE, _UNTIL = 631_152_000, 2_208_988_800  # 1990 to 2040
_NAMES_TIME: Final = re.compile(
    r"(time|stamp|date|datum|fecha|data|zeit|heure|hora|epoch|unix|created|updated|modified|erstellt|when|since)"
    r"|(^|[^a-z])(ts|at|tms|dt)([^a-z]|$)|[a-z](At|Ts|Ms)$"
)
# Cells of which a number above 12 tells where the day stands, for Arrow's regular expressions.
_ABOVE_12: Final = r"(1[3-9]|2[0-9]|3[01])"
_SHOWN: Final = {
    DAY_FIRST: rf"^\s*{_ABOVE_12}[-/.] ?[0-9]{{1,2}}[-/.] ?[0-9]{{4}}",
    MONTH_FIRST: rf"^\s*[0-9]{{1,2}}[-/.] ?{_ABOVE_12}[-/.] ?[0-9]{{4}}",
}


@dataclass(frozen=True)
class FoundDates:
    """order: one of FORMS, or "" where the cells need none. guesses: what to say of them."""

    order: str
    guesses: tuple[Guess, ...]


def find(name: str, sample: Sequence[str], filled: Mapping[str, int]) -> FoundDates | None:
    """How the dates of a column are written; None where it holds none.

    sample: its cells in the file's order. filled: the different ones that hold something, trimmed, with their counts.
    """
    cells = list(filled)
    if not cells or sum(_is_dated(cell) for cell in cells[:_LOOKED_AT]) < 0.5 * len(cells[:_LOOKED_AT]):
        return None
    if all(_is_number(cell) for cell in cells[:_LOOKED_AT]):
        return _of_numbers(name, cells)
    times = [cell for cell in cells if texts.read(cell, TIME) is not None]
    if len(times) >= LEAST_SHARE * len(cells):
        return FoundDates(TIME, (_told(name, TIME, "certain", f"Times of day such as {times[0]!r}."),))
    meanings = {cell: found for cell in cells if (found := texts.plausible(cell))}
    if len(meanings) < LEAST_SHARE * len(cells) or _are_seasons(cells):
        return None
    doubtful = {cell: found for cell, found in meanings.items() if CERTAIN not in found}
    if doubtful:
        return _ordered(name, sample, meanings, doubtful)
    if all(map(_ISO.fullmatch, meanings)):
        return FoundDates("", ())
    example = next(cell for cell in meanings if not _ISO.fullmatch(cell))
    return FoundDates(YEAR_FIRST, (_told(name, YEAR_FIRST, "certain", f"{_read(example, CERTAIN)}."),))


def shown_in(column: pa.ChunkedArray) -> dict[str, str]:
    """The orders that a cell of the column can be read in alone, each with the first such cell. column: text."""
    found = {}
    for order, form in _SHOWN.items():
        places = pc.index(pc.match_substring_regex(column, form), True).as_py()
        if places >= 0:
            found[order] = column[places].as_py().strip()
    return found


def told_by_all(guess: Guess, shown: Mapping[str, str]) -> FoundDates | None:
    """What the whole column tells where a sample told less; None where that is no news.

    guess: of the sample. shown: as `shown_in` gives it, of the whole column.
    """
    name, order = guess.column or "", guess.value
    if guess.confidence == "chosen" or TWO_FORMS in guess.why or not shown:
        return None
    if len(shown) > 1:
        return FoundDates(order, (_of_two_forms(name, order, shown),))
    if guess.confidence == "certain":
        return None
    found, cell = next(iter(shown.items()))
    return FoundDates(found, (_told(name, found, "certain", _certainly(cell, found)),))


def _is_dated(cell: str) -> bool:
    return bool(texts.meanings(cell)) or texts.read(cell, TIME) is not None or _is_number(cell)


def _is_number(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in (_DAY, _SECONDS, _MILLISECONDS))


def _of_numbers(name: str, cells: Sequence[str]) -> FoundDates | None:
    """Numbers that are days, seconds or milliseconds: every one must be a date of our time, and the name must say so,
    or for days enough different ones.
    """
    is_named = _NAMES_TIME.search(name) is not None or _NAMES_TIME.search(name.lower()) is not None
    if all(map(_DAY.fullmatch, cells)):
        if any(not texts.meanings(cell) for cell in cells) or not (is_named or len(cells) >= _FEWEST_DAYS):
            return None
        return FoundDates(YEAR_FIRST, (_told(name, YEAR_FIRST, "certain", f"{_read(cells[0], CERTAIN)}."),))
    for order, form, scale in ((EPOCH, _SECONDS, 1), (EPOCH_MS, _MILLISECONDS, 1000)):
        is_ours = all(form.fullmatch(cell) and _SINCE <= float(cell) / scale <= _UNTIL for cell in cells)
        if is_named and is_ours:
            return FoundDates(order, (_told(name, order, "certain", f"{_read(cells[0], order)}."),))
    return None


def _are_seasons(cells: Sequence[str]) -> bool:
    """Whether all are two years in a row, such as "2009/10"."""
    found = [_SEASON.fullmatch(cell) for cell in cells]
    return all(one is not None and int(one[2]) == (int(one[1]) + 1) % 100 for one in found)


def _ordered(
    name: str,
    sample: Sequence[str],
    meanings: Mapping[str, Mapping[str, float]],
    doubtful: Mapping[str, Mapping[str, float]],
) -> FoundDates:
    """The order of dates that end with the year, or have two digits for it."""
    only: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for cell, found in doubtful.items():
        if len(found) == 1:
            only[next(iter(found))] += 1
            shown.setdefault(next(iter(found)), cell)
    if len(only) == 1:
        order = next(iter(only))
        return FoundDates(order, (_told(name, order, "certain", _certainly(shown[order], order)),))
    if only:
        order = only.most_common(1)[0][0]
        return FoundDates(order, (_of_two_forms(name, order, shown),))
    possible = [order for order in ORDERS if any(order in found for found in doubtful.values())]
    likely = _likely(sample, meanings, possible)
    order = likely or possible[0]
    others = [one for one in possible if one != order]
    example = next(cell for cell, found in doubtful.items() if order in found)
    told = f"{_read(example, order)}."
    if likely:
        told += " In this order alone its days count up, are all the first of a month, or lie close to each other."
        return FoundDates(order, (_told(name, order, "likely", told, *others),))
    others_say = " or ".join(day_text(doubtful[example][one]) for one in others if one in doubtful[example])
    told += f" It could also be {others_say}: in a sample, no day is above 12."
    return FoundDates(order, (_told(name, order, "guess", told, *others),))


def _of_two_forms(name: str, order: str, shown: Mapping[str, str]) -> Guess:
    other = next(one for one in shown if one != order)
    told = (
        f"{TWO_FORMS}: {shown[order]!r} can only be {FORMS[order]}, {shown[other]!r} only "
        f"{FORMS[other]}. Dates that can be both are read as {FORMS[order]}."
    )
    return _told(name, order, "guess", told, other)


def _likely(
    sample: Sequence[str], meanings: Mapping[str, Mapping[str, float]], possible: Sequence[str]
) -> str | None:
    """The one order in which the rows count up or down, or all days are the first of a month."""
    rows = [meanings[cell] for cell in (one.strip() for one in sample) if cell in meanings]
    if len(meanings) < _FEWEST_ORDERED:
        return None
    by_order = {order: [one.get(order, one.get(CERTAIN, 0.0)) for one in rows] for order in possible}
    for is_so in (_counts, _are_months):
        alike = [order for order, days in by_order.items() if is_so(days)]
        if len(alike) == 1:
            return alike[0]
    spans = sorted((max(days) - min(days), order) for order, days in by_order.items())
    is_close = YEAR_FIRST in possible and spans[0][0] * _FAR_MORE < spans[1][0]
    return spans[0][1] if is_close else None


def _counts(days: Sequence[float]) -> bool:
    pairs = list(itertools.pairwise(days))
    return all(one <= two for one, two in pairs) or all(one >= two for one, two in pairs)


def _are_months(days: Sequence[float]) -> bool:
    return all((date(1970, 1, 1) + timedelta(one)).day == 1 for one in days)


def _certainly(cell: str, order: str) -> str:
    return f"{_read(cell, order)}; it can be read in no other order."


def _read(cell: str, order: str) -> str:
    found = texts.read(cell, order)
    return f"{cell!r} is read as {day_text(found)}" if found is not None else repr(cell)


def day_text(days: float) -> str:
    """A day as a person writes it: "1 January 2024". days: since 1970-01-01."""
    return (date(1970, 1, 1) + timedelta(days)).strftime("%-d %B %Y")


def _told(name: str, order: str, confidence: Confidence, why: str, *others: str) -> Guess:
    return Guess("dates", order, confidence, why, name, others)
