"""Piecewise cubics are found again from their values, jumps and all."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import BSpline

from core.predictions.scoring.fast import curves

KNOTS = np.array([-2.0, -1.5, 0.0, np.nextafter(0.0, 1.0), 3.0, 700.0, 1e6])


def evaluated(function: object, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n, k) by curves that were fitted to the function."""
    found = curves.fitted(function, knots)  # type: ignore[arg-type]  # a function of numbers
    sums = np.zeros((len(values), found.powers.shape[1]))
    found.add(values, sums)
    return sums


def numbers() -> np.ndarray:
    """Numbers in, between and beyond the knots, and none."""
    draw = np.random.default_rng(2)
    between = draw.uniform(KNOTS[:-1], KNOTS[1:], (100, len(KNOTS) - 1)).ravel()
    return np.concatenate([between, KNOTS, np.nextafter(KNOTS, np.inf), [-1e300, 1e300, np.nan]])


def test_a_cubic_between_knots_is_found_again() -> None:
    spline = BSpline.construct_fast(
        np.array([0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1.0]), np.random.default_rng(1).normal(size=7), 3
    )

    def bent(values: np.ndarray) -> np.ndarray:
        place = np.interp(values, KNOTS, np.linspace(0, 1, len(KNOTS)))
        found = np.where(np.isnan(values), -4, spline(np.nan_to_num(place)))
        return np.column_stack([found, 2 * found - 1])

    at_bends = np.interp([0.25, 0.5, 0.75], np.linspace(0, 1, len(KNOTS)), KNOTS)
    values = numbers()
    np.testing.assert_allclose(
        evaluated(bent, np.append(KNOTS, at_bends), values), bent(values), rtol=1e-13, atol=1e-13
    )


def test_a_knot_may_be_unlike_both_of_its_sides() -> None:
    def stepped(values: np.ndarray) -> np.ndarray:
        found = np.searchsorted(KNOTS, values, "left") + np.searchsorted(KNOTS, values, "right") + 0.5
        return np.where(np.isnan(values), -1, found)[:, None]

    values = numbers()
    np.testing.assert_allclose(evaluated(stepped, KNOTS, values), stepped(values), rtol=1e-14)
