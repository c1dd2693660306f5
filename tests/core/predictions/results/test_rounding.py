"""What is written of a number, and what is near another."""

from __future__ import annotations

import numpy as np
import pytest

from core.predictions.results import rounding


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (13234.5678912, 13234.567891),
        (-2.5, -2.5),
        (0.0, 0.0),
        (-1e-320, 0.0),
        (-0.00012345678, -0.000123457),
        (1.23456789e-12, 1.23457e-12),
        (0.99999996, 1.0),
        (999_999.99999996, 1_000_000.0),
        (1_234_567.891234, 1_234_567.89123),
        (1_234_567_890.126, 1_234_567_890.13),
        (123_456_789_012.7, 123_456_789_013.0),
        (-1.23456789012345e22, -1.23456789012e22),
        (1e300, 1e300),
    ],
)
def test_a_number_has_six_decimals_and_twelve_digits_at_most(value: float, written: float) -> None:
    assert rounding.rounded(np.array([value])).tolist() == [written]
    assert np.signbit(rounding.rounded(np.array([value])))[0] == (written < 0)


def test_rounding_keeps_the_order_and_rounds_once() -> None:
    draw = np.random.default_rng(3)
    values = np.sort(draw.normal(size=20_000) * 10.0 ** draw.uniform(-15, 15, 20_000))
    once = rounding.rounded(values)
    assert (np.diff(once) >= 0).all()
    half_a_digit = np.maximum(0.5e-6 * np.minimum(1, 10 * np.abs(values)), 5e-12 * np.abs(values))
    assert (np.abs(once - values) <= half_a_digit).all()
    assert (rounding.rounded(once) == once).all()


@pytest.mark.parametrize(
    "value", [1.0000005, 123.4567895, 0.0, 1e-15, 0.12345650000000001, 1_234_567.891235, 5e12 + 5, -3.2500005]
)
def test_a_number_at_an_edge_is_in_doubt(value: float) -> None:
    slack = max(1e-13, 4e-16 * abs(value))
    for near in (value, value + slack / 2, value - slack / 2):
        assert rounding.in_doubt(np.array([near]), slack).tolist() == [0]


def test_a_number_between_edges_is_not_in_doubt() -> None:
    values = np.array([1.0, 123.4567891, 0.123456, 9_999_999.5, -7.25])
    assert rounding.in_doubt(values, 1e-10).tolist() == []
