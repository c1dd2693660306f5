from __future__ import annotations

import numpy as np
import pytest

from core.metrics import binary, findings, multiclass, regression, stored, wording
from core.metrics.errors import UnknownTask


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_binary_model_is_summed_up_by_the_pairs_it_ranks_right() -> None:
    measured = binary.from_scores(
        [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], positive_label="churn", negative_label="stay"
    )
    expected = "The model ranks 75 % of 'churn'/'stay' pairs correctly."
    assert _plain(findings.headline(measured)) == expected


def test_a_ranking_worse_than_chance_is_called_so() -> None:
    measured = binary.from_scores([1, 0], [0.1, 0.9], positive_label="churn", negative_label="stay")
    assert "worse than chance" in findings.headline(measured)


def test_a_multiclass_model_is_summed_up_by_the_classes_it_names_right() -> None:
    measured = multiclass.from_scores([0, 1, 2, 0], np.eye(3)[[0, 1, 2, 1]], labels=("a", "b", "c"))
    expected = "The model predicts the right one of 3 classes for 75 % of 4 rows; macro F1 0.778."
    assert _plain(findings.headline(measured)) == expected


def test_a_regression_is_summed_up_by_its_mean_error() -> None:
    measured = regression.from_values([1000, 3000], [2500, 3500], target="price")
    assert findings.headline(measured) == "Predictions of price are off by 1,000 on average (MAE); R² −0.250."


def test_one_row_is_told_of_by_what_it_was_and_what_it_was_called() -> None:
    two = binary.from_scores([1], [0.1], positive_label="1", negative_label="0")
    assert findings.headline(two) == "The only row with a known outcome is '1'; the model predicts '0'."
    three = multiclass.from_scores([2], np.eye(3)[[2]], labels=("a", "b", "c"))
    assert findings.headline(three) == "The only row with a known outcome is 'c', as predicted."
    number = regression.from_values([18_660], [18_663], target="price")
    expected = "The prediction of price is off by 3 in the only row with a known outcome."
    assert findings.headline(number) == expected


def test_scores_that_are_all_the_same_are_said_to_tell_no_row_from_another() -> None:
    measured = binary.from_scores([1, 0, 0], [0.238] * 3, positive_label="churn", negative_label="stay")
    expected = "Every row scores 23.8 %, so the model can't tell rows apart (ROC-AUC 0.500)."
    assert _plain(findings.headline(measured)) == expected
    differing = binary.from_scores(
        [1, 0, 1, 0], [0.7, 0.7, 0.2, 0.2], positive_label="churn", negative_label="stay"
    )
    assert "Every row" not in findings.headline(differing)


def test_what_is_undefined_is_said_in_place_of_a_number() -> None:
    for measured in (
        binary.from_scores([], [], positive_label="churn", negative_label="stay"),
        multiclass.from_scores([], np.empty((0, 2)), labels=("a", "b")),
        regression.from_values([], [], target="price"),
    ):
        assert findings.headline(measured) == "No row of the file has a known outcome."


def test_metrics_of_every_task_are_read_back_by_their_task() -> None:
    for measured in (
        binary.from_scores([1, 0], [0.9, 0.1], positive_label="churn", negative_label="stay"),
        multiclass.from_scores([0, 1], np.eye(2), labels=("a", "b")),
        regression.from_values([1, 2], [1, 3], target="price"),
    ):
        assert stored.read(measured.to_json()) == measured


def test_metrics_of_an_unknown_task_are_refused() -> None:
    with pytest.raises(UnknownTask, match="'ranking'"):
        stored.read({"task": "ranking"})


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (0.1234, "12.3 %"),
        (0.21, "21 %"),
        (0.0001, "< 0.1 %"),
        (0.99999, "> 99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_said_in_percent_and_never_rounded_to_none_or_all(share: float, said: str) -> None:
    assert _plain(wording.percent(share)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1234.6, "1,235"),
        (0.012346, "0.01235"),
        (12.345, "12.35"),
        (-5e9, "−5 B"),
        (-3e-6, "−3.000e-06"),
        (2.6234e12, "2.623 T"),
        (265_123, "265,123"),
        (3e-6, "3.000e-06"),
        (4e17, "4.000e+17"),
    ],
)
def test_a_number_is_said_with_four_figures(value: float, said: str) -> None:
    assert _plain(wording.number(value)) == said


def test_a_number_gets_the_unit_and_the_decimals_of_the_one_it_stands_beside() -> None:
    assert _plain(wording.number(31_000_000_000, beside=2.62e12)) == "0.031 T"
    assert wording.number(0.5, beside=4096.0) == "0"
    assert wording.number(-0.0101, beside=12.0) == "−0.01"
    assert wording.number(-1e-23, beside=1e-7) == "0"


@pytest.mark.parametrize(
    ("value", "said"), [(0.25, "0.250"), (-0.25, "−0.250"), (-0.0001, "0.000"), (-1234.5, "−1,234")]
)
def test_a_score_has_three_decimals_and_a_true_minus(value: float, said: str) -> None:
    assert wording.score(value) == said


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["1"], "'1'"),
        (["0", "1"], "'0' and '1'"),
        (["a", "b", "c"], "'a', 'b' and 'c'"),
        (list("abcdefgh"), "'a', 'b', 'c', 'd', 'e' and 3 more"),
    ],
)
def test_labels_are_listed_in_quotes_and_only_the_first_of_many(labels: list[str], said: str) -> None:
    assert wording.listed(labels) == said
