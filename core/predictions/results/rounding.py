"""The number that is written for a regression's answer, and when another sum of the same terms could change it.

Six decimals; below 1 six digits that count, so that small answers keep theirs; and never more than twelve, as the last
few of a float64 hang on the order in which its terms were added.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.predictions.results.histograms import Floats

DECIMALS = 6
MOST_DIGITS = 12
_POWERS = np.array([float(f"1e{power}") for power in range(309)])


def rounded(values: Floats) -> Floats:
    """(n,) finite numbers as they are written; never -0.0."""
    size = np.abs(values)
    scale = np.full(len(values), _POWERS[DECIMALS])
    unit = np.ones(len(values))
    small, large = (size > 0) & (size < 1), size >= _POWERS[MOST_DIGITS - DECIMALS]
    if small.any():
        scale[small] = _power(DECIMALS - 1 - _lead(size[small]))
    if large.any():
        decimals = MOST_DIGITS - 1 - _lead(size[large])
        scale[large], unit[large] = _power(decimals), _power(-decimals)
    found: Floats = np.rint(values * scale / unit) * unit / scale + 0.0
    return found


def in_doubt(values: Floats, slack: Floats | float) -> npt.NDArray[np.int64]:
    """The places of those values near which, within the slack, another number would be written."""
    return np.flatnonzero(rounded(values - slack) != rounded(values + slack))


def _lead(size: Floats) -> npt.NDArray[np.int64]:
    """The power of ten of each first digit. size: above 0."""
    found: npt.NDArray[np.int64] = np.floor(np.log10(size)).astype(np.int64)
    return found


def _power(of_ten: npt.NDArray[np.int64]) -> Floats:
    """Exact up to 10**22; 1 for what is below 0."""
    found: Floats = _POWERS.take(of_ten, mode="clip")
    return found
