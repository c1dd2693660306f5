"""What is learnt of a date besides how far it lies from the earliest: year, month, day, weekday and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.uploads.dates.texts import SECONDS_A_DAY

Floats = npt.NDArray[np.float64]

CODED: Final[frozenset[str]] = frozenset(("month", "weekday", "hour"))
"""Parts that come round again: linear recipes take each value of them for itself."""
N_CODES: Final = {"month": 12, "weekday": 7, "hour": 24}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class DatePart:
    """A part of a column's dates, as it stood in the training rows.

    name: "year", "month", "day", "weekday" or "hour"; a weekday is 0 on Mondays. minimum, maximum: the range seen.
    usual: of months, weekdays and hours the most common, of years and days the median.
    """

    name: str
    minimum: float
    maximum: float
    usual: float


def of(days: Floats) -> dict[str, Floats]:
    """Each part of n dates, NaN where there is none. days: (n,) since 1970-01-01."""
    known = ~np.isnan(days)
    whole = np.floor(np.where(known, days, 0.0))
    seconds = np.rint((np.where(known, days, 0.0) - whole) * SECONDS_A_DAY)
    day = whole.astype(np.int64).astype("datetime64[D]")
    month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
    parts: dict[str, npt.NDArray[np.int64]] = {
        "year": year.astype(np.int64) + 1970,
        "month": month.astype(np.int64) % 12 + 1,
        "day": (day - month.astype("datetime64[D]")).astype(np.int64) + 1,
        "weekday": (day.astype(np.int64) + 3) % 7,
        "hour": (seconds // 3600).astype(np.int64),
    }
    return {name: np.where(known, values, np.nan) for name, values in parts.items()}


def seen(days: Floats) -> tuple[DatePart, ...]:
    """The parts that differ among these dates. days: (n,) since 1970-01-01, one at least.

    Dates that all stand on the first of a month mean months or quarters, so their weekday says nothing.
    """
    found = {name: values[~np.isnan(values)] for name, values in of(days).items()}
    if (found["day"] == 1).all():
        del found["weekday"]
    return tuple(_part(name, values) for name, values in found.items() if values.min() < values.max())


def _part(name: str, values: Floats) -> DatePart:
    distinct, counts = np.unique(values, return_counts=True)
    usual = (
        distinct[counts.argmax()]
        if name in CODED
        else np.partition(values, (len(values) - 1) // 2)[(len(values) - 1) // 2]
    )
    return DatePart(name, float(distinct[0]), float(distinct[-1]), float(usual))


def text(days: float, *, is_time: bool = False) -> str:
    """A date as it is told: "2024-07-12", "2024-07-12 14:30", or "14:30". is_time: it is a time of day alone."""
    whole = int(np.floor(days))
    seconds = round((days - whole) * SECONDS_A_DAY)
    clock = f"{seconds // 3600:02}:{seconds % 3600 // 60:02}" + (
        f":{seconds % 60:02}" if seconds % 60 else ""
    )
    if is_time:
        return "24:00" if whole else clock
    day = str(np.datetime64(whole, "D"))
    return f"{day} {clock}" if seconds else day


def part_text(name: str, value: float) -> str:
    """What a part is called: "Friday", "July", "14:00 to 14:59"."""
    if name == "weekday":
        return _WEEKDAYS[int(value)]
    if name == "month":
        return _MONTHS[int(value) - 1]
    return f"{int(value)}:00 to {int(value)}:59" if name == "hour" else f"{name} {int(value)}"
