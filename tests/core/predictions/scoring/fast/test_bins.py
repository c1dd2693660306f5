"""The lookup finds the interval that a binary search finds, for any cuts and any numbers."""

from __future__ import annotations

import numpy as np
import pytest

from core.predictions.scoring.fast.bins import Bins

DRAW = np.random.default_rng(4)
CUTS = {
    "none": np.array([]),
    "one": np.array([3.5]),
    "even": np.arange(200) / 7,
    "drawn": np.sort(DRAW.normal(0, 1e3, 255)),
    "skewed": np.unique(DRAW.lognormal(3, 4, 255)),
    "all but one in a corner": np.append(np.arange(100) * 1e-9, 1e12),
    "neighbours": np.nextafter(1.0, [0.0, 2.0, np.inf])[:2],
    "as far apart as numbers go": np.array([-1.7e308, 0.0, 1.7e308]),
    "smaller than numbers can be told apart by division": np.array([0.0, 5e-324]),
}


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
def test_each_number_gets_the_number_of_cuts_below_it(cuts: np.ndarray) -> None:
    bins = Bins(cuts)
    around = np.concatenate([cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)])
    values = np.concatenate([around, DRAW.normal(0, 1e3, 500), DRAW.lognormal(3, 4, 500), [0.0, -0.0]])
    assert (bins.codes(values) == np.searchsorted(cuts, values)).all()
    assert bins.codes(values).max() < bins.n - 1


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS.keys())
def test_a_missing_number_has_the_last_code(cuts: np.ndarray) -> None:
    bins = Bins(cuts)
    assert bins.codes(np.array([np.nan, 1.0, np.nan])).tolist()[::2] == [len(cuts) + 1] * 2
