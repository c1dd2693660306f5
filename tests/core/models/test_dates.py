"""Dates are learnt from: their days, months, weekdays and hours, and how far each lies from the earliest."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from core.models import date_parts
from core.models.errors import TargetOfDates
from core.models.fitting import columns, leaks, target_columns
from core.models.schema import Feature, Schema, frame, framed
from core.uploads.csv.dialect import ColumnRule
from core.uploads.report.profile import ColumnProfile
from tests.core.models.tables import text_table, train

RULES = {"when": ColumnRule(0, date="dmy")}


def visits(n_rows: int = 1_500, form: str = "%d/%m/%Y %H:%M") -> pa.Table:
    """Visitors by month, weekday and hour, growing over two years, and whether it was a busy hour."""
    draw = np.random.default_rng(5)
    hours = draw.permutation(2 * 365 * 24)[:n_rows].tolist()
    moments = [datetime.fromisoformat("2023-01-01") + timedelta(hours=hour) for hour in hours]
    of_month, of_hour = draw.normal(0, 40, 13), 60 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    visitors = [
        hour / 200 + of_month[when.month] + 80 * (when.weekday() >= 5) + of_hour[when.hour]
        for hour, when in zip(hours, moments, strict=True)
    ]
    numbers = np.array(visitors) + draw.normal(0, 4, n_rows)
    return text_table(
        when=[when.strftime(form) for when in moments],
        visitors=numbers.round(2),
        busy=np.where(numbers > np.median(numbers), "yes", "no"),
    )


def test_what_hangs_on_month_weekday_and_hour_is_learnt_by_both_recipes() -> None:
    found = train(visits().drop_columns(["busy"]), "visitors", rules=RULES)
    of_recipes = {one.name: one.metrics["r2"].mean for one in found.candidates}
    assert min(of_recipes.values()) > 0.97
    (when,) = found.schema.features
    assert [part.name for part in when.parts] == ["year", "month", "day", "weekday", "hour"]
    assert [name for name, _ in found.importance] == ["when"]
    assert not found.dropped, "timestamps that all differ are no identifier"


def test_a_schema_with_dates_is_kept_and_one_of_before_is_read() -> None:
    (when,) = columns.examine(visits().select(["when"]), target="", decimal=".", rules=RULES).kept
    schema = Schema((when, Feature("n", "number")), "busy", "binary", ("no", "yes"), "yes")
    assert Schema.from_json(schema.to_json()) == schema
    before = schema.to_json()
    for feature in before["features"]:
        del feature["parts"]
    assert Schema.from_json(before).features[0].parts == ()
    assert [one.name for one in schema.inputs][:3] == ["when", "when: year", "when: month"]
    clash = Schema((when, Feature("when: month", "number")), "busy", "binary")
    assert len({one.name for one in clash.inputs}) == len(clash.inputs) == 7


def test_a_frame_holds_days_and_parts_and_counts_what_is_no_date() -> None:
    table = text_table(when=["12/07/2024 14:30", "", "31/02/2024 10:00", "2024-07-12 14:30", "12/25/2024"])
    (when,) = columns.examine(visits().select(["when"]), target="", decimal=".", rules=RULES).kept
    found = framed(table, Schema((when,), "busy", "binary"), ".")
    assert {name: rows.tolist() for name, rows in found.bad.items()} == {"when": [2]}
    first = found.frame.iloc[0].tolist()
    assert first == [19916 + 870 / 1440, 2024, 7, 12, 4, 14]
    assert found.frame.iloc[3].tolist() == first
    assert found.frame.iloc[4]["when: month"] == 12
    assert found.frame.iloc[[1, 2]].isna().all().all()


def test_parts_that_say_nothing_are_left_out() -> None:
    def parts(cells: list[str]) -> list[str]:
        table = text_table(when=cells)
        found = columns.examine(table, target="", decimal=".", rules={"when": ColumnRule(0, date="ymd")})
        return [part.name for feature in found.kept for part in feature.parts]

    assert parts([f"{year}-{month:02}" for year in (2022, 2023, 2024) for month in range(1, 13)]) == [
        "year",
        "month",
    ]
    assert parts([f"2024-07-{day:02}" for day in range(1, 31)]) == ["day", "weekday"]
    assert parts(["2024-07-01"] * 40) == []


def test_certain_forms_need_no_rule_and_a_category_stays_one() -> None:
    cells = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)] * 2
    table = text_table(when=cells)
    (when,) = columns.examine(table, target="", decimal=".").kept
    assert (when.kind, when.minimum, when.maximum) == ("date", 19723, 20085)
    assert when.reading is not None and when.reading.date == "ymd"
    said = columns.examine(table, target="", decimal=".", rules={"when": ColumnRule(0, kind="category")})
    assert [feature.kind for feature in said.kept] in ([], ["category"])


def test_a_slow_series_is_told_of_and_kept_but_a_date_that_names_the_class_is_set_aside() -> None:
    days = [f"{datetime(2022, 1, 1) + timedelta(n):%Y-%m-%d}" for n in range(600)]  # noqa: DTZ001
    (when,) = columns.examine(text_table(when=days), target="", decimal=".").kept
    level = np.arange(600) / 10
    series = Schema((when,), "level", "regression")
    (suspect,) = leaks.find(frame(text_table(when=days), series, "."), level, series)
    assert not suspect.leaks
    ended = text_table(when=[day if n % 2 else "" for n, day in enumerate(days)])
    classes = Schema((when,), "left", "binary", ("no", "yes"), "yes")
    labels = np.array(["yes" if n % 2 else "no" for n in range(600)])
    (suspect,) = leaks.find(frame(ended, classes, "."), labels, classes)
    assert suspect.leaks


def test_a_date_is_refused_as_a_target() -> None:
    column = ColumnProfile("when", "date", 0, 300, False, "a", "b", ("a",))
    assert isinstance(target_columns.refusal(column, n_rows=300), TargetOfDates)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (19916.604166666668, "2024-07-12 14:30"),
        (19916.0, "2024-07-12"),
        (-25567.0, "1900-01-01"),
        (2932896 + 1 / 86_400, "9999-12-31 00:00:01"),
        (-719162.0, "0001-01-01"),
    ],
)
def test_a_moment_is_told_to_the_second(days: float, expected: str) -> None:
    assert date_parts.text(days) == expected
    parts = {name: values[0] for name, values in date_parts.of(np.array([days])).items()}
    assert [parts["year"], parts["month"], parts["day"]] == [int(one) for one in expected[:10].split("-")]
    assert parts["weekday"] == datetime.fromisoformat(expected[:10]).weekday()
