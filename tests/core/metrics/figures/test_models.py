from __future__ import annotations

import re

import pytest

from core.metrics import figures
from core.metrics.figures import CandidateScore, FeatureImportance

TREES, LOGISTIC = CandidateScore("Trees", 0.84, 0.01), CandidateScore("Logistic", 0.85, 0.02)
BASELINE = CandidateScore("Always the mean", 0.5, 0.0)


def _plain(text: str) -> str:
    return re.sub("</?span[^>]*>", "", text).replace("<br>", " ").replace("\u00a0", " ")


def test_candidates_are_dots_with_their_spread_the_best_first_and_the_baseline_last() -> None:
    figure = figures.candidates([TREES, LOGISTIC], BASELINE, metric="ROC-AUC")
    line, *dots = figure.data
    assert [dot.x[0] for dot in dots] == [0.85, 0.84, 0.5]
    assert [dot.error_x.array[0] for dot in dots] == [0.02, 0.01, 0]
    assert [_plain(dot.text[0]) for dot in dots] == ["0.850 ± 0.020", "0.840 ± 0.010", "0.500"]
    assert list(line.x) == [0.5, 0.5]
    expected = "Best: Logistic with ROC-AUC 0.850 ± 0.020; the baseline has 0.500"
    assert _plain(figure.layout.title.text) == expected
    assert figure.layout.xaxis.title.text == "ROC-AUC, mean ± SD across five folds"
    resampled = figures.candidates([TREES], BASELINE, metric="ROC-AUC", over="resamples")
    assert resampled.layout.xaxis.title.text == "ROC-AUC, mean ± SD across resamples"
    assert _plain(figure.layout.yaxis.ticktext[2]) == "Always the mean"


def test_of_errors_the_least_is_best() -> None:
    figure = figures.candidates(
        [CandidateScore("Trees", 2100, 50), CandidateScore("Linear", 2900, 80)],
        CandidateScore("Always the mean", 9100, 0),
        metric="MAE",
        higher_is_better=False,
    )
    assert _plain(figure.layout.title.text) == "Best: Trees with MAE 2,100 ± 50; the baseline has 9,100"


def test_a_candidate_that_does_not_beat_the_baseline_is_not_called_best() -> None:
    figure = figures.candidates([CandidateScore("Trees", 0.48, 0.01)], BASELINE, metric="ROC-AUC")
    expected = "No candidate beats the baseline: Trees has ROC-AUC 0.480 ± 0.010, the baseline 0.500"
    assert _plain(figure.layout.title.text) == expected


def test_no_candidates_are_a_note() -> None:
    assert not figures.candidates([], BASELINE, metric="ROC-AUC").data


def test_importance_shows_the_twelve_features_that_matter_most() -> None:
    measured = [FeatureImportance(f"feature {place}", place / 100, 0.001) for place in range(20)]
    figure = figures.feature_importance(measured, metric="ROC-AUC")
    bars = figure.data[0]
    assert list(bars.x) == [place / 100 for place in range(19, 7, -1)]
    assert figure.layout.yaxis.ticktext[0] == "feature 19"
    assert figure.layout.xaxis.title.text == "Drop in ROC-AUC when shuffled"
    expected = "feature 19 matters most"
    assert _plain(figure.layout.title.text) == expected


def test_where_no_feature_matters_none_is_said_to() -> None:
    figure = figures.feature_importance([FeatureImportance("tenure", -0.001, 0.001)], metric="ROC-AUC")
    assert _plain(figure.layout.title.text) == "Shuffling any single column costs no ROC-AUC"


@pytest.mark.parametrize(("mean", "share"), [(-0.001, 0.1), (0.001, 0.1), (0.2, 1.0)])
def test_a_loss_next_to_nothing_fills_no_chart(mean: float, share: float) -> None:
    figure = figures.feature_importance([FeatureImportance("tenure", mean, 0.0)], metric="ROC-AUC")
    left, right = figure.layout.xaxis.range
    assert left <= min(mean, 0)
    assert abs(mean) <= share * (right - left)


def test_importance_that_was_not_measured_is_a_note() -> None:
    assert not figures.feature_importance([], metric="ROC-AUC").data
