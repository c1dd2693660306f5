from __future__ import annotations

import numpy as np

from core.metrics import histograms


def test_each_bin_holds_the_scores_that_round_to_it() -> None:
    counted = histograms.count([0.0, 0.00004, 0.00006, 0.5, 0.99994, 0.99996, 1.0])
    assert counted.shape == (10_001,)
    assert {int(bin_): int(counted[bin_]) for bin_ in np.flatnonzero(counted)} == {
        0: 2,
        1: 1,
        5_000: 1,
        9_999: 1,
        10_000: 2,
    }


def test_histograms_of_blocks_add_up_to_that_of_the_whole() -> None:
    scores = np.random.default_rng(0).random(1_000)
    blocks = histograms.count(scores[:300]) + histograms.count(scores[300:])
    assert np.array_equal(blocks, histograms.count(scores))


def test_the_median_is_the_score_that_half_of_the_rows_do_not_exceed() -> None:
    assert histograms.median(histograms.count([0.1, 0.2, 0.9])) == 0.2
    assert histograms.median(histograms.count([0.1, 0.2, 0.3, 0.9])) == 0.2


def test_no_rows_have_no_median() -> None:
    assert histograms.median(histograms.count([])) is None
