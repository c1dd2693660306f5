"""How a file was read, on its page: what was guessed, what was rewritten, and reading it differently."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import db, storage
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from core.uploads import uploads
from core.uploads.report.overrides import ReadingOverrides
from tests import journeys
from tests.pages.conftest import keyed, texts

OpenPage = Callable[..., AppTest]

MESSY = (
    "Sales by region\n\nregion;sold;price\n"
    + "".join(f"north;{n};$1,{n:03d}.50\n" for n in range(100, 140))
    + "Total;4780;\n"
).encode()


@pytest.fixture
def messy(reader: db.User, settings: Settings) -> UploadRow:
    """A file with a title above and a total below its table, and prices with a money sign."""
    files = storage.from_settings(settings)
    return journeys.upload_bytes(reader, MESSY, settings=settings, files=files, file_name="sales.csv")


def reading_of(reader: db.User, upload: UploadRow) -> tuple[int, list[str]]:
    """How many rows the upload has as it is read now, and its columns."""
    with db.session_scope(reader) as session:
        found = uploads.examination_of(uploads.get(session, upload_id=upload.id))
    return found.n_rows, [column.name for column in found.columns]


def test_each_guess_and_each_rewritten_cell_is_told(open_page: OpenPage, messy: UploadRow) -> None:
    app = open_page("uploads.py", upload=messy.id)
    lines = [one.value for one in app.markdown if "-badge[" in one.value]
    assert any(line.startswith("**Encoding** UTF\\-8 :green-badge[Certain]") for line in lines)
    assert any(line.startswith("**Delimiter** semicolon :orange-badge[Guess]") for line in lines)
    assert any(line.startswith("**Lines above the table** 2 :blue-badge[Likely]") for line in lines)
    tables = [table.value for table in app.dataframe]
    (guessed,) = (table for table in tables if "Confidence" in table.columns)
    assert set(guessed["Column"]) == {"price"}
    changes = next(table for table in tables if "In the file" in table.columns)
    first = changes[changes["Column"] == "price"].iloc[0]
    assert (first["In the file"], first["Read as"]) == ("$1,100.50", "1100.50")


def test_a_guess_is_overruled_and_guessed_anew(
    open_page: OpenPage, reader: db.User, messy: UploadRow
) -> None:
    n_rows, _ = reading_of(reader, messy)
    assert n_rows == 40
    app = open_page("uploads.py", upload=messy.id)
    keyed(app.checkbox, "say_keep_lines_").check()
    app.button(key="read_again").click().run()
    assert not app.exception
    assert reading_of(reader, messy)[0] == 41
    assert any("badge[Set by you]" in one.value for one in app.markdown)
    app.button(key="guess_anew").click().run()
    assert reading_of(reader, messy)[0] == 40


def test_what_was_said_of_one_upload_is_not_said_of_the_next(
    open_page: OpenPage, reader: db.User, settings: Settings, messy: UploadRow
) -> None:
    files = storage.from_settings(settings)
    march = MESSY.replace(b"north", b"south", 20)
    other = journeys.upload_bytes(reader, march, settings=settings, files=files, file_name="march.csv")
    before = reading_of(reader, other)
    app = open_page("uploads.py", upload=messy.id)
    keyed(app.checkbox, "say_keep_lines_").check()
    keyed(app.text_input, "say_missing_").set_value("north")
    app.button(key="read_again").click().run()
    assert reading_of(reader, messy) != before

    keyed(app.selectbox, "pick_").select(other.id).run()
    assert not keyed(app.checkbox, "say_keep_lines_").value
    assert keyed(app.text_input, "say_missing_").value == ""
    app.button(key="read_again").click().run()

    assert not app.exception
    with db.session_scope(reader) as session:
        found = uploads.examination_of(uploads.get(session, upload_id=other.id))
    assert (found.n_rows, found.overrides) == (before[0], ReadingOverrides())


def test_a_reset_clears_the_form_too(open_page: OpenPage, messy: UploadRow) -> None:
    app = open_page("uploads.py", upload=messy.id)
    keyed(app.checkbox, "say_keep_lines_").check()
    keyed(app.text_input, "say_missing_").set_value("north")
    app.button(key="read_again").click().run()
    assert keyed(app.checkbox, "say_keep_lines_").value

    app.button(key="guess_anew").click().run()

    assert not keyed(app.checkbox, "say_keep_lines_").value
    assert keyed(app.text_input, "say_missing_").value == ""


def test_a_reading_that_can_not_be_is_refused_in_place_and_changes_nothing(
    open_page: OpenPage, reader: db.User, messy: UploadRow
) -> None:
    before = reading_of(reader, messy)
    app = open_page("uploads.py", upload=messy.id)
    keyed(app.number_input, "say_header_").set_value(44)
    app.button(key="read_again").click().run()
    assert app.error
    assert "a header in line 44, but no rows below it" in texts(app)
    assert reading_of(reader, messy) == before


CODED = (
    "city,co,no\n"
    + "".join(f"Rome,{100 + n}.5,{40 + n}\n" for n in range(60))
    + "Oslo,-200.0,-200\nOslo,-200.0,41\nOslo,-200.0,-200\nOslo,99.5,-200\n"
).encode()


def test_a_value_that_may_mean_missing_is_asked_about_once_before_anything_is_begun(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    files = storage.from_settings(settings)
    upload = journeys.upload_bytes(reader, CODED, settings=settings, files=files, file_name="air.csv")
    app = open_page("uploads.py", upload=upload.id)
    (asked,) = (one.value for one in app.markdown if "may mean" in one.value)
    assert "**\\-200\\.0** appears in **co** and **no** and may mean “missing”" in asked
    app.button(key="read_missing_-200.0").click().run()
    assert not app.exception
    assert not [one for one in app.markdown if "may mean" in one.value]
    with db.session_scope(reader) as session:
        columns = uploads.examination_of(uploads.get(session, upload_id=upload.id)).columns
    assert {column.name: column.n_missing for column in columns} == {"city": 0, "co": 3, "no": 3}


SIGNED = (
    "signed,fee\n" + "".join(f"{n % 12 + 1:02}/{5 * n % 12 + 1:02}/2024,{n}.5\n" for n in range(60))
).encode()


def test_which_of_two_orders_a_date_has_is_asked_and_answered_and_can_be_said_to_be_none(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    files = storage.from_settings(settings)
    upload = journeys.upload_bytes(reader, SIGNED, settings=settings, files=files, file_name="fees.csv")
    app = open_page("uploads.py", upload=upload.id)
    (asked,) = (
        one.value for one in app.markdown if "It could also be" in one.value and "**signed**" in one.value
    )
    assert "holds dates" in asked
    app.button(key="date_order_signed_mdy").click().run()
    assert not app.exception
    assert "dates are read as month, day, year, as you chose" in texts(app)
    assert not [one for one in app.button if str(one.key).startswith("date_order_")]
    keyed(app.selectbox, "say_column_").set_value("signed")
    keyed(app.selectbox, "say_kind_").set_value("Category")
    app.button(key="read_again").click().run()
    with db.session_scope(reader) as session:
        found = uploads.examination_of(uploads.get(session, upload_id=upload.id))
    assert [(rule.date, rule.kind) for rule in found.dialect.rules] == [("", "category")]


def test_guesses_that_are_alike_are_one_line(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    files = storage.from_settings(settings)
    coded = CODED.replace(b"-200.0", b"-200")
    upload = journeys.upload_bytes(reader, coded, settings=settings, files=files, file_name="air.csv")
    app = open_page("uploads.py", upload=upload.id)
    (guessed,) = (table.value for table in app.dataframe if "Confidence" in table.value.columns)
    assert guessed["Column"].tolist() == ["2 columns: co, no"]


def test_a_delimiter_that_makes_rows_uneven_is_refused_by_what_it_did(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    text = b"city;price\nRome;1,5\nOslo;2,5\nBonn;1,2,3\n"
    files = storage.from_settings(settings)
    upload = journeys.upload_bytes(reader, text, settings=settings, files=files, file_name="prices.csv")
    app = open_page("uploads.py", upload=upload.id)
    delimiter = keyed(app.selectbox, "say_delimiter_")
    assert delimiter.options[:3] == ["Semicolon", "Comma", "Tab"]
    delimiter.set_value(",")
    app.button(key="read_again").click().run()
    told = app.error[0].value.replace("\\", "").replace("\u00a0", " ")
    assert told.startswith("**With comma as the delimiter, line ")
    assert "Nothing was changed; the file is still read with semicolons." in told


def test_dates_have_a_range_only_where_their_spelling_sorts_as_they_do(
    open_page: OpenPage, reader: db.User, settings: Settings
) -> None:
    rows = "".join(f"{n:02d}/12/20{n:02d},20{n:02d}-12-{n:02d}\n" for n in range(4, 24))
    files = storage.from_settings(settings)
    text = f"local,iso\n{rows}".encode()
    upload = journeys.upload_bytes(reader, text, settings=settings, files=files, file_name="dates.csv")
    app = open_page("uploads.py", upload=upload.id)
    (columns,) = (table.value for table in app.dataframe if "Lowest" in table.value.columns)
    assert columns["Type"].tolist() == ["Date", "Date"]
    assert columns["Lowest"].tolist() == ["", "2004-12-04"]
    assert columns["Highest"].tolist() == ["", "2023-12-23"]
