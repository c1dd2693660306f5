"""The cells of a column as moments that can be put in order."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import cells

KNOWN_SHARE: Final = 0.9  # of the filled cells that have to be read for a column to be one of times
_SECOND = r"^(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[T ]\d{1,2}:\d{2}:\d{2})(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?$"
_FORMS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%Y-%m")
_CLOCKS: Final = ("", "T%H:%M", " %H:%M", "T%H:%M:%S", " %H:%M:%S")


def read(column: pa.Array | pa.ChunkedArray, decimal: str) -> npt.NDArray[np.float64] | None:
    """(n,) seconds, or numbers where the column holds such; NaN where none; None for a column that is not of times.

    column: (n,) text cells.  decimal: the file's decimal mark.
    """
    numbers, bad = cells.numbers(column, decimal)
    n_filled = len(numbers) - int(cells.is_missing(column).sum())
    if n_filled and bad.sum() <= (1 - KNOWN_SHARE) * n_filled:
        return numbers
    return dates(column)


def dates(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """(n,) seconds since 1970 of cells that are dates, with or without a clock; None where most are not.

    Zones are left out, as all cells of a column share one as a rule.
    """
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = one.dictionary_encode()
    spellings = pc.utf8_trim_whitespace(encoded.dictionary)
    plain = pc.replace_substring_regex(spellings, _SECOND, r"\1")
    seconds = np.full(len(plain) + 1, np.nan)
    for form in (date + clock for date in _FORMS for clock in _CLOCKS):
        read = pc.strptime(plain, form, "s", error_is_null=True)
        found = pc.cast(pc.cast(read, pa.int64()), pa.float64()).to_numpy(zero_copy_only=False)
        seconds[:-1] = np.where(np.isnan(seconds[:-1]), found, seconds[:-1])
    codes = pc.fill_null(encoded.indices, len(plain)).to_numpy(zero_copy_only=False)
    times = seconds[codes]
    n_filled = len(times) - int(cells.is_missing(one).sum())
    n_read = int((~np.isnan(times)).sum())
    return times if n_read and n_read >= KNOWN_SHARE * n_filled else None
