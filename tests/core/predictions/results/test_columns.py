"""The cells that are added, and their place behind each record."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.predictions.results import columns, rounding
from core.uploads.csv.dialect import Dialect


def test_probabilities_have_six_decimals() -> None:
    p = np.array([0.0, 1.0, 0.5, 0.1234567, 0.9999999, 1e-9])
    cells = columns.probability_cells(p, Dialect())
    assert cells.to_pylist() == [b"0.000000", b"1.000000", b"0.500000", b"0.123457", b"1.000000", b"0.000000"]


def test_probabilities_are_written_as_python_would_write_them() -> None:
    p = np.random.default_rng(0).random(5_000)
    cells = columns.probability_cells(p, Dialect(decimal=",", delimiter=";"))
    assert cells.to_pylist() == [f"{value:.6f}".replace(".", ",").encode() for value in p]


def test_a_decimal_mark_that_is_also_the_delimiter_is_quoted() -> None:
    dialect = Dialect(decimal=",", delimiter=",")
    assert columns.probability_cells(np.array([0.25]), dialect).to_pylist() == [b'"0,250000"']
    assert columns.number_cells(np.array([2.5]), dialect).to_pylist() == [b'"2,5"']


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (13234.5678912, b"13234.567891"),
        (100.0, b"100"),
        (-2.5, b"-2.5"),
        (0.0, b"0"),
        (-1e-320, b"0"),
        (-0.00012345678, b"-0.000123457"),
        (1.23456789e-12, b"1.23457e-12"),
        (1234567890.126, b"1234567890.13"),
        (123456789012.125, b"1.23456789012e+11"),
        (1e22, b"1e+22"),
    ],
)
def test_a_number_keeps_the_digits_that_count(value: float, cell: bytes) -> None:
    assert columns.number_cells(rounding.rounded(np.array([value])), Dialect()).to_pylist() == [cell]


def test_blank_lines_and_mixed_line_ends_stay_between_the_records() -> None:
    block = b'\n\na,"b\r\n"\r\n\r\nc,d\re,f\n\n'
    cells = [pa.array([b"1", b"2", b"3"], pa.binary())]
    assert columns.appended(block, cells, Dialect()) == b'\n\na,"b\r\n",1\r\n\r\nc,d,2\re,f,3\n\n'


def test_another_number_of_cells_than_records_is_refused() -> None:
    with pytest.raises(ValueError, match="2 rows were read from 1 records"):
        columns.appended(b"a,b\n", [pa.array([b"1", b"2"], pa.binary())], Dialect())
