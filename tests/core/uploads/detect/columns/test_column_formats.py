"""What is missing in a column, and what is nearly a number in it: decided by the column's other cells."""

from __future__ import annotations

import pytest

from core.uploads.csv.dialect import ColumnRule
from core.uploads.detect.columns import column_formats
from core.uploads.detect.columns.column_formats import FoundFormat

NUMBERS = [f"{place}.5" for place in range(40)]


def find(*cells: str, decimal: str = ".") -> FoundFormat:
    return column_formats.find(0, "value", cells, decimal)


def rule(*cells: str, decimal: str = ".") -> ColumnRule:
    return find(*cells, decimal=decimal).rule or ColumnRule(0)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["NA", "EMEA", "APAC", "NA"], ("na",)),
        (["NA", "ZA", "BW", "AO", "ZA"], ("na",)),
        (["+", "-", "+"], ("-",)),
        (["--", "+", "++"], ("--",)),
        (["NA", "", "lost", "won"], ("na",)),
        (["NA", "S", "C", "Q"], ()),
        (["yes", "no", "n/a", ""], ()),
        (["N/A", "red", "blue"], ()),
        (["-", "red", "blue"], ()),
        (["NA", "", *NUMBERS], ()),
        (["NA", "2024-01-02", "", "2024-02-03"], ()),
    ],
)
def test_a_usual_spelling_is_a_value_where_its_column_shows_it(
    cells: list[str], values: tuple[str, ...]
) -> None:
    found = find(*cells)
    assert (found.rule or ColumnRule(0)).values == values
    assert [guess.alternatives for guess in found.guesses if guess.is_of_value] == [
        (word,) for word in values
    ]


@pytest.mark.parametrize(
    "words", [("yes", "no", "unknown"), ("ja", "nein", "unbekannt"), ("oui", "non", "inconnu")]
)
def test_a_third_answer_beside_yes_and_no_is_a_value_and_asked_about(words: tuple[str, ...]) -> None:
    found = find(*words * 9)
    assert found.rule is None
    assert [guess.alternatives for guess in found.guesses if guess.is_asked] == [(words[2],)]


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_number_for_nothing_that_is_spelled_in_two_ways_is_one(decimal: str) -> None:
    def cells(number: str) -> list[str]:
        return [one.replace(".", decimal) for one in ([number] * 9 + [f"{number}.0"] * 3 + NUMBERS)]

    asked = [guess.alternatives for guess in find(*cells("-200"), decimal=decimal).guesses if guess.is_asked]
    assert asked == [("-200",), (f"-200{decimal}0",)]
    asked = [guess.alternatives for guess in find(*cells("9999"), decimal=decimal).guesses if guess.is_asked]
    assert asked == [("9999",), (f"9999{decimal}0",)]
    assert rule(*cells("-9999"), decimal=decimal).missing == ("-9999", f"-9999{decimal}0")


@pytest.mark.parametrize(
    ("cells", "asked"), [(["-200"] * 9, "-200"), (["9999"] * 9, "9999"), (["41"] * 9, ""), (["-200"], "")]
)
def test_a_number_that_may_mean_missing_is_asked_about(cells: list[str], asked: str) -> None:
    found = [guess.alternatives[0] for guess in find(*NUMBERS, *cells).guesses if guess.is_asked]
    assert found == ([asked] if asked else [])


def test_limits_make_no_text_of_numbers_and_are_said() -> None:
    found = find(*NUMBERS, *["<0.5"] * 12)
    assert found.rule == ColumnRule(0, decimal=".", is_loose=True)
    assert found.guesses[0].why == "12 cells in a sample are nearly a number: '<0.5' as ≈0.5."


def test_a_unit_stands_for_all_cells_of_its_column_and_another_makes_text_of_it() -> None:
    assert rule(*(f"{number} kg" for number in NUMBERS)).mark == "kg"
    assert rule(*(f"{place} months" for place in (36, 60, 48) * 9)).mark == "months"
    assert rule(
        *(f"{number} {'kg' if place % 2 else 'g'}" for place, number in enumerate(NUMBERS))
    ) == ColumnRule(0)
    assert rule("Room 1", "Room 2", "Room 3") == ColumnRule(0)


def test_percent_signs_beside_parts_of_one_are_put_on_one_scale_by_a_guess() -> None:
    found = find("54.0%", "12.5%", "0.540", "0.2", "88.1%")
    assert found.rule == ColumnRule(0, decimal=".", mark="%", scale="fractions")
    assert [guess.confidence for guess in found.guesses] == ["guess"]


def test_some_percentages_without_their_sign_stay_as_they_are() -> None:
    assert rule("54.0%", "12.5%", "54", "20", "88.1%").scale == ""
