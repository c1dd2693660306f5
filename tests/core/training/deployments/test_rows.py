"""Rows that somebody sends to a live app: the model's frame, or a refusal that names row and column."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.date_parts import DatePart
from core.models.schema import Feature, Schema
from core.training.deployments import rows
from core.training.errors import RowsRefused, TooManyRows
from core.uploads.csv.dialect import ColumnRule

LONG = "long " * 400 + "plan"
SCHEMA = Schema(
    (
        Feature("age", "number", minimum=1.0, maximum=9.0, median=3.0),
        Feature("plan", "category", ("basic", "pro", LONG)),
    ),
    "left", "binary", ("No", "Yes"), "Yes",
)  # fmt: skip


DATED = Schema(
    (
        Feature("day", "date", parts=(DatePart("month", 1, 12, 7), DatePart("weekday", 0, 6, 2))),
        Feature("at", "date", reading=ColumnRule(0, date="time"), parts=(DatePart("hour", 0, 23, 9),)),
    ),
    "left", "binary", ("No", "Yes"), "Yes",
)  # fmt: skip


def test_a_date_is_sent_as_a_file_spells_it_and_its_parts_come_of_it() -> None:
    (made,) = rows.checked([{"day": "12 July 2024 12:00", "at": "14:30"}], schema=DATED)
    assert made == {
        "day": 19916.5,
        "day: month": 7.0,
        "day: weekday": 4.0,
        "at": 870 / 1440,
        "at: hour": 14.0,
    }
    (made,) = rows.checked([{"day": " "}], schema=DATED)
    assert set(made.values()) == {None}
    for odd in ({"day": "31.02.2024"}, {"day": 45485}, {"day": "03/04/2024"}, {"at": "2024-07-12"}):
        with pytest.raises(RowsRefused, match="is no date"):
            rows.checked([odd], schema=DATED)
    with pytest.raises(RowsRefused, match="no column 'day: month'"):
        rows.checked([{"day: month": 7}], schema=DATED)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"age": 3, "plan": "pro"}, {"age": 3.0, "plan": "pro"}),
        ({"age": " 4.5 "}, {"age": 4.5, "plan": None}),
        ({"age": "", "plan": "  "}, {"age": None, "plan": None}),
        ({"age": None, "plan": 7}, {"age": None, "plan": "7"}),
        ({"plan": "never seen"}, {"age": None, "plan": "never seen"}),
        ({"plan": 1234567.5}, {"age": None, "plan": "1234567.5"}),
        ({"plan": 3.0}, {"age": None, "plan": "3"}),
        ({"plan": LONG}, {"age": None, "plan": LONG}),
    ],
)
def test_a_row_becomes_what_the_frame_holds(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert rows.checked([given], schema=SCHEMA) == [made]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([{"age": "old"}], "Row 1: 'age' is no number: 'old'"),
        ([{}, {"age": float("inf")}], "Row 2: 'age' is no number"),
        ([{"age": True}], "'age' is no number"),
        ([{"age": 10**400}], "'age' is no number"),
        ([{"age": "1_000"}], "'age' is no number"),
        ([{"age": "3,5"}], "'age' is no number: '3,5'"),
        ([{"plan": ["pro"]}], "'plan' is no text"),
        ([{"plan": float("nan")}], "'plan' is no text"),
        ([{"plan": "half a pair \ud800"}], "'plan' is no text"),
        ([{"plan": "pro\0"}], "'plan' is no text"),
        ([{"plan": "x" * 1_001}], "'plan' is longer than 1,000 characters"),
        ([{"height": 1}], "has no column 'height'"),
        (["age"], "no object"),
        ([], "There is none"),
        (None, "There is none"),
        ({"age": 1}, "There is none"),
    ],
)
def test_nonsense_is_refused_by_row_and_column(given: Any, says: str) -> None:
    with pytest.raises(RowsRefused) as refused:
        rows.checked(given, schema=SCHEMA)
    assert says in refused.value.message


def test_ten_thousand_rows_are_too_many() -> None:
    with pytest.raises(TooManyRows):
        rows.checked([{}] * 10_000, schema=SCHEMA)
