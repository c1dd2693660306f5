"""Which interval between cut points a number falls into, found by a lookup instead of a search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELLS = 4096
_STEPS_AT_MOST = 16  # more comparisons than these cost as much as a binary search
_TRIMMED = (0.0, 1 / 64, 1 / 16)  # shares of the cut points left outside the grid at either end


class Bins:
    """Intervals (-inf, c0], (c0, c1], …, (c_last, inf), and one more for NaN.

    cuts: (m,) ascending, distinct and finite.  n: m + 2, the number of codes.

    A grid of equal cells spans the cuts; a number starts at its cell's first interval and steps over the cuts
    that share the cell. The place in the grid is computed alike for numbers and cuts and never falls while
    they rise, so the result is exactly that of a binary search, which takes 100 ns on random numbers to 5 here.
    """

    def __init__(self, cuts: Floats) -> None:
        self.cuts = cuts
        self.n = len(cuts) + 2
        self._padded = np.append(cuts, np.inf)
        grids = [grid for share in _TRIMMED if (grid := _grid(cuts, int(share * len(cuts)))) is not None]
        self._grid = min(grids, key=lambda grid: grid.n_steps, default=None)
        if self._grid is not None and self._grid.n_steps > _STEPS_AT_MOST:
            self._grid = None

    def codes(self, values: Floats) -> Codes:
        """(n,) how many cuts lie below each value; the last code for NaN."""
        if self._grid is None:
            found: Codes = self.cuts.searchsorted(values)
        else:
            found = self._grid.starts.take(self._grid.cells(values))
            for _ in range(self._grid.n_steps):
                found += values > self._padded.take(found)
        nowhere = np.isnan(values)
        if nowhere.any():
            found[nowhere] = self.n - 1
        return found


class _Grid:
    """low, scale: a value's cell is (value - low) * scale, kept inside. starts: (_CELLS,) cuts below each cell."""

    def __init__(self, low: float, high: float, cuts: Floats) -> None:
        self.low, self.high = low, high
        self.scale = (_CELLS - 1) / (high - low)
        taken = self.cells(cuts)
        self.starts: Codes = taken.searchsorted(np.arange(_CELLS)).astype(np.int64)
        self.n_steps = int(np.bincount(taken).max())

    def cells(self, values: Floats) -> Codes:
        """(n,) the cell of each value; any for NaN."""
        inside = np.fmin(values, self.high)  # fmin and fmax take the number where the other is NaN
        np.fmax(inside, self.low, out=inside)
        inside -= self.low
        inside *= self.scale
        return inside.astype(np.int64)


def _grid(cuts: Floats, n_trimmed: int) -> _Grid | None:
    if len(cuts) == 0:
        return None
    low, high = float(cuts[n_trimmed]), float(cuts[-1 - n_trimmed])
    with np.errstate(over="ignore", divide="ignore"):
        scale = np.float64(_CELLS - 1) / (np.float64(high) - np.float64(low))
    if not (np.isfinite(scale) and scale > 0):
        return None
    return _Grid(low, high, cuts)
