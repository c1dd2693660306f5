"""Functions of one number that are cubic between cut points: a spline of a quantile, to within rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.predictions.scoring.fast.bins import Bins, Floats

_DEGREE = 3
# Chebyshev's nodes on [0, 1], where a cubic is told best by its values.
_NODES = (1 - np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))) / 2

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """k functions of one number, each cubic in every bin, with a value of its own for a missing number.

    left, steps: (bins.n,) a number's place in its bin is (number - left) * steps; steps is 0 where the functions
    are constant.  powers: (4, k, bins.n) the factors of that place's powers 0 to 3.
    """

    bins: Bins
    left: Floats
    steps: Floats
    powers: Floats

    @property
    def size(self) -> Floats:
        """(k,) no sum of the absolute terms of a function is larger, whatever the number."""
        largest: Floats = np.abs(self.powers).sum(axis=0).max(axis=1)
        return largest

    def add(self, values: Floats, sums: Floats) -> None:
        """Add the functions' values. values: (n,), NaN for missing. sums: (n, k)."""
        codes = self.bins.codes(values)
        offset = values - self.left.take(codes)
        offset *= self.steps.take(codes)
        offset[codes == self.bins.n - 1] = 0
        for answer in range(sums.shape[1]):
            factors = self.powers[:, answer]
            value = factors[_DEGREE].take(codes)
            for power in reversed(range(_DEGREE)):
                value *= offset
                value += factors[power].take(codes)
            sums[:, answer] += value


def fitted(function: Callable[[Points], Floats], knots: Points) -> Curves:
    """The curves through a function's values.

    function: (m,) numbers, NaN among them → (m, k).  It must be constant outside the knots, cubic between two
    neighbours, and may be anything at a knot itself.
    """
    knots = np.unique(knots)
    # A knot is an interval of its own: from just above the number below it to itself.
    cuts = np.unique(np.concatenate([np.nextafter(knots, -np.inf), knots]))
    bins = Bins(cuts)
    left, steps = np.zeros(bins.n), np.zeros(bins.n)
    first, last = np.nextafter(cuts[:-1], np.inf), cuts[1:]  # of the bins between two cuts, from bin 1 on
    width = last - first
    left[1:-2] = first
    steps[1:-2] = np.divide(1, width, out=np.zeros_like(width), where=width > 0)
    numbers = first[:, None] + width[:, None] * _NODES
    offsets = (numbers - first[:, None]) * steps[1:-2, None]
    ends = np.array([cuts[0], np.nextafter(cuts[-1], np.inf), np.nan])
    answers = function(np.concatenate([ends, numbers.ravel()]))
    k = answers.shape[1]
    powers = np.zeros((_DEGREE + 1, k, bins.n))
    powers[0][:, [0, -2, -1]] = answers[:3].T
    inner = answers[3:].reshape(len(width), len(_NODES), k)
    for i in range(len(width)):
        # fewer than four numbers in a narrow bin: the polynomial through those there are
        at, which = np.unique(offsets[i], return_index=True)
        solved = np.linalg.solve(np.vander(at, increasing=True), inner[i][which])
        powers[: len(at), :, i + 1] = solved
    return Curves(bins, left, steps, powers)
