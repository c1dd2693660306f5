"""Which column is the nearest to a name, and when it may be taken for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from core.predictions.matching.name_similarity import NameIndex, nearest


def sure_matches(found: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
    return {name: column for name, (column, is_sure) in found.items() if is_sure}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("MonthlyCharges", "monthly_charges"),
        ("tenure", " TENURE "),
        ("tenure", "Tenure (months)"),
        ("price", "Price [EUR]"),
        ("tenure", "tenures"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("顧客番号", "顧客 番号"),
        ("MonthlyCharges", "charges_monthly"),
    ],
)
def test_a_name_that_is_nearly_the_same_is_guessed(name: str, column: str) -> None:
    assert sure_matches(nearest([name], ["zzz", column])) == {name: column}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("tenure", ["tenure_months"]),  # alike, but not nearly the same
        ("charge_1", ["charge_2"]),  # another number
        ("tenure", ["tenure_1"]),
        ("tenure", ["Tenure", "TENURE"]),  # two of them
        ("price", ["Price (EUR)", "Price (USD)"]),
        ("min_temp", ["max_temp"]),
        ("age", ["page"]),
        ("height", ["weight"]),
    ],
)
def test_a_name_in_doubt_is_the_nearest_and_no_guess(name: str, columns: list[str]) -> None:
    assert nearest([name], columns) == {name: (columns[0], False)}


def test_a_column_that_two_names_may_mean_is_guessed_for_neither() -> None:
    assert sure_matches(nearest(["tenure", "Tenure_"], ["TENURE"])) == {}
    assert sure_matches(nearest(["tenure", "tenured days"], ["TENURE"])) == {"tenure": "TENURE"}


def test_names_unlike_any_have_no_nearest() -> None:
    assert nearest(["plan"], ["zzz", "$", ""]) == {}
    assert nearest(["$"], ["%"]) == {}
    assert nearest(["plan"], []) == {}
    assert nearest([], ["plan"]) == {}


def test_columns_are_ranked_by_similarity_and_then_by_their_position() -> None:
    names = NameIndex(["b", "a", "Monthly Charge (EUR)", "charges", "monthly_charges"])
    ranked = names.ranked("MonthlyCharges", most=5)
    assert ranked[:3] == ["monthly_charges", "Monthly Charge (EUR)", "charges"]
    assert NameIndex(["x", "y", "z"]).ranked("a", most=2) == ["x", "y"]


def test_similarity_is_a_share_and_whole_for_the_same_name_alone() -> None:
    similarities = NameIndex(["tenure", "Tenure!", "tenure (days)", "erunet", "x"]).similarities("tenure")
    assert similarities[:2].tolist() == [1.0, 1.0]
    assert ((similarities[2:] >= 0) & (similarities[2:] < 1)).all()
