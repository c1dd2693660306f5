"""Each form of a date, in each language, means one day and second; what is no date breaks nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.uploads.dates import texts
from core.uploads.dates.month_names import MONTHS


def read(text: str, order: str = texts.CERTAIN) -> str | None:
    """As numpy writes a day and second."""
    days = texts.read(text, order)
    if days is None:
        return None
    return str(np.datetime64(0, "s") + np.timedelta64(round(days * texts.SECONDS_A_DAY), "s"))


DAY = "2024-07-12T00:00:00"


@pytest.mark.parametrize(
    "cell",
    [
        "2024-07-12", "2024/7/12", "2024.07.12.", "20240712", "12.07.2024", "12. 7. 2024", "12 Jul 2024", "12-Jul-24",
        "12. Juli 2024", "July 12, 2024", "12 de julio de 2024", "12 juillet 2024", "12 luglio 2024",
        "12 de julho de 2024", "12 juli 2024", "12. heinäkuuta 2024", "12 lipca 2024", "12. července 2024",
        "12 июля 2024", "12 Temmuz 2024", "2024. 07. 12", "2024年7月12日", "2024년 7월 12일", "Fri, 12 Jul 2024",
        "Freitag, 12.07.2024", "12th of July 2024", "2024-W28-5", "٢٠٢٤-٠٧-١٢", "12.07.2567", "2567-07-12",
    ],
)  # fmt: skip
def test_a_day_has_many_forms(cell: str) -> None:
    assert read(cell) == DAY


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-07-12T14:30", "2024-07-12T14:30:00"),
        ("2024-07-12 14:30:59.999", "2024-07-12T14:30:59"),
        ("2024-07-12T23:30:00+02:00", "2024-07-12T23:30:00"),
        ("2024-07-12T23:30:00Z", "2024-07-12T23:30:00"),
        ("20240712143000", "2024-07-12T14:30:00"),
        ("12.07.2024 2:30 PM", "2024-07-12T14:30:00"),
        ("12.07.2024 12:00 a.m.", "2024-07-12T00:00:00"),
        ("2024-07-12 24:00", "2024-07-13T00:00:00"),
        ("2016-12-31 23:59:60", "2016-12-31T23:59:59"),
        ("2024-02-29", "2024-02-29T00:00:00"),
        ("1900-01-01", "1900-01-01T00:00:00"),
        ("9999-12-31", "9999-12-31T00:00:00"),
        ("2024Q3", "2024-07-01T00:00:00"),
        ("Q3/24", "2024-07-01T00:00:00"),
        ("3. Quartal 2024", "2024-07-01T00:00:00"),
        ("2024-W05", "2024-01-29T00:00:00"),
        ("Jan-24", "2024-01-01T00:00:00"),
        ("Dezember 2024", "2024-12-01T00:00:00"),
        ("2024M11", "2024-11-01T00:00:00"),
        ("11/2024", "2024-11-01T00:00:00"),
    ],
)
def test_times_months_quarters_and_weeks_are_moments(cell: str, expected: str) -> None:
    assert read(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "31.02.2024", "29.02.2023", "2024-13-01", "2024-00-10", "2024-07-12 25:00", "2024-07-12 14:60", "13:00 PM",
        "44 BC", "0000-01-01", "12.07.2024\0", "\ud800", "\u200f2024", "", "12", "2024", "1.2.3", "2024-W54", "2024Q5",
        "Foo-24", "12 Foo 2024", "9" * 400, "1/" * 40, "2024-07-12T", "١٢",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none_in_any_order(cell: str) -> None:
    assert [read(cell, order) for order in ("", "dmy", "mdy", "ymd")] == [None] * 4


def test_the_order_decides_only_where_the_cell_does_not() -> None:
    assert read("03/04/2024", "dmy") == "2024-04-03T00:00:00"
    assert read("03/04/2024", "mdy") == "2024-03-04T00:00:00"
    assert read("03/04/2024") is None
    assert {read("25/12/2024", order) for order in ("", "dmy", "mdy")} == {"2024-12-25T00:00:00"}
    assert read("05/05/2024") == "2024-05-05T00:00:00"
    assert [read("24/07/12", order) for order in ("dmy", "ymd")] == ["2012-07-24T00:00:00", DAY]
    assert [read("01/02/69", "dmy"), read("01/02/68", "dmy")] == [
        "1969-02-01T00:00:00",
        "2068-02-01T00:00:00",
    ]
    assert read("02.01.2024", "mdy") == "2024-02-01T00:00:00", "somebody said so"


@pytest.mark.parametrize(
    ("cell", "order", "expected"),
    [
        ("1720794600", "epoch", "2024-07-12T14:30:00"),
        ("1720794600.75", "epoch", "2024-07-12T14:30:00"),
        ("1720794600999", "epoch_ms", "2024-07-12T14:30:00"),
        ("45485.604166667", "excel", "2024-07-12T14:30:00"),
        ("2024-07-12", "epoch", DAY),
        ("20240712", "excel", DAY),
        ("14:30", "time", "1970-01-01T14:30:00"),
        ("24:00", "time", "1970-01-02T00:00:00"),
        ("2:30 pm", "time", "1970-01-01T14:30:00"),
    ],
)
def test_counts_and_times_of_day_are_read_where_the_column_holds_them(
    cell: str, order: str, expected: str
) -> None:
    assert read(cell, order) == expected


def test_counts_beyond_the_calendar_are_no_dates() -> None:
    assert [read(cell, "epoch") for cell in ("9" * 15, "1e9", "-", "27:15")] == [None] * 4
    assert read("27:15", "time") is None


def test_every_language_has_twelve_months() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))
    assert [MONTHS[word] for word in ("mai", "maj", "květen", "mayıs", "május", "toukokuu")] == [5] * 6
