"""Whether the day or the month stands first is decided by a column's cells, or asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.errors import Invalid
from core.uploads.detect.columns import date_columns
from core.uploads.detect.columns.date_columns import FoundDates
from core.uploads.detect.guesses import Guess
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

SHUFFLED = [date(2024, 1, 1) + timedelta(37 * n % 366) for n in range(60)]
EARLY = [day for day in SHUFFLED if day.day <= 12]


def found(cells: Sequence[str], name: str = "when") -> FoundDates | None:
    return date_columns.find(name, cells, dict.fromkeys(cells, 1))


def told(cells: Sequence[str], name: str = "when") -> tuple[str, str]:
    """The order, and how sure it is."""
    dates = found(cells, name)
    assert dates is not None
    return dates.order, dates.guesses[0].confidence if dates.guesses else ""


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([f"{day:%d/%m/%Y}" for day in SHUFFLED], ("dmy", "certain")),
        ([f"{day:%m/%d/%Y %I:%M %p}" for day in SHUFFLED], ("mdy", "certain")),
        ([f"{day:%y-%m-%d}" for day in SHUFFLED], ("ymd", "likely")),
        ([f"{day:%d.%m.%y}" for day in EARLY], ("dmy", "certain")),
        ([f"{day:%d/%m/%Y}" for day in sorted(EARLY)], ("dmy", "likely")),
        ([f"{day:%m/%d/%Y}" for day in sorted(EARLY, reverse=True)], ("mdy", "likely")),
        ([f"01/{month:02}/{year}" for month in (3, 1, 2, 9, 7) for year in (2023, 2021)], ("dmy", "likely")),
        ([f"{day:%d/%m/%Y}" for day in EARLY], ("dmy", "guess")),
        (["25/12/2024", "26/12/2024", "12/27/2024", "03/04/2024"], ("dmy", "guess")),
        ([f"{day:%Y-%m-%d}" for day in SHUFFLED], ("", "")),
        ([f"{day:%Y-%m-%d}" for day in SHUFFLED] + [f"{SHUFFLED[0]:%d. %B %Y}"], ("ymd", "certain")),
        ([f"{day:%Y%m%d}" for day in SHUFFLED], ("ymd", "certain")),
        ([f"{day:%b-%y}" for day in SHUFFLED], ("ymd", "certain")),
        (["14:30", "9:05", "23:59:59"], ("time", "certain")),
    ],
)
def test_the_order_is_decided_by_evidence(cells: list[str], expected: tuple[str, str]) -> None:
    assert told(cells) == expected


def test_seconds_and_days_as_numbers_need_a_name_or_evidence() -> None:
    seconds = [str(1_700_000_000 + 3_601 * n) for n in range(20)]
    assert told(seconds, "created_at") == ("epoch", "certain")
    assert told([f"{one}123" for one in seconds], "eventTs") == ("epoch_ms", "certain")
    assert found(seconds, "account") is None
    assert found([*seconds, "4700000000"], "timestamp") is None
    assert told(["20240712", "20240713"], "Datum") == ("ymd", "certain")
    assert found(["20240712", "20240713"], "code") is None
    assert found(["45485", "45486.5"], "date") is None, "spreadsheet days are read only if asked for"


@pytest.mark.parametrize(
    "cells",
    [
        ["2004/05", "2005/06", "2010/11"],
        ["1.2.3", "1.10.12", "2.0.1"],
        ["2021", "2022", "2023"],
        ["A-12", "B-13"],
        ["-", "x", ""],
        ["31.02.2024", "30.02.2024"],
        ["25:61", "99:99"],
        ["1.5", "2.5"],
        [],
    ],
)
def test_seasons_versions_years_and_codes_are_no_dates(cells: list[str]) -> None:
    assert found(cells) is None


def of_file(folder: Path, cells: Sequence[str], **overrides: ColumnOverrides) -> Examination:
    path = folder / "dates.csv"
    path.write_text("when,n\n" + "".join(f"{cell},{n}\n" for n, cell in enumerate(cells)), "utf-8")
    return examine(path, file_name=path.name, overrides=ReadingOverrides(columns=overrides))


def guess_of(examined: Examination) -> Guess:
    (guess,) = (guess for guess in examined.guesses if guess.about == "dates")
    return guess


def test_the_whole_column_tells_where_a_sample_does_not(tmp_path: Path) -> None:
    doubtful = [f"{day:%m/%d/%Y}" for day in EARLY] * 3_000
    place = len(doubtful) // 3  # between the places that are sampled
    known = of_file(tmp_path, [*doubtful[:place], "12/25/2024", *doubtful[place:]])
    assert (guess_of(known).value, guess_of(known).confidence) == ("mdy", "certain")
    assert [rule.date for rule in known.dialect.rules] == ["mdy"]
    both = of_file(tmp_path, [*doubtful[:place], "12/25/2024", "25/12/2024", *doubtful[place:]])
    assert guess_of(both).confidence == "guess"
    assert "two forms" in guess_of(both).why
    assert any("two forms" in note for note in both.notes)


def test_a_question_can_be_answered_and_a_date_be_no_date(tmp_path: Path) -> None:
    cells = [f"{day:%d/%m/%Y}" for day in EARLY]
    assert guess_of(of_file(tmp_path, cells)).alternatives == ("mdy",)
    chosen = of_file(tmp_path, cells, when=ColumnOverrides(date="mdy"))
    assert (guess_of(chosen).value, guess_of(chosen).confidence) == ("mdy", "chosen")
    assert chosen.columns[0].kind == "date"
    category = of_file(tmp_path, cells, when=ColumnOverrides(kind="category"))
    assert [rule.date for rule in category.dialect.rules] == [""]
    assert category.columns[0].kind in ("category", "text")
    said = ReadingOverrides(columns={"when": ColumnOverrides(date="mdy")})
    for last, expected in (("category", ("", "category")), ("number", ("", "number"))):
        (rule,) = of_file(
            tmp_path,
            cells,
            **said.updated(ReadingOverrides(columns={"when": ColumnOverrides(kind=last)})).columns,
        ).dialect.rules
        assert (rule.date, rule.kind) == expected
    serial = of_file(tmp_path, ["45485", "45486.5"] * 5, when=ColumnOverrides(date="excel"))
    assert (serial.dialect.rules[0].date, serial.columns[0].kind) == ("excel", "date")
    with pytest.raises(Invalid):
        ReadingOverrides(columns={"when": ColumnOverrides(date="ydm")}).checked()


def test_dates_that_are_none_are_counted(tmp_path: Path) -> None:
    cells = [f"{day:%d.%m.%Y}" for day in SHUFFLED]
    examined = of_file(tmp_path, [*cells, "31.02.2024", "n/a", "keine Angabe"])
    column = examined.columns[0]
    assert (column.kind, column.n_odd, column.first_odd, column.n_missing) == ("date", 1, "31.02.2024", 2)
    assert (
        "Column 'when' holds dates, except in 1 cell, the first of which is '31.02.2024'." in examined.notes
    )
