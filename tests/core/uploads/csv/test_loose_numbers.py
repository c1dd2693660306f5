"""Cells that are nearly numbers, in both decimal marks, and those that only look so."""

from __future__ import annotations

import pytest

from core.uploads.csv.loose_numbers import loosely
from core.uploads.csv.number_formats import Spelling

POINT, COMMA = Spelling("."), Spelling(",", ".")


@pytest.mark.parametrize(
    ("cell", "spelling", "clean"),
    [
        ("<0.5", POINT, "≈0.5"), ("> 100", POINT, "≈100"), ("≤ 1.234,5", COMMA, "≈1234,5"), ("~7", POINT, "≈7"),
        ("10+", POINT, "≈10"), ("ca. 3,5", COMMA, "≈3,5"), ("€1.3M", POINT, "1300000"), ("575K", POINT, "575000"),
        ("2,5 Mio. €", COMMA, "2500000"), ("1.2bn", POINT, "1200000000"), ("-5k", POINT, "-5000"),
        ("$3.4 m", POINT, "3400000"), ("1,5", POINT, "≈1.5"), ("1.5", COMMA, "≈1,5"),
        ("<5 kg", Spelling(".", "", "kg"), "≈5"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_the_number_that_it_names(cell: str, spelling: Spelling, clean: str) -> None:
    assert loosely(cell, spelling, spelling.decimal) == clean


@pytest.mark.parametrize(
    "cell",
    [
        "12b", "5th", "3 kg", "5m", "error", "Infinity", "", "<", "+", "K", "5 %", "1.2.3.4", "\u202e5", "5\x00",
        "<" * 99, "9" * 101, "1 K 2", "\ud800",
    ],
)  # fmt: skip
def test_what_names_no_number_is_none(cell: str) -> None:
    assert loosely(cell, POINT, ".") is None
