"""What one cell means as a date: its forms, and the orders of day, month and year in which it can be read.

A year of four digits in front, the name of a month, a quarter or a week leave no doubt. "03/04/2024" does: the order of
its column decides. A cell that only one order makes a date of is that date, whatever the order of its column.
Time zones are left out: what counts is what the clock there showed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from core.uploads.dates.month_names import MONTHS

CERTAIN: Final = ""
"""Stands for an order where a cell has one meaning only."""
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "dmy", "mdy", "ymd"
TIME, EPOCH, EPOCH_MS, SERIAL = "time", "epoch", "epoch_ms", "excel"
ORDERS: Final = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
FORMS: Final = {
    YEAR_FIRST: "year, month, day",
    DAY_FIRST: "day, month, year",
    MONTH_FIRST: "month, day, year",
    TIME: "time of day",
    EPOCH: "seconds since 1970",
    EPOCH_MS: "milliseconds since 1970",
    SERIAL: "days as spreadsheets count them",
}
"""How the cells of a column are written, as `ColumnRule.date` has it, and in words."""
LONGEST: Final = 60
SECONDS_A_DAY: Final = 86_400

_FIRST_DAY: Final = date(1970, 1, 1)
_SERIAL_DAY: Final = date(1899, 12, 30)
_PIVOT: Final = 69  # of two digits: 69 is 1969, 68 is 2068, as POSIX has it
_BUDDHIST_YEARS, _BUDDHIST_OFFSET = range(2443, 2644), 543
_PLAIN_YEARS: Final = range(1800, 2201)  # of a month or quarter alone, which codes resemble

_CLOCK: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[A-Z]{2,4}T|[+-]\d{2}(?::?\d{2})?))?"
)
_SUFFIX: Final = rf"(?:(?: ?T ?|,? +){_CLOCK})?"
_WORD: Final = r"(?P<word>[^\W\d_]{3,})"
_WEEKDAY: Final = r"(?:[^\W\d_]{2,}\.?,? +(?=\d)|[^\W\d_]{2,}\.?, *)?"
_NTH: Final = r"(?:st|nd|rd|th|er|º|ª|°)?"
_YEARS: Final = r"(?P<year>\d{4}|\d{2})"


def _form(pattern: str, suffix: str = _SUFFIX) -> re.Pattern[str]:
    return re.compile(pattern + suffix)


_DAYS: Final = (
    _form(r"(?P<year>\d{4})(?P<mark>[-/.]) ?(?P<month>\d{1,2})(?P=mark) ?(?P<day>\d{1,2})\.?"),
    _form(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    _form(r"(?P<year>\d{4}) ?[年년] ?(?P<month>\d{1,2}) ?[月월] ?(?P<day>\d{1,2}) ?[日일]"),
    _form(rf"{_WEEKDAY}(?P<day>\d{{1,2}}){_NTH}\.?[-. /]*(?:de |of )?{_WORD}\.?[-,. /]*(?:de )?{_YEARS}"),
    _form(rf"{_WEEKDAY}{_WORD}\.?[-. /]*(?P<day>\d{{1,2}}){_NTH}(?:, *| +)(?P<year>\d{{4}})"),
    _form(rf"(?P<year>\d{{4}})[-. /]{_WORD}\.?[-. /](?P<day>\d{{1,2}})"),
)
_COMPACT: Final = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[T ]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?Z?"
)
_YEAR_LAST: Final = _form(
    rf"{_WEEKDAY}(?P<first>\d{{1,2}}) ?(?P<mark>[-/.]) ?(?P<middle>\d{{1,2}}) ?(?P=mark) ?(?P<last>\d{{4}}|\d{{2}})\.?"
)
_MONTHS: Final = (
    _form(rf"{_WORD}(?:\.?[-. /,']*(?P<year>\d{{4}})|\.?(?:[-/]| ?')(?P<short>\d{{2}}))", ""),
    _form(rf"(?P<year>\d{{4}})[-. /]*{_WORD}\.?", ""),
    _form(r"(?P<month>\d{1,2})[-/](?P<year>\d{4})", ""),
    _form(r"(?P<year>\d{4})(?:[-/]| ?[Mm])(?P<month>\d{1,2})", ""),
)
_QUARTERS: Final = (
    _form(r"(?P<year>\d{4})[-/. ]*[QqTK](?P<quarter>[1-4])", ""),
    _form(
        r"(?:[QqTK](?P<quarter>[1-4])|(?P<before>[1-4])\.? ?(?:[QqTK]|[Qq]uart[^\W\d_]*))[-/. ']*(?P<year>\d{4}|\d{2})",
        "",
    ),
)
_WEEK: Final = re.compile(r"(?P<year>\d{4})-?W(?P<week>\d{1,2})(?:-?(?P<weekday>[1-7]))?")
_TIME_OF_DAY: Final = re.compile(_CLOCK)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")


def read(text: str, order: str) -> float | None:
    """Days since 1970-01-01, with the part of the day that has passed; None for a cell that is no date.

    order: of its column, one of FORMS, or CERTAIN. With TIME, the part of a day.
    """
    return _read(text, order) if len(text) <= LONGEST else None


@lru_cache(maxsize=50_000)
def _read(text: str, order: str) -> float | None:
    text = " ".join(text.split())
    if order == TIME:
        clock = _TIME_OF_DAY.fullmatch(text)
        seconds = _seconds(clock) if clock else None
        return None if seconds is None else seconds / SECONDS_A_DAY
    if order in (EPOCH, EPOCH_MS, SERIAL) and (counted := _counted(text, order)) is not None:
        return counted
    found = meanings(text)
    if CERTAIN in found:
        return found[CERTAIN]
    if order in found:
        return found[order]
    different = set(plausible(text).values())
    return different.pop() if len(different) == 1 else None


@lru_cache(maxsize=50_000)
def meanings(text: str) -> dict[str, float]:
    """What a date of days, months and years can mean: order → days since 1970-01-01; CERTAIN alone where all agree.

    text: without blanks around it.
    """
    if len(text) > LONGEST or not any(letter.isdigit() for letter in text):
        return {}
    for way in (_certain_day, _month_quarter_week):
        if (days := way(text)) is not None:
            return {CERTAIN: days}
    found = _YEAR_LAST.fullmatch(text)
    if found is None:
        return {}
    return dict(_ways(found))


def plausible(text: str) -> dict[str, float]:
    """`meanings` less what nobody writes: with points between its parts, the day stands before the month."""
    found = meanings(text)
    if DAY_FIRST in found and "." in text.partition(":")[0]:
        return {order: days for order, days in found.items() if order == DAY_FIRST}
    return found


def _ways(found: re.Match[str]) -> Iterator[tuple[str, float]]:
    first, middle, last = found["first"], found["middle"], found["last"]
    orders = [(DAY_FIRST, last, middle, first), (MONTH_FIRST, last, first, middle)]
    if len(last) == 2:
        orders.append((YEAR_FIRST, first, middle, last))
    for order, year, month, day in orders:
        days = _days(year, month, day)
        if days is not None and (seconds := _seconds(found)) is not None:
            yield order, days + seconds / SECONDS_A_DAY


def _certain_day(text: str) -> float | None:
    for form in (*_DAYS, _COMPACT):
        found = form.fullmatch(text)
        if found is None:
            continue
        groups = found.groupdict()
        month = groups["month"] if "month" in groups else MONTHS.get(found["word"].lower())
        days = _days(found["year"], month, found["day"])
        seconds = _seconds(found)
        if days is not None and seconds is not None:
            return days + seconds / SECONDS_A_DAY
    return None


def _month_quarter_week(text: str) -> float | None:
    """The first day of a month, a quarter or a week, or the day of a week."""
    for form in _MONTHS:
        if found := form.fullmatch(text):
            groups = found.groupdict()
            month = groups["month"] if "month" in groups else MONTHS.get(found["word"].lower())
            days = _days(groups["year"] or groups["short"], month, 1)
            if days is not None and _is_plain(days):
                return days
    for form in _QUARTERS:
        if found := form.fullmatch(text):
            quarter = int(found["quarter"] or found["before"])
            days = _days(found["year"], 3 * quarter - 2, 1)
            return days if days is not None and _is_plain(days) else None
    if found := _WEEK.fullmatch(text):
        try:
            day = date.fromisocalendar(int(found["year"]), int(found["week"]), int(found["weekday"] or 1))
        except ValueError:
            return None
        return float((day - _FIRST_DAY).days)
    return None


def _is_plain(days: float) -> bool:
    return (_FIRST_DAY + timedelta(days)).year in _PLAIN_YEARS


def _days(year: str, month: str | int | None, day: str | int) -> float | None:
    """Of a date in the calendar; two digits and the Buddhist calendar's years are told by the number itself."""
    if month is None:
        return None
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= _PIVOT else 2000
    if number in _BUDDHIST_YEARS:
        number -= _BUDDHIST_OFFSET
    try:
        return float((date(number, int(month), int(day)) - _FIRST_DAY).days)
    except ValueError:
        return None


def _seconds(found: re.Match[str]) -> int | None:
    """Since midnight; 0 without a time, None for a time that is none. 24:00 ends the day, a leap second its minute."""
    groups = found.groupdict()
    if groups.get("hour") is None:
        return 0
    hour, minute = int(groups["hour"]), int(groups["minute"])
    second = min(int(groups["second"] or 0), 60)
    if int(groups["second"] or 0) > 60 or minute > 59:
        return None
    if half := groups.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half in "Pp")
    if hour > 24 or (hour == 24 and (minute or second)):
        return None
    return 3600 * hour + 60 * minute + min(second, 59)


def _counted(text: str, order: str) -> float | None:
    """Of a count of seconds, milliseconds or days, down to the second."""
    if _NUMBER.fullmatch(text) is None or _certain_day(text) is not None:
        return None
    number, midnight = float(text), datetime.min.time()
    if order == SERIAL:
        begin, seconds = datetime.combine(_SERIAL_DAY, midnight), round(number * SECONDS_A_DAY)
    else:
        begin, seconds = (
            datetime.combine(_FIRST_DAY, midnight),
            int(number // (1000 if order == EPOCH_MS else 1)),
        )
    try:
        passed = begin + timedelta(seconds=seconds) - datetime.combine(_FIRST_DAY, midnight)
    except OverflowError:
        return None
    return passed.days + passed.seconds / SECONDS_A_DAY
