"""Columns of dates as numbers: days since 1970-01-01, with the part of the day that has passed.

Cells in the usual digits are read by regular expressions, many at a time; all others one by one. Both read alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import cells
from core.uploads.dates import texts
from core.uploads.dates.texts import DAY_FIRST, MONTH_FIRST, SECONDS_A_DAY, TIME, YEAR_FIRST

Floats = npt.NDArray[np.float64]

_ONE_BY_ONE: Final = 200  # so few different cells are read as fast by themselves
_CLOCK: Final = r"(?:[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?)?"
_YEAR: Final = r"(?P<year>1[0-9]{3}|2[01][0-9]{2})"
_MARK, _AGAIN = r"(?P<mark>[-/.])", r"(?P<again>[-/.])"
_USUAL: Final = {
    YEAR_FIRST: rf"^{_YEAR}{_MARK}(?P<month>[0-9]{{1,2}}){_AGAIN}(?P<day>[0-9]{{1,2}}){_CLOCK}$",
    DAY_FIRST: rf"^(?P<day>[0-9]{{1,2}}){_MARK}(?P<month>[0-9]{{1,2}}){_AGAIN}{_YEAR}{_CLOCK}$",
    MONTH_FIRST: rf"^(?P<month>[0-9]{{1,2}}){_MARK}(?P<day>[0-9]{{1,2}}){_AGAIN}{_YEAR}{_CLOCK}$",
}


def days(column: pa.Array, order: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """What cells of text mean, and which of them are neither missing nor a date.

    column: (n,) text, plain or as a dictionary.  order: as `texts.read` takes it.  Returns (n,) float64, NaN where
    missing or bad, and (n,) bool, True where bad.
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    spelled = encoded.dictionary
    missing = cells.is_missing(spelled)
    found = _of_spellings(pc.utf8_trim_whitespace(spelled), missing, order)
    found, bad = np.append(found, np.nan), np.append(np.isnan(found) & ~missing, False)
    codes = pc.fill_null(encoded.indices, len(spelled)).to_numpy(zero_copy_only=False)
    return found[codes], bad[codes]


def are_dates(column: pa.Array, *, least_share: float) -> bool:
    """Whether so many of the cells that hold something have one meaning as a date."""
    found, bad = days(column, texts.CERTAIN)
    n_dates = int((~np.isnan(found)).sum())
    return n_dates > 0 and n_dates >= least_share * (n_dates + int(bad.sum()))


def _of_spellings(spelled: pa.Array, missing: npt.NDArray[np.bool_], order: str) -> Floats:
    found = np.full(len(spelled), np.nan)
    left = ~missing
    if len(spelled) > _ONE_BY_ONE and order != TIME:
        for form in dict.fromkeys((order, YEAR_FIRST)):
            if form in _USUAL:
                at_once = _at_once(spelled, _USUAL[form])
                usual = left & ~np.isnan(at_once)
                found[usual] = at_once[usual]
                left &= ~usual
    for place in np.flatnonzero(left).tolist():
        one = texts.read(spelled[place].as_py(), order)
        found[place] = np.nan if one is None else one
    return found


def _at_once(spelled: pa.Array, pattern: str) -> Floats:
    """(n,) the days of the cells that match and are in the calendar, NaN for others."""
    found = pc.extract_regex(spelled, pattern)
    matched = pc.is_valid(found).to_numpy(zero_copy_only=False)
    if not matched.any():
        return np.full(len(spelled), np.nan)
    year, month, day = (_whole(found, name) for name in ("year", "month", "day"))
    hour, minute, second = (_whole(found, name) for name in ("hour", "minute", "second"))
    is_even = pc.equal(pc.struct_field(found, "mark"), pc.struct_field(found, "again"))
    matched &= pc.fill_null(is_even, False).to_numpy(zero_copy_only=False)
    matched &= (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 23) & (minute <= 59) & (second <= 59)
    months = (12 * (year - 1970) + np.where(matched, month, 1) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    next_month = (months + 1).astype("datetime64[D]").astype(np.int64)
    matched &= day <= next_month - first
    seconds = 3600 * hour + 60 * minute + second
    whole: Floats = first + (day - 1) + seconds / SECONDS_A_DAY
    return np.where(matched, whole, np.nan)


def _whole(found: pa.StructArray, name: str) -> npt.NDArray[np.int64]:
    """(n,) the numbers of a group, 0 where it is not in the cell."""
    digits = pc.struct_field(found, name)
    digits = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    numbers: npt.NDArray[np.int64] = digits.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers
