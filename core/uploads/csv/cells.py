"""What counts as a missing cell and what counts as a number: for profiles, training and scoring."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MISSING: frozenset[str] = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "-", "--", "?", ".")
)
"""Spellings of "no value", trimmed and in lower case. Not "none" or "unknown": both are used as answers."""

ABOUT = "≈"
"""Stands before a clean number that its cell names only nearly, such as "<0.5"."""
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def is_missing(column: pa.Array | pa.ChunkedArray, values: Collection[str] = ()) -> np.ndarray:
    """(n,) bool: True where the cell is null or, trimmed and in lower case, one of MISSING but none of `values`."""
    trimmed = pc.utf8_trim_whitespace(_one_chunk(column))
    found: np.ndarray = _missing(trimmed).to_numpy(zero_copy_only=False)
    if values and found.any():
        kept = pc.is_in(pc.ascii_lower(trimmed), value_set=pa.array(sorted(values), pa.string()))
        found = found & ~kept.to_numpy(zero_copy_only=False)
    return found


def numbers(column: pa.Array | pa.ChunkedArray, decimal: str) -> tuple[np.ndarray, np.ndarray]:
    """The column's values and which of its cells are neither missing nor a finite number.

    column: (n,) text.  decimal: "." or ","; with "," a cell that holds a point is no number, because
    the point may separate thousands.  Returns (n,) float64, NaN where missing or bad, and (n,) bool, True where bad.
    """
    column = _one_chunk(column)
    if decimal == ".":
        try:
            values = column.cast(pa.float64())
        except pa.ArrowInvalid:
            pass  # some cell is missing, padded or no number: look closer
        else:
            found = values.to_numpy(zero_copy_only=False)
            if np.isfinite(found).all():
                return _writable(found), np.zeros(len(found), dtype=bool)
    trimmed = pc.utf8_trim_whitespace(column)
    missing = _missing(trimmed)
    plain = _with_point(trimmed) if decimal == "," else trimmed
    present = pc.if_else(missing, pa.scalar(None, pa.string()), plain)
    try:
        values = present.cast(pa.float64())
    except pa.ArrowInvalid:
        present = pc.utf8_ltrim(present, ABOUT)
        readable = pc.match_substring_regex(present, _NUMBER)
        values = pc.if_else(readable, present, pa.scalar(None, pa.string())).cast(pa.float64())
    found = _writable(values.to_numpy(zero_copy_only=False))
    found[~np.isfinite(found)] = np.nan
    bad = np.isnan(found) & ~missing.to_numpy(zero_copy_only=False)
    return found, bad


def is_about(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """(n,) bool: True where the cell names its number only nearly."""
    found: np.ndarray = pc.fill_null(pc.starts_with(_one_chunk(column), ABOUT), False).to_numpy(
        zero_copy_only=False
    )
    return found


def _one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@cache
def _spellings() -> pa.Array:
    """MISSING, once it is needed: the first array that pyarrow makes loads pandas, which many processes never need."""
    return pa.array(sorted(MISSING), pa.string())


def _missing(trimmed: pa.Array) -> pa.Array:
    found = pc.is_in(pc.ascii_lower(trimmed), value_set=_spellings())
    return pc.or_kleene(found, pc.is_null(trimmed))


def _with_point(trimmed: pa.Array) -> pa.Array:
    """Cells with the decimal comma made a point; cells that already hold a point become unreadable."""
    pointed = pc.replace_substring(trimmed, ",", ".")
    return pc.if_else(pc.match_substring(trimmed, "."), pa.scalar("point"), pointed)


def _writable(values: np.ndarray) -> np.ndarray:
    return values if values.flags.writeable else values.copy()
