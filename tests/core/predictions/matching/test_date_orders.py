"""A date means in any file what it meant in training, unless the file itself shows another order."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.errors import Invalid
from core.models import readings as readings_of_models
from core.models.schema import Feature, Schema, framed
from core.predictions.check import schema_check
from core.predictions.matching.reading import ModelReading
from core.predictions.results.run_statistics import BlockRows
from core.uploads.csv.dialect import ColumnRule
from tests.core.predictions.matching.readings import examined, read, table, trained

DAYS = [date(2024, 1, 1) + timedelta(37 * n % 366) for n in range(120)]


def rows(form: str, days: list[date] = DAYS) -> str:
    return "when,n\n" + "".join(f"{day.strftime(form)},{n % 7}.5\n" for n, day in enumerate(days))


def test_one_row_is_read_as_training_was(tmp_path: Path) -> None:
    for form, month in (("%d/%m/%Y", 4), ("%m/%d/%Y", 3)):
        schema, _ = trained(tmp_path, rows(form))
        frame, found = read(tmp_path, "when,n\n03/04/2024,1.5\n", schema)
        assert frame["when: month"].tolist() == [month]
        assert not found.questions


def test_a_file_that_shows_another_order_is_read_in_that(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%d/%m/%Y"))
    frame, found = read(tmp_path, "when,n\n03/04/2024,1.5\n12/25/2024,1.5\n", schema)
    assert frame["when: month"].tolist() == [3, 12]
    frame, found = read(tmp_path, rows("%Y-%m-%d"), schema)
    assert found.dialect.is_plain
    assert frame["when: month"].tolist() == [day.month for day in DAYS]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"])
def test_dates_of_two_forms_are_asked_and_the_rows_that_can_be_both_get_a_caution(
    tmp_path: Path, form: str
) -> None:
    schema, _ = trained(tmp_path, rows(form))
    text = "when,n\n25/12/2024,1.5\n12/25/2024,1.5\n25/11/2024,2.5\n05/05/2024,2.5\n03/04/2024,3.5\n"
    frame, found = read(tmp_path, text, schema)
    (question,) = found.questions
    order = {"%m/%d/%Y": "mdy"}.get(form, "dmy")
    assert question.options[0].key == order
    assert question.cells == ("03/04/2024",)
    month = 3 if order == "mdy" else 4
    assert frame["when: month"].tolist() == [12, 12, 11, 5, month]
    assert cautioned(tmp_path, text, schema, found) == [4]
    frame, found = read(tmp_path, text, schema, when="mdy")
    assert frame["when: month"].tolist() == [12, 12, 11, 5, 3]
    assert cautioned(tmp_path, text, schema, found) == []


def test_two_forms_are_asked_about_beside_many_cells_that_are_no_date(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%d/%m/%Y"))
    text = "when,n\n25/12/2024,1.5\n12/25/2024,1.5\n03/04/2024,2.5\n30/02/2024,2.5\nsoon,1.5\n"
    _, found = read(tmp_path, text, schema)
    assert [question.name for question in found.questions] == ["when"]
    assert cautioned(tmp_path, text, schema, found) == [2]


def test_two_forms_that_leave_no_cell_in_doubt_are_no_caution_and_no_warning(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%d/%m/%Y"))
    text = "when,n\n25/12/2024,1.5\n12/25/2024,1.5\n2024-03-04,2.5\n04.04.2024,2.5\n,1.5\n"
    _, found = read(tmp_path, text, schema)
    assert cautioned(tmp_path, text, schema, found) == []
    data, examination = examined(tmp_path, text)
    known = replace(schema, target="n")
    looked = schema_check.of_file(io.BytesIO(data), examination, known)
    assert "guessed" not in {one.about for one in looked.warnings}


def test_a_cell_in_doubt_behind_the_first_rows_is_found_too(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%d/%m/%Y"))
    clear = "".join(f"{day:02}/12/2024,1.5\n12/{day:02}/2024,2.5\n" for day in range(13, 31))
    text = f"when,n\n{clear * 20}03/04/2024,1.5\n"
    _, found = read(tmp_path, text, schema)
    assert cautioned(tmp_path, text, schema, found) == [720]
    data, examination = examined(tmp_path, text)
    looked = schema_check.of_file(io.BytesIO(data), examination, schema)
    (warning,) = [one for one in looked.warnings if one.about == "guessed"]
    assert warning.n_cells == 1
    assert "some dates have the day first and others the month" in warning.message
    assert "it could also mean" not in warning.message, "none of the cells shown means two days"


def cautioned(folder: Path, text: str, schema: Schema, found: ModelReading) -> list[int]:
    """The rows that say that they were read by a guess."""
    data, examination = examined(folder, text)
    dated = schema.read_by([column.name for column in examination.columns], found.dialect.rules)
    cells = table(data, found.dialect)
    counted = BlockRows.of(cells, framed(cells, dated, "."), dated, found.unsure)
    return counted.cautions.guessed.get("when", np.empty(0, int)).tolist()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["18.00.00", "21.00.00", "09.30.00"], "category"),
        (["18.00.00", "01.02.20", "07.03.21"], "category"),
        (["2024-13-01", "2024-02-31", "2024-00-10"], "category"),
        (["2024-12-01", "2024-02-29", "2024-01-10"], "date"),
        (["01.12.2024", "29.02.2024", "10.01.2024"], "date"),
        (["2024-W48", "2024-W02", "2024-W31"], "date"),
        (["18:00:00", "21:00:00", "09:30"], "date"),
    ],
)
def test_the_receipt_calls_dates_what_a_model_reads_as_dates(
    tmp_path: Path, cells: list[str], kind: str
) -> None:
    text = "when,n\n" + "".join(f"{cell},{n}.5\n" for n, cell in enumerate(cells * 30))
    schema, _ = trained(tmp_path, text)
    _, found = examined(tmp_path, text)
    assert (found.columns[0].kind, schema.features[0].kind) == (kind, kind)


def test_where_training_had_no_order_it_is_asked(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%Y-%m-%d"))
    text = "when,n\n03/04/2024,1.5\n05/04/2024,2.5\n01/02/2024,3.5\n"
    frame, found = read(tmp_path, text, schema)
    (question,) = found.questions
    assert [option.key for option in question.options] == ["dmy", "mdy"]
    assert question.options[1].values == ("2024-03-04", "2024-05-04", "2024-01-02")
    assert found.unsure == {"when"}
    assert frame["when: month"].tolist() == [4, 4, 2]
    frame, found = read(tmp_path, text, schema, when="mdy")
    assert frame["when: month"].tolist() == [3, 5, 1]
    assert (found.unsure, found.choices) == (frozenset(), {"when": "mdy"})
    with pytest.raises(Invalid):
        read(tmp_path, text, schema, when="ydm")


def test_a_model_of_before_goes_on_reading_texts_and_numbers(tmp_path: Path) -> None:
    for form, kind in (("%d/%m/%Y", "category"), ("%Y%m%d", "number")):
        _, found = examined(tmp_path, rows(form))
        cells = tuple(dict.fromkeys(day.strftime(form) for day in DAYS)) if kind == "category" else ()
        for reading in (None, ColumnRule(0, decimal="." if kind == "number" else "")):
            feature = Feature("when", kind, categories=cells, minimum=0.0, maximum=9e7, reading=reading)
            schema = Schema((feature,), "gone", "binary", ("no", "yes"), "yes")
            kept = readings_of_models.kept(schema, found.dialect, ["when", "n"])
            for one in (schema, kept):
                frame, as_read = read(tmp_path, rows(form), one)
                assert not any(rule.date for rule in as_read.dialect.rules)
                assert frame["when"].astype(str).str.removesuffix(".0").tolist() == [
                    day.strftime(form) for day in DAYS
                ]


def test_a_date_column_that_holds_other_things_is_missing_there(tmp_path: Path) -> None:
    schema, _ = trained(tmp_path, rows("%d/%m/%Y"))
    frame, _ = read(tmp_path, "when,n\n\u200f,1.5\n44 BC,1.5\n31/02/2024,1.5\n29/02/2024,1.5\n", schema)
    assert np.isnan(frame["when"][:3]).all()
    assert frame["when: day"].tolist()[3] == 29
    when = schema.features[0]
    assert when.reading is not None
    assert replace(when, reading=None).kind == "date"
