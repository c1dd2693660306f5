"""The cells of a column as moments that can be put in order."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.uploads.csv import cells
from core.uploads.dates import columns as dates_of
from core.uploads.dates.texts import CERTAIN

KNOWN_SHARE: Final = 0.9  # of the filled cells that have to be read for a column to be one of times


def read(column: pa.Array | pa.ChunkedArray, decimal: str, order: str = "") -> npt.NDArray[np.float64] | None:
    """(n,) days, or numbers where the column holds such; NaN where none; None for a column that is not of times.

    column: (n,) text cells.  decimal: the file's decimal mark.  order: of the parts of its dates, where it has a rule.
    """
    if (days := dates(column, order)) is not None:
        return days
    numbers, bad = cells.numbers(column, decimal)
    n_filled = len(numbers) - int(cells.is_missing(column).sum())
    return numbers if n_filled and bad.sum() <= (1 - KNOWN_SHARE) * n_filled else None


def dates(column: pa.Array | pa.ChunkedArray, order: str = "") -> npt.NDArray[np.float64] | None:
    """(n,) days since 1970 of cells that are dates; None where most are not. order: as `read` takes it."""
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not order and not dates_of.are_dates(one, least_share=KNOWN_SHARE):
        return None
    return dates_of.days(one, order or CERTAIN)[0]
