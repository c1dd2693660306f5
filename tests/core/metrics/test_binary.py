from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as reference

from core.metrics import binary, histograms
from core.metrics.binary import Binary
from core.metrics.ranking import Confusion

OUTCOMES = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 0])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.2, 0.1])


def _measured(outcomes: object = OUTCOMES, scores: object = SCORES, threshold: float = 0.5) -> Binary:
    return binary.from_scores(
        outcomes,  # type: ignore[arg-type]  # lists and arrays alike
        scores,  # type: ignore[arg-type]
        positive_label="Yes",
        negative_label="No",
        threshold=threshold,
    )


def test_every_number_is_that_of_scikit_learn() -> None:
    measured, called = _measured(), SCORES >= 0.5
    assert measured.confusion == Confusion(4, 2, 1, 3)
    assert measured.accuracy == pytest.approx(reference.accuracy_score(OUTCOMES, called))
    assert measured.precision == pytest.approx(reference.precision_score(OUTCOMES, called))
    assert measured.recall == pytest.approx(reference.recall_score(OUTCOMES, called))
    assert measured.f1 == pytest.approx(reference.f1_score(OUTCOMES, called))
    assert measured.roc_auc == pytest.approx(reference.roc_auc_score(OUTCOMES, SCORES))
    assert measured.pr_auc == pytest.approx(reference.average_precision_score(OUTCOMES, SCORES))
    assert measured.base_rate == 0.4
    assert measured.undefined == {}


def test_histograms_give_the_same_numbers_as_the_rows() -> None:
    from_rows = _measured(threshold=0.35)
    from_bins = binary.from_histograms(
        histograms.count(SCORES[OUTCOMES == 1]),
        histograms.count(SCORES[OUTCOMES == 0]),
        positive_label="Yes",
        negative_label="No",
        threshold=0.35,
    )
    assert from_bins == from_rows


def test_a_confusion_that_was_counted_row_by_row_takes_the_place_of_the_binned_one() -> None:
    near = histograms.count([0.50004])
    counted = Confusion(true_negatives=0, false_positives=1, false_negatives=1, true_positives=0)
    measured = binary.from_histograms(
        near, near, positive_label="Yes", negative_label="No", confusion=counted
    )
    assert measured.confusion == counted
    assert measured.precision == 0


def test_the_margin_says_how_much_of_the_area_is_lost_in_bins() -> None:
    crowded = histograms.count([0.2, 0.2])
    measured = binary.from_histograms(crowded, crowded, positive_label="Yes", negative_label="No")
    assert (measured.roc_auc, measured.roc_auc_margin) == (0.5, 0.5)


@pytest.mark.parametrize(("only", "absent"), [("Yes", "No"), ("No", "Yes")])
def test_with_one_class_the_areas_are_undefined_and_say_which_class_is_absent(only: str, absent: str) -> None:
    measured = _measured([int(only == "Yes")] * 3, [0.2, 0.6, 0.9])
    assert measured.roc_auc is measured.pr_auc is measured.roc is measured.precision_recall is None
    assert f"'{absent}'" in measured.undefined["roc_auc"]
    assert measured.accuracy is not None


def test_recall_is_undefined_without_a_positive_row() -> None:
    measured = _measured([0, 0], [0.2, 0.9])
    assert measured.recall is None
    assert "'Yes'" in measured.undefined["recall"]


def test_precision_is_undefined_where_no_row_reaches_the_threshold_while_f1_is_zero() -> None:
    measured = _measured([0, 1], [0.2, 0.4])
    assert measured.precision is None
    assert "50% or more" in measured.undefined["precision"].replace("\u00a0", "")
    assert (measured.recall, measured.f1) == (0, 0)


def test_f1_is_undefined_where_nothing_was_positive_nor_called_so() -> None:
    measured = _measured([0, 0], [0.2, 0.4])
    assert measured.f1 is None
    assert "f1" in measured.undefined


def test_without_rows_every_number_is_undefined_with_one_reason() -> None:
    measured = _measured([], [])
    names = ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc")
    assert [getattr(measured, name) for name in names] == [None] * 6
    assert set(measured.undefined.values()) == {"No row of the file has a known outcome."}
    assert measured.base_rate is None


@pytest.mark.parametrize("outcomes", [OUTCOMES, np.zeros(10), np.ones(10)])
def test_each_number_is_either_there_or_explained(outcomes: object) -> None:
    measured = _measured(outcomes)
    for name in ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc"):
        assert (getattr(measured, name) is None) == (name in measured.undefined)


@pytest.mark.parametrize("outcomes", [OUTCOMES, np.ones(10)])
def test_the_numbers_come_back_from_json_as_they_were(outcomes: object) -> None:
    measured = _measured(outcomes)
    text = json.dumps(measured.to_json(), allow_nan=False)
    assert Binary.from_json(json.loads(text)) == measured
