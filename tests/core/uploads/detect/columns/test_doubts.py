"""What a column may be besides what it is read as is said, and nothing is said where nothing is in doubt."""

from __future__ import annotations

import pytest

from core.uploads.csv import loose_numbers
from core.uploads.csv.number_formats import Spelling
from core.uploads.detect.columns import column_formats, units


def said(name: str, cells: list[str], decimal: str = ".") -> str:
    found = column_formats.find(0, name, cells, decimal)
    return " ".join(guess.why for guess in found.guesses if guess.confidence in ("guess", "likely"))


@pytest.mark.parametrize(
    ("name", "cells", "words"),
    [
        ("stand", ["12,5", "verplombt", "13,1", "ausgebaut"], "read as text"),
        ("due", ["2024-05-01", "2024-05-13", "as agreed", "2024-06-02", "later"], "are dates"),
        ("gene", ["TP53", "BRCA1", "2-Sep", "EGFR", "KRAS", "MYC"], "looks like a date"),
        ("result", ["3/5", "4/5", "2/5", "5/5"], "fractions, scores or dates"),
        ("lap", ["02:33", "59:10", "75:01"], "durations"),
        ("lat", ["48°51'24\"N", "47°10'00\"N", "46°01'10\"N"], "numbers in parts"),
        ("plz", ["1067", "80331", "4109", "20095"], "lost a leading 0"),
        ("order date", ["45292", "45293", "45310"], "1 January 2024"),
        ("power", ["5 MW", "3 mW", "4 MW", "2 mW"], "different units"),
        ("ende", ["31.12.9999", "31.03.2023", "31.12.9999", "18.08.2025"], "missing value"),
    ],
)
def test_a_doubt_is_said(name: str, cells: list[str], words: str) -> None:
    assert words in said(name, cells, "," if name == "stand" else ".")


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("grade", ["1", "2", "3+", "other"] * 10),
        ("city", ["Rome", "Oslo", "Izmir"]),
        ("zip", ["80331", "20095", "50667"]),
        ("count", ["45292", "45293", "45310"]),
        ("month", ["Jan", "Feb", "Mar"]),
        ("day", ["2024-05-01", "2024-05-02"]),
        ("power", ["5 MW", "3 MW", "4.5 MW"]),
        ("code", ["A12", "B7", "19", "C40"] * 5),
    ],
)
def test_nothing_is_said_where_nothing_is_in_doubt(name: str, cells: list[str]) -> None:
    found = column_formats.find(0, name, cells, ".")
    assert [guess.why for guess in found.guesses if guess.about == "doubt" or not guess.value] == []


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1.2K followers", "1200"),
        ("856 followers", "856"),
        ("3M followers", "3000000"),
        ("(-) 1.7 followers", "-1.7"),
        ("minus 4", "-4"),
    ],
)
def test_counts_with_multipliers_and_signs_in_words_are_numbers(cell: str, number: str) -> None:
    assert loose_numbers.loosely(cell, Spelling(".", "", "followers"), ".") == number


def test_a_small_m_is_no_large_one() -> None:
    assert not units.is_same("mW", "MW")
    assert units.is_same("kW", "KW")
    assert units.factors(["mW", "kW"], "MW") == {"mW": "0.000000001", "kW": "0.001"}
