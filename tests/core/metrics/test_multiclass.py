from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as reference

from core.metrics import histograms, multiclass
from core.metrics.errors import LengthMismatch
from core.metrics.multiclass import Multiclass

LABELS = ("red", "green", "blue")
DRAW = np.random.default_rng(5)
ACTUAL = DRAW.integers(0, 3, 600)
RAW = DRAW.random((600, 3)) + 0.5 * np.eye(3)[ACTUAL]
SCORES = RAW / RAW.sum(axis=1, keepdims=True)
CALLED = SCORES.argmax(axis=1)


def test_every_number_is_that_of_scikit_learn() -> None:
    measured = multiclass.from_scores(ACTUAL, SCORES, labels=LABELS)
    precision, recall, f1, _ = reference.precision_recall_fscore_support(ACTUAL, CALLED)
    assert measured.accuracy == pytest.approx(reference.accuracy_score(ACTUAL, CALLED))
    assert measured.precision == pytest.approx(precision)
    assert measured.recall == pytest.approx(recall)
    assert measured.f1 == pytest.approx(f1)
    assert measured.macro_precision == pytest.approx(precision.mean())
    assert measured.macro_recall == pytest.approx(recall.mean())
    assert measured.macro_f1 == pytest.approx(f1.mean())
    expected = reference.roc_auc_score(ACTUAL, SCORES, multi_class="ovr", average="macro")
    assert measured.macro_roc_auc == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(measured.confusion, reference.confusion_matrix(ACTUAL, CALLED))
    assert (measured.n_rows, measured.undefined) == (600, {})


def test_a_stream_of_counts_gives_the_same_numbers_as_the_rows() -> None:
    from_rows = multiclass.from_scores(ACTUAL, SCORES, labels=LABELS)
    halves = [
        multiclass.confusion_matrix(ACTUAL[part], CALLED[part], n_labels=3)
        for part in (slice(0, 250), slice(250, 600))
    ]
    from_counts = multiclass.from_histograms(
        halves[0] + halves[1],
        [histograms.count(SCORES[place == ACTUAL, place]) for place in range(3)],
        [histograms.count(SCORES[place != ACTUAL, place]) for place in range(3)],
        labels=LABELS,
    )
    assert from_counts.confusion == from_rows.confusion
    assert from_counts.macro_f1 == from_rows.macro_f1
    assert from_counts.macro_roc_auc == pytest.approx(from_rows.macro_roc_auc, abs=1e-4)


def test_labels_that_the_model_chose_itself_take_the_place_of_the_highest_score() -> None:
    measured = multiclass.from_scores([0, 1], [[1, 0, 0], [1, 0, 0]], labels=LABELS, predicted=[0, 1])
    assert measured.accuracy == 1


@pytest.mark.parametrize(
    ("actual", "called"),
    [([0, 1, 2], [0, 1, 0]), ([0, 1], [0, 2]), ([0, 0, 1, 1], [0, 1, 1, 2]), ([0], [2])],
    ids=["one never called", "one only called", "both", "one row"],
)
def test_a_class_without_a_precision_or_recall_counts_as_0_in_its_mean_as_in_scikit_learn(
    actual: list[int], called: list[int]
) -> None:
    measured = multiclass.from_scores(actual, np.eye(3)[called], labels=LABELS)
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        actual, called, average="macro", zero_division=0
    )
    found = (measured.macro_precision, measured.macro_recall, measured.macro_f1)
    assert found == pytest.approx((precision, recall, f1))


def test_a_label_that_was_never_called_has_no_precision_of_its_own() -> None:
    measured = multiclass.from_scores([0, 1, 2], [[1, 0, 0], [0, 1, 0], [1, 0, 0]], labels=LABELS)
    assert measured.precision == (0.5, 1, None)
    assert measured.undefined == {}


def test_a_label_absent_from_file_and_calls_is_left_out_of_the_means_but_not_of_the_ranking() -> None:
    measured = multiclass.from_scores([0, 1], [[1, 0, 0], [0, 1, 0]], labels=LABELS)
    assert (measured.macro_precision, measured.macro_recall, measured.macro_f1) == (1, 1, 1)
    assert measured.macro_roc_auc is None
    assert "'blue'" in measured.undefined["macro_roc_auc"]


def test_without_rows_every_number_is_undefined() -> None:
    measured = multiclass.from_scores([], np.empty((0, 3)), labels=LABELS)
    assert measured.accuracy is measured.macro_f1 is measured.macro_roc_auc is None
    assert len(measured.undefined) == 5


def test_outcomes_that_do_not_fit_the_scores_are_refused() -> None:
    with pytest.raises(LengthMismatch):
        multiclass.from_scores([0], [[1, 0, 0], [0, 1, 0]], labels=LABELS)


@pytest.mark.parametrize("n_rows", [0, 600])
def test_the_numbers_come_back_from_json_as_they_were(n_rows: int) -> None:
    measured = multiclass.from_scores(ACTUAL[:n_rows], SCORES[:n_rows], labels=LABELS)
    text = json.dumps(measured.to_json(), allow_nan=False)
    assert Multiclass.from_json(json.loads(text)) == measured
