"""Columns of dates as numbers: days since 1970-01-01, with the part of the day that has passed.

Cells whose digits stand in the usual places are read off their bytes, many at a time; those in the usual digits by
regular expressions; all others one by one. All three read alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import cells
from core.uploads.dates import texts
from core.uploads.dates.texts import DAY_FIRST, EPOCH, EPOCH_MS, MONTH_FIRST, SECONDS_A_DAY, TIME, YEAR_FIRST

Floats = npt.NDArray[np.float64]

_ONE_BY_ONE: Final = 200  # so few different cells are read as fast by themselves
_CLOCK: Final = (
    r"(?:[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_YEAR: Final = r"(?P<year>1[0-9]{3}|2[01][0-9]{2})"
_FIRST_LOOKED_AT: Final = 100  # most columns of text show soon that they hold no dates
_YEARS: Final = (1000, 2199)
_LENGTHS: Final = (10, 16, 19)  # of a day, and of one with a time
_PLACES: Final = {
    YEAR_FIRST: ((0, 4), (5, 7), (8, 10)),
    DAY_FIRST: ((6, 10), (3, 5), (0, 2)),
    MONTH_FIRST: ((6, 10), (0, 2), (3, 5)),
}
_COUNTS: Final = {EPOCH: ("^[0-9]{9,11}$", 1), EPOCH_MS: ("^[0-9]{13}$", 1000)}
_MARKS: Final = {YEAR_FIRST: (4, 7), DAY_FIRST: (2, 5), MONTH_FIRST: (2, 5)}
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


def are_doubtful(column: pa.Array) -> npt.NDArray[np.bool_]:
    """(n,) whether a cell is another day in another order. column: (n,) text, plain or as a dictionary."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    ways = np.stack([days(encoded.dictionary, order)[0] for order in texts.ORDERS])
    most, least = np.fmax.reduce(ways), np.fmin.reduce(ways)  # NaN where no order reads it
    is_doubtful = np.append(most > least, False)
    codes = pc.fill_null(encoded.indices, len(most)).to_numpy(zero_copy_only=False)
    return np.asarray(is_doubtful[codes])


def are_dates(column: pa.Array, *, least_share: float) -> bool:
    """Whether so many of the cells that hold something have one meaning as a date, and one of the first does.

    column: (n,) text.
    """
    first = pc.utf8_trim_whitespace(column.slice(0, _FIRST_LOOKED_AT)).to_pylist()
    if not any(cell and texts.read(cell, texts.CERTAIN) is not None for cell in first):
        return False
    found, bad = days(column, texts.CERTAIN)
    n_dates = int((~np.isnan(found)).sum())
    return n_dates > 0 and n_dates >= least_share * (n_dates + int(bad.sum()))


def _of_spellings(spelled: pa.Array, missing: npt.NDArray[np.bool_], order: str) -> Floats:
    found = np.full(len(spelled), np.nan)
    left = ~missing
    if len(spelled) > _ONE_BY_ONE and order != TIME:
        for form in dict.fromkeys((order, YEAR_FIRST)):
            for way in (_in_places, _at_once) if form in _USUAL else ():
                if left.any():
                    rows = np.flatnonzero(left)
                    found[rows] = way(
                        spelled if len(rows) == len(spelled) else spelled.take(pa.array(rows)), form
                    )
                    left &= np.isnan(found)
    if order in _COUNTS:
        counted = _counted(spelled, order)
        found = np.where(left & ~np.isnan(counted), counted, found)
        left &= np.isnan(found)
    for place in np.flatnonzero(left).tolist():
        one = texts.read(spelled[place].as_py(), order)
        found[place] = np.nan if one is None else one
    return found


def _counted(spelled: pa.Array, order: str) -> Floats:
    """(n,) the days of usual counts of seconds or milliseconds, NaN for others."""
    digits, scale = _COUNTS[order]
    is_count = pc.match_substring_regex(spelled, digits)
    counts = pc.if_else(is_count, spelled, "0").cast(pa.int64()).to_numpy(zero_copy_only=False) // scale
    days: Floats = counts // SECONDS_A_DAY + (counts % SECONDS_A_DAY) / SECONDS_A_DAY
    return np.where(is_count.to_numpy(zero_copy_only=False), days, np.nan)


def _in_places(spelled: pa.Array, form: str) -> Floats:
    """(n,) the days of cells whose digits all stand in the usual places, NaN for others: read off their bytes."""
    found = np.full(len(spelled), np.nan)
    lengths = pc.binary_length(spelled).to_numpy(zero_copy_only=False)
    for length in _LENGTHS:
        rows = np.flatnonzero(lengths == length)
        if len(rows):
            alike = spelled if len(rows) == len(spelled) else spelled.take(pa.array(rows))
            first = np.frombuffer(alike.buffers()[1], np.int32, 1, 4 * alike.offset)[0]
            letters = np.frombuffer(alike.buffers()[2], np.uint8, len(rows) * length, first)
            found[rows] = _of_letters(letters.reshape(-1, length), form)
    return found


def _of_letters(letters: npt.NDArray[np.uint8], form: str) -> Floats:
    """(n,) days. letters: (n, length) bytes."""
    digits = letters - np.uint8(ord("0"))
    matched = np.ones(len(letters), bool)

    def whole(first: int, stop: int) -> npt.NDArray[np.int32]:
        number = np.zeros(len(letters), np.int32)
        if first < letters.shape[1]:
            for place in range(first, stop):
                nonlocal matched
                matched &= digits[:, place] < 10
                number = number * 10 + digits[:, place]
        return number

    (year, month, day), marks = (whole(*places) for places in _PLACES[form]), _MARKS[form]
    hour, minute, second = whole(11, 13), whole(14, 16), whole(17, 19)
    mark = letters[:, marks[0]]
    matched &= (mark == letters[:, marks[1]]) & ((mark == ord("-")) | (mark == ord("/")) | (mark == ord(".")))
    if letters.shape[1] > _LENGTHS[0]:
        matched &= ((letters[:, 10] == ord("T")) | (letters[:, 10] == ord(" "))) & (
            letters[:, 13] == ord(":")
        )
    if letters.shape[1] == _LENGTHS[-1]:
        matched &= letters[:, 16] == ord(":")
    matched &= (year >= _YEARS[0]) & (year <= _YEARS[1])
    return _in_calendar(matched, (year, month, day), (hour, minute, second))


def _at_once(spelled: pa.Array, form: str) -> Floats:
    """(n,) the days of the cells that are written in the usual digits, NaN for others."""
    found = pc.extract_regex(spelled, _USUAL[form])
    matched = pc.is_valid(found).to_numpy(zero_copy_only=False)
    if not matched.any():
        return np.full(len(spelled), np.nan)
    is_even = pc.equal(pc.struct_field(found, "mark"), pc.struct_field(found, "again"))
    matched &= pc.fill_null(is_even, False).to_numpy(zero_copy_only=False)
    day = tuple(_whole(found, name) for name in ("year", "month", "day"))
    return _in_calendar(matched, day, tuple(_whole(found, name) for name in ("hour", "minute", "second")))


def _in_calendar(
    matched: npt.NDArray[np.bool_], day_of: Sequence[npt.NDArray[Any]], clock: Sequence[npt.NDArray[Any]]
) -> Floats:
    """(n,) days, NaN where there is no such day. day_of: year, month and day. clock: hour, minute and second."""
    (year, month, day), (hour, minute, second) = day_of, clock
    matched &= (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(matched, 12 * (year.astype(np.int64) - 1970) + month - 1, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    next_month = (months + 1).astype("datetime64[D]").astype(np.int64)
    matched &= day <= next_month - first
    seconds = 3600 * hour.astype(np.int64) + 60 * minute + second
    whole: Floats = first + (day - 1) + seconds / SECONDS_A_DAY
    return np.where(matched, whole, np.nan)


def _whole(found: pa.StructArray, name: str) -> npt.NDArray[np.int64]:
    """(n,) the numbers of a group, 0 where it is not in the cell."""
    digits = pc.struct_field(found, name)
    digits = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    numbers: npt.NDArray[np.int64] = digits.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers
