"""Score histograms: all that is kept of millions of scores, 10,001 counts over [0, 1].

Bin i holds the scores p with round(p * 10,000) = i, so its middle is i / 10,000 and the two bins at the ends
are half as wide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.errors import NotAHistogram, NotAScore

Counts = NDArray[np.int64]

STEPS = 10_000
N_BINS = STEPS + 1


def count(scores: ArrayLike) -> Counts:
    """The histogram of scores, (n,) probabilities in any order; histograms of several blocks are added with
    `+`.

    Raises NotAScore.
    """
    bins = np.rint(checked_scores(scores) * STEPS).astype(np.int64)
    return np.bincount(bins, minlength=N_BINS)


def checked_scores(scores: ArrayLike) -> NDArray[np.float64]:
    """The scores as floats. Raises NotAScore where one is no number from 0 to 1."""
    floats = np.asarray(scores, dtype=np.float64).ravel()
    n_bad = int(floats.size - np.count_nonzero((floats >= 0) & (floats <= 1)))
    if n_bad:
        raise NotAScore(n_bad=n_bad, n_scores=int(floats.size))
    return floats


def checked(histogram: ArrayLike) -> Counts:
    """The histogram as 64-bit counts. Raises NotAHistogram where it is none."""
    counts = np.asarray(histogram, dtype=np.int64)
    least = int(counts.min()) if counts.size else 0
    if counts.shape != (N_BINS,) or least < 0:
        raise NotAHistogram(n_expected=N_BINS, shape=counts.shape, least=least)
    return counts


def middles() -> NDArray[np.float64]:
    """The score that stands for each bin, (10001,), rising from 0 to 1."""
    return np.arange(N_BINS) / STEPS


def median(histogram: Counts) -> float | None:
    """The score that half of the rows do not exceed, to 0.0001; None without rows."""
    n_rows = int(histogram.sum())
    if n_rows == 0:
        return None
    return float(np.searchsorted(np.cumsum(histogram), (n_rows + 1) // 2) / STEPS)
