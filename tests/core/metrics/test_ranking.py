from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from core.metrics import histograms, ranking
from core.metrics.errors import LengthMismatch, NotAHistogram, NotAScore


def _rows(kind: str, n: int = 20_000) -> tuple[Any, Any]:
    """Outcomes and scores of one shape."""
    draw = np.random.default_rng(7)
    rate = 0.004 if kind == "imbalanced" else 0.3
    is_positive = draw.random(n) < rate
    scores = 1 / (1 + np.exp(-draw.normal(np.where(is_positive, 0.5, -1.0), 1.2)))
    if kind == "tied":
        scores = np.round(scores, 1)
    if kind == "extreme":
        scores = np.where(scores > 0.5, 1.0, np.where(scores < 0.2, 0.0, scores))
    if kind == "reversed":
        scores = 1 - scores
    return is_positive, scores


def _distances(x: Any, y: Any, curve: ranking.Curve) -> Any:
    """How far each point is from the nearest part of a drawn curve."""
    points, corners = np.column_stack((x, y)), np.column_stack((curve.x, curve.y))
    nearest = np.full(len(points), np.inf)
    for start, end in itertools.pairwise(corners):
        along = end - start
        place = np.clip((points - start) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - start - np.outer(place, along), axis=1))
    return nearest


SHAPES = ["plain", "imbalanced", "tied", "extreme", "reversed"]


@pytest.mark.parametrize("kind", SHAPES)
def test_areas_of_raw_scores_are_those_of_scikit_learn(kind: str) -> None:
    is_positive, scores = _rows(kind)
    ranked = ranking.by_score(is_positive, scores)
    assert ranked.roc_auc() == pytest.approx(reference.roc_auc_score(is_positive, scores), abs=1e-12)
    expected = reference.average_precision_score(is_positive, scores)
    assert ranked.average_precision() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", SHAPES)
def test_areas_from_histograms_are_within_a_ten_thousandth_of_those_of_the_raw_scores(kind: str) -> None:
    is_positive, scores = _rows(kind)
    tolerance = 1e-4 if kind == "imbalanced" else 2e-6
    ranked = ranking.by_bin(histograms.count(scores[is_positive]), histograms.count(scores[~is_positive]))
    assert ranked.roc_auc() == pytest.approx(reference.roc_auc_score(is_positive, scores), abs=tolerance)
    expected = reference.average_precision_score(is_positive, scores)
    assert ranked.average_precision() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kind", SHAPES)
def test_areas_from_histograms_are_exact_for_scores_that_were_rounded_to_bins(kind: str) -> None:
    is_positive, scores = _rows(kind)
    rounded = np.rint(scores * histograms.STEPS) / histograms.STEPS
    ranked = ranking.by_bin(histograms.count(scores[is_positive]), histograms.count(scores[~is_positive]))
    assert ranked.roc_auc() == pytest.approx(reference.roc_auc_score(is_positive, rounded), abs=1e-12)
    expected = reference.average_precision_score(is_positive, rounded)
    assert ranked.average_precision() == pytest.approx(expected, abs=1e-12)


def test_rows_that_share_a_bin_bound_the_error_of_the_area() -> None:
    draw = np.random.default_rng(1)
    is_positive = draw.random(5_000) < 0.3
    scores = draw.random(5_000) * 0.002 + 0.001 * is_positive  # crowded into thirty bins
    ranked = ranking.by_bin(histograms.count(scores[is_positive]), histograms.count(scores[~is_positive]))
    error = abs(ranked.roc_auc() - reference.roc_auc_score(is_positive, scores))
    assert 0 < error <= ranked.tied_pairs() / 2


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_the_confusion_at_a_threshold_is_that_of_scikit_learn(threshold: float) -> None:
    is_positive, scores = _rows("tied")
    (tn, fp), (fn, tp) = reference.confusion_matrix(is_positive, scores >= threshold, labels=[False, True])
    for ranked in (
        ranking.by_score(is_positive, scores),
        ranking.by_bin(histograms.count(scores[is_positive]), histograms.count(scores[~is_positive])),
    ):
        assert ranked.confusion(threshold) == ranking.Confusion(tn, fp, fn, tp)


def test_a_curve_of_few_points_passes_through_every_corner_scikit_learn_finds() -> None:
    is_positive, scores = _rows("tied")
    curve = ranking.by_score(is_positive, scores).roc()
    x, y, thresholds = reference.roc_curve(is_positive, scores)
    assert curve.x == pytest.approx(x, abs=1e-6)
    assert curve.y == pytest.approx(y, abs=1e-6)
    assert curve.thresholds[0] is None
    assert curve.thresholds[1:] == pytest.approx(thresholds[1:])


def test_a_precision_recall_curve_passes_through_the_points_scikit_learn_finds() -> None:
    is_positive, scores = _rows("tied")
    curve = ranking.by_score(is_positive, scores).precision_recall()
    precision, recall, thresholds = reference.precision_recall_curve(is_positive, scores)
    points = {(round(r, 6), round(p, 6), t) for r, p, t in zip(recall, precision, thresholds, strict=False)}
    assert set(zip(curve.x, curve.y, curve.thresholds, strict=True)) <= points
    assert curve.x[-1] == 1


@pytest.mark.parametrize("kind", SHAPES)
def test_a_thinned_curve_keeps_its_ends_and_strays_from_the_full_one_by_less_than_a_pixel(kind: str) -> None:
    is_positive, scores = _rows(kind)
    ranked = ranking.by_bin(histograms.count(scores[is_positive]), histograms.count(scores[~is_positive]))
    curve = ranked.roc()
    assert len(curve.x) <= ranking.MAX_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(ranked.roc_auc(), abs=1e-3)
    rounded = np.rint(scores * histograms.STEPS) / histograms.STEPS
    x, y, _ = reference.roc_curve(is_positive, rounded, drop_intermediate=False)
    assert _distances(x, y, curve).max() < 0.002


def test_a_perfect_ranking_keeps_its_corner() -> None:
    curve = ranking.by_score([0] * 500 + [1] * 500, np.arange(1_000) / 1_000).roc()
    assert (curve.x, curve.y) == ((0, 0, 1), (0, 1, 1))


def test_a_curve_comes_back_from_json_as_it_was() -> None:
    curve = ranking.by_score([0, 1, 1], [0.1, 0.4, 0.9]).roc()
    assert ranking.Curve.from_json(curve.to_json()) == curve


def test_a_score_outside_0_to_1_or_missing_is_refused() -> None:
    with pytest.raises(NotAScore, match="3 of 4 scores"):
        ranking.by_score([0, 1, 0, 1], [0.5, 1.2, -0.1, float("nan")])


def test_outcomes_that_do_not_fit_the_scores_are_refused() -> None:
    with pytest.raises(LengthMismatch, match="2 outcomes for 3"):
        ranking.by_score([0, 1], [0.5, 0.2, 0.1])


def test_a_histogram_of_the_wrong_size_or_below_zero_is_refused() -> None:
    good = histograms.count([0.5])
    with pytest.raises(NotAHistogram, match="10,001 bins"):
        ranking.by_bin(good, np.zeros(100, dtype=np.int64))
    with pytest.raises(NotAHistogram, match="least count is -1"):
        ranking.by_bin(good, -good)
