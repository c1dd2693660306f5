from __future__ import annotations

import numpy as np
import pytest

from core.models.fitting import columns
from core.models.fitting.columns import Features
from core.uploads.csv.dialect import ColumnRule
from tests.core.models.tables import text_table

N_ROWS = 200
DRAW = np.random.default_rng(0)
PLAN = DRAW.choice(["basic", "plus", "pro"], N_ROWS, p=[0.5, 0.3, 0.2]).tolist()
AMOUNT = DRAW.normal(50, 9, N_ROWS).round(4).tolist()


def examine(keep: tuple[str, ...] = (), decimal: str = ".", **cells: list[object]) -> Features:
    return columns.examine(text_table(**cells), target="outcome", decimal=decimal, keep=keep)


def reason(found: Features, column: str) -> str:
    return next(dropped.reason for dropped in found.dropped if dropped.column == column)


def kinds(found: Features) -> dict[str, str]:
    return {feature.name: feature.kind for feature in found.kept}


def test_numbers_and_categories_are_told_apart_and_the_target_is_neither() -> None:
    found = examine(amount=AMOUNT, plan=PLAN, outcome=PLAN)
    assert kinds(found) == {"amount": "number", "plan": "category"}
    assert found.dropped == found.warnings == ()


def test_a_number_keeps_its_range_and_a_category_its_values_by_frequency() -> None:
    amount, plan = examine(amount=AMOUNT, plan=PLAN).kept
    assert (amount.minimum, amount.maximum) == (min(AMOUNT), max(AMOUNT))
    assert plan.categories == ("basic", "plus", "pro")


def test_the_median_is_a_value_that_occurs() -> None:
    (amount,) = examine(amount=["", *AMOUNT]).kept
    assert amount.median == sorted(AMOUNT)[N_ROWS // 2 - 1]
    assert amount.reference == amount.median


def test_a_number_column_with_blanks_is_a_number_without_a_warning() -> None:
    cells = [" " if row % 20 == 0 else amount for row, amount in enumerate(AMOUNT)]
    found = examine(amount=cells)
    assert kinds(found) == {"amount": "number"}
    assert found.warnings == ()


def test_a_number_column_with_a_typing_error_is_a_number_with_a_warning() -> None:
    found = examine(amount=[*AMOUNT[:-1], "12o"])
    assert kinds(found) == {"amount": "number"}
    assert found.warnings == ("In 'amount', 1 cell is not a number and counts as missing.",)


def test_typing_errors_of_several_columns_are_one_sentence() -> None:
    found = examine(amount=[*AMOUNT[:-1], "12o"], price=["1o", "?!", *AMOUNT[2:]])
    assert found.warnings == (
        "In 2 columns, cells that are not numbers count as missing: 'amount' (1), 'price' (2).",
    )


def test_a_decimal_comma_makes_numbers_too() -> None:
    found = examine(decimal=",", amount=[f"{amount}".replace(".", ",") for amount in AMOUNT])
    assert kinds(found) == {"amount": "number"}


@pytest.mark.parametrize(
    "name", ["customer_id", "customerID", "RowNumber", "index", "Unnamed: 0", "user key"]
)
def test_whole_numbers_called_an_id_are_set_aside(name: str) -> None:
    cells = DRAW.choice(10_000_000, N_ROWS, replace=False).tolist()
    found = examine(**{name: cells})
    assert "identifier" in reason(found, name)


def test_numbers_that_count_the_rows_are_set_aside_whatever_their_name() -> None:
    assert "identifier" in reason(examine(number=list(range(1, N_ROWS + 1))), "number")


def test_texts_that_hardly_repeat_are_set_aside() -> None:
    assert "rarely repeat" in reason(examine(code=[f"C-{row}" for row in range(N_ROWS)]), "code")


def test_an_identifier_can_be_kept_on_request() -> None:
    found = examine(keep=("number",), number=list(range(N_ROWS)))
    assert kinds(found) == {"number": "number"}


@pytest.mark.parametrize("name", ["paid", "valid", "width", "amount"])
def test_a_measured_amount_is_no_identifier_though_every_value_differs(name: str) -> None:
    cells = DRAW.choice(1_000_000, N_ROWS, replace=False).tolist()
    assert kinds(examine(**{name: cells})) == {name: "number"}


def test_a_code_called_an_id_that_repeats_is_kept() -> None:
    assert kinds(examine(store_id=[row % 7 for row in range(N_ROWS)])) == {"store_id": "number"}


def test_a_column_with_one_value_is_set_aside() -> None:
    found = examine(country=["NL"] * N_ROWS, fee=[5] * N_ROWS)
    assert reason(found, "country") == "'country' has the same value in every row."
    assert reason(found, "fee") == "'fee' has the same value in every row."


def test_one_value_and_gaps_are_kept_because_the_gaps_may_tell() -> None:
    found = examine(gift=["yes" if row % 3 else "" for row in range(N_ROWS)])
    assert kinds(found) == {"gift": "category"}


def test_an_empty_column_is_set_aside() -> None:
    assert reason(examine(note=["", "NA"] * 100), "note") == "'note' is empty in every row."


def test_a_column_with_a_handful_of_values_is_set_aside_with_their_number() -> None:
    found = examine(note=["x", "y", *[""] * (N_ROWS - 2)])
    assert reason(found, "note") == "'note' has a value in only 2 of 200 rows."


def test_texts_too_many_to_learn_from_are_set_aside_with_their_number() -> None:
    assert "100 different values" in reason(examine(town=[f"t{row // 2}" for row in range(N_ROWS)]), "town")


def test_a_column_is_what_a_user_says_it_is() -> None:
    codes = [str(100 + place % 5) for place in range(N_ROWS)]
    spoilt = [f"{value} est." if place % 10 == 0 else value for place, value in enumerate(AMOUNT)]
    table = text_table(code=codes, amount=spoilt)
    said = {"code": "category", "amount": "number"}
    found = columns.examine(
        table,
        target="outcome",
        decimal=".",
        rules={name: ColumnRule(0, kind=kind) for name, kind in said.items()},
    )
    assert kinds(found) == said
    assert "In 'amount', 20 cells are not numbers" in found.warnings[0]
