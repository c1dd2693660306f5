from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as reference

from core.metrics import regression
from core.metrics.errors import LengthMismatch, NotNumbers
from core.metrics.regression import Regression

DRAW = np.random.default_rng(2)
ACTUAL = 1e6 + DRAW.normal(
    size=5_000
)  # a small spread far from zero, where plain sums of squares lose their digits
PREDICTED = ACTUAL + DRAW.normal(0.1, 0.5, size=5_000)


def test_every_number_is_that_of_scikit_learn() -> None:
    measured = regression.from_values(ACTUAL, PREDICTED, target="price")
    assert measured.mae == pytest.approx(reference.mean_absolute_error(ACTUAL, PREDICTED))
    assert measured.rmse == pytest.approx(reference.root_mean_squared_error(ACTUAL, PREDICTED))
    assert measured.r2 == pytest.approx(reference.r2_score(ACTUAL, PREDICTED))
    assert measured.bias == pytest.approx((PREDICTED - ACTUAL).mean())


def test_the_sums_that_a_stream_left_give_the_same_numbers_as_its_rows() -> None:
    errors = PREDICTED - ACTUAL
    streamed = regression.from_sums(
        n_rows=5_000,
        total_absolute=float(np.abs(errors).sum()),
        total_squared=float((errors**2).sum()),
        total_signed=float(errors.sum()),
        total_spread=float(((ACTUAL - ACTUAL.mean()) ** 2).sum()),
        actual=ACTUAL[:3],
        predicted=PREDICTED[:3],
        target="price",
    )
    at_once = regression.from_values(ACTUAL, PREDICTED, target="price")
    for name in ("mae", "rmse", "r2", "bias"):
        assert getattr(streamed, name) == pytest.approx(getattr(at_once, name), rel=1e-9)
    assert streamed.actual == tuple(ACTUAL[:3])


def test_the_rows_to_draw_are_pairs_of_the_file_and_at_most_two_thousand() -> None:
    measured = regression.from_values(ACTUAL, PREDICTED, target="price")
    pairs = set(zip(ACTUAL, PREDICTED, strict=True))
    assert len(measured.actual) == 2_000
    assert set(zip(measured.actual, measured.predicted, strict=True)) <= pairs


def test_r2_is_undefined_where_the_target_never_varies() -> None:
    measured = regression.from_values([3, 3], [2, 4], target="price")
    assert measured.r2 is None
    assert "'price' is the same" in measured.undefined["r2"]
    assert measured.mae == 1


def test_without_rows_every_number_is_undefined() -> None:
    measured = regression.from_values([], [], target="price")
    assert measured.mae is measured.rmse is measured.r2 is measured.bias is None
    assert set(measured.undefined) == {"mae", "rmse", "r2", "bias"}


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(LengthMismatch, match="1 outcomes for 2"):
        regression.from_values([1], [1, 2], target="price")


def test_a_missing_or_infinite_value_is_refused() -> None:
    with pytest.raises(NotNumbers, match="2 of 3 values"):
        regression.from_values([1, float("nan"), 2], [1, 2, float("inf")], target="price")


def test_the_numbers_come_back_from_json_as_they_were() -> None:
    measured = regression.from_values(ACTUAL[:50], PREDICTED[:50], target="price")
    text = json.dumps(measured.to_json(), allow_nan=False)
    assert Regression.from_json(json.loads(text)) == measured
