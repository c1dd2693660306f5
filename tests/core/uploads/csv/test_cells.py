"""Missing cells and numbers, by the one rule that profiles, training and scoring share."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.uploads.csv import cells
from core.uploads.csv.number_formats import Spelling


def test_missing_cells_are_blank_or_a_usual_word_for_it_in_any_case() -> None:
    column = pa.array(
        ["", "  ", " NA", "n/a", "NaN", "Null", "#N/A", "-", "?", None, "0", "no", "none", "Nancy"]
    )
    assert cells.is_missing(column).tolist() == [True] * 10 + [False] * 4


def test_missing_cells_are_found_in_columns_of_several_chunks() -> None:
    assert cells.is_missing(pa.chunked_array([["a", ""], ["-"]])).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        (" 2.5 ", 2.5),
        ("-3", -3),
        ("+4", 4),
        (".5", 0.5),
        ("6.", 6),
        ("1e3", 1000),
        ("1E-2", 0.01),
        ("007", 7),
    ],
)
def test_numbers_are_read_as_they_are_usually_written(text: str, value: float) -> None:
    values, bad = cells.numbers(pa.array([text, "8"]), ".")
    assert values.tolist() == [value, 8]
    assert not bad.any()


@pytest.mark.parametrize(
    "text", ["abc", "1,5", "1 000", "1_000", "$5", "5%", "0x10", "inf", "-Infinity", "1e999", "--1"]
)
def test_what_is_no_finite_number_is_bad_and_reads_as_missing(text: str) -> None:
    values, bad = cells.numbers(pa.array(["1", text]), ".")
    assert bad.tolist() == [False, True]
    assert values[0] == 1
    assert np.isnan(values[1])


def test_missing_cells_are_not_bad_numbers() -> None:
    values, bad = cells.numbers(pa.array(["", "NA", None, "2"]), ".")
    assert np.isnan(values[:3]).all()
    assert values[3] == 2
    assert not bad.any()


def test_with_a_decimal_comma_a_point_makes_a_cell_bad_instead_of_a_thousand_times_too_large() -> None:
    values, bad = cells.numbers(pa.array(["1,5", "-2", "1.234", "1.234,5", "", "3,0e2", "1,2,3"]), ",")
    assert bad.tolist() == [False, False, True, True, False, False, True]
    assert values[[0, 1, 5]].tolist() == [1.5, -2, 300]
    assert np.isnan(values[[2, 3, 4, 6]]).all()


@pytest.mark.parametrize("decimal", [".", ","])
def test_values_can_be_written_to_and_an_empty_column_has_none(decimal: str) -> None:
    values, _ = cells.numbers(pa.array(["1", "2"]), decimal)
    values[0] = 5
    assert values.tolist() == [5, 2]
    empty, bad = cells.numbers(pa.array([], pa.string()), decimal)
    assert (len(empty), len(bad)) == (0, 0)


@pytest.mark.parametrize(
    ("spelling", "shown", "plain"),
    [
        (Spelling(".", ",", "$"), "$1,234.50 ", "1234.50"),
        (Spelling(".", ",", "$"), "($1,234.50)", "-1234.50"),
        (Spelling(".", ",", "$"), "-$5", "-5"),
        (Spelling(",", ".", "€"), "1.234,50 €", "1234.50"),
        (Spelling(",", ".", "€"), "€ 7", "7"),
        (Spelling(",", " ", "%"), "1\u00a0234,5\u202f%", "1234.5"),
        (Spelling(".", "'", "CHF"), "CHF 1’234.05", "1234.05"),
        (Spelling(",", "."), "1.234,50-", "-1234.50"),
        (Spelling("."), "\u22127.5", "-7.5"),
        (Spelling(","), "1,5e3", "1.5e3"),
        (Spelling(".", ","), "12,34,567", "1234567"),
        (Spelling(".", ","), "1,23", "1,23"),
        (Spelling(".", ",", "$"), "€5", "€5"),
        (Spelling(",", "."), "192.168.0.1", "192.168.0.1"),
    ],
)
def test_a_spelling_makes_plain_numbers_of_its_own_and_leaves_the_rest(
    spelling: Spelling, shown: str, plain: str
) -> None:
    assert spelling.plain(pa.array([shown]), ".").to_pylist() == [plain]
    assert spelling.admits(shown) == (plain != shown)
