"""What a user says of a file overrules what was guessed, and the receipt keeps both."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import pytest

from core import db
from core.db.tables.uploads import UploadRow
from core.errors import AppError, Conflict, Invalid, NotFound
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.detect.columns import column_formats
from core.uploads.detect.detected import Detected
from core.uploads.detect.guesses import Guess
from core.uploads.errors import ColumnUnknown, MarksClash, UndecodableBytes
from core.uploads.report import overruling
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides
from tests import journeys, made
from tests.together import together

MESSY = "Umsätze 2024;;\nort;preis;plz\nKöln;1.234;01067\nMünchen;2.500;01069\nx;k.A.;01071\nSumme;3.734;\n"


def test_numbers_are_spelled_alike_in_what_was_found_and_in_what_was_said() -> None:
    cells = ["12,5%", "7,25%", "1.250,5%"]
    found = column_formats.find(0, "share", cells, ",")
    assert found.rule is not None
    assert found.guesses[0].value == "1.234,5%"
    detected = Detected(Dialect(decimal=",", names=("share",), rules=(found.rule,)), found.guesses)
    said = overruling.applied(ReadingOverrides(columns={"share": ColumnOverrides(thousands=" ")}), detected)
    assert (said.guesses[0].value, said.guesses[0].alternatives) == ("1 234,5%", ("1.234,5%",))


@pytest.fixture
def files(database: db.Database, storage: LocalStorage) -> LocalStorage:
    return storage


@pytest.fixture
def upload(files: LocalStorage, settings: Settings, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, MESSY.encode("cp1252"), settings=settings, files=files)


def reread(
    user: db.User,
    upload: UploadRow,
    files: LocalStorage,
    settings: Settings,
    *,
    anew: bool = False,
    **said: Any,
) -> dict[str, list[str]]:
    """The clean cells by column, once the upload was read as said."""
    row = uploads.reread(
        user,
        storage=files,
        staging_dir=settings.staging_dir,
        upload_id=upload.id,
        overrides=ReadingOverrides(**said),
        anew=anew,
    )
    dialect = uploads.examination_of(row).dialect
    table = stream.read_table(io.BytesIO(MESSY.encode("cp1252")), dialect)
    assert (row.n_rows, row.n_columns) == (table.num_rows, table.num_columns)
    found: dict[str, list[str]] = table.to_pydict()
    return found


def guesses(user: db.User, upload: UploadRow) -> dict[tuple[str, str | None], Guess]:
    with db.session_scope(user) as session:
        found = uploads.examination_of(uploads.get(session, upload_id=upload.id)).guesses
    return {(guess.about, guess.column): guess for guess in found}


def test_the_receipt_says_what_was_guessed_and_how_sure_that_is(user: db.User, upload: UploadRow) -> None:
    found = guesses(user, upload)
    assert {about: (guess.value, guess.confidence) for (about, _), guess in found.items()} == {
        "encoding": ("cp1252", "guess"),
        "delimiter": (";", "certain"),
        "header": ("2", "likely"),
        "preamble": ("1", "likely"),
        "not_rows": ("1", "likely"),
        "missing": ("k.a.", "likely"),
        "kind": ("category", "likely"),
    }
    assert all(guess.why for guess in found.values())


@pytest.mark.parametrize(
    ("said", "column", "cells"),
    [
        ({"columns": {"preis": ColumnOverrides(thousands=".", decimal=",")}}, "preis", ["1234", "2500", ""]),
        ({"decimal": ","}, "preis", ["1234", "2500", ""]),
        ({"missing": ("X",)}, "ort", ["Köln", "München", ""]),
        ({"columns": {"preis": ColumnOverrides(missing=())}}, "preis", ["1.234", "2.500", "k.A."]),
        ({"keep_lines": True}, "ort", ["Köln", "München", "x", "Summe"]),
        ({"header_line": 3}, "Köln", ["München", "x"]),
        ({"encoding": "cp1250"}, "ort", ["Köln", "München", "x"]),
        ({"encoding": "cp1251"}, "ort", ["Kцln", "Mьnchen", "x"]),
        ({"columns": {"plz": ColumnOverrides(kind="category")}}, "plz", ["01067", "01069", "01071"]),
    ],
)
def test_each_guess_can_be_overruled(
    user: db.User,
    upload: UploadRow,
    files: LocalStorage,
    settings: Settings,
    said: dict[str, Any],
    column: str,
    cells: list[str],
) -> None:
    found = reread(user, upload, files, settings, **said)
    decimal = "," if said.get("decimal") else "."
    assert [cell.replace(decimal, ".") for cell in found[column]] == cells


def test_of_several_who_overrule_a_file_at_the_same_moment_all_are_obeyed(
    user: db.User, upload: UploadRow, files: LocalStorage, settings: Settings
) -> None:
    said: list[dict[str, Any]] = [
        {"columns": {"preis": ColumnOverrides(kind="category")}},
        {"columns": {"plz": ColumnOverrides(kind="number")}},
        {"columns": {"ort": ColumnOverrides(missing=("x",))}},
        {"keep_lines": True},
    ]
    verbs = [partial(reread, user, upload, files, settings, **one) for one in said]
    assert not [given for given in together(verbs) if isinstance(given, AppError)]
    with db.session_scope(user) as session:
        kept = uploads.examination_of(uploads.get(session, upload_id=upload.id)).overrides
    assert set(kept.columns) == {"preis", "plz", "ort"}
    assert kept.keep_lines


def test_a_delimiter_that_is_said_is_kept_to(
    user: db.User, upload: UploadRow, files: LocalStorage, settings: Settings
) -> None:
    assert len(reread(user, upload, files, settings, delimiter="|")) == 1


def test_what_was_overruled_is_kept_with_what_it_stood_for(
    user: db.User, upload: UploadRow, files: LocalStorage, settings: Settings
) -> None:
    reread(user, upload, files, settings, encoding="cp1250")
    reread(user, upload, files, settings, columns={"plz": ColumnOverrides(kind="category")})
    chosen = guesses(user, upload)["encoding", None]
    assert (chosen.value, chosen.confidence, chosen.alternatives[0]) == ("cp1250", "chosen", "cp1252")
    assert "instead of 'cp1252' (guess)" in chosen.why
    assert guesses(user, upload)["kind", "plz"].confidence == "chosen"


def test_what_was_said_can_be_taken_back(
    user: db.User, upload: UploadRow, files: LocalStorage, settings: Settings
) -> None:
    before = guesses(user, upload)
    reread(user, upload, files, settings, encoding="cp1250", keep_lines=True)
    reread(user, upload, files, settings, anew=True)
    assert guesses(user, upload) == before


@pytest.mark.parametrize(
    ("said", "refusal", "message"),
    [
        ({"encoding": "klingon"}, Invalid, "encoding 'klingon' is not supported"),
        ({"encoding": "utf-8"}, UndecodableBytes, "line 1"),
        ({"delimiter": "x"}, Invalid, "delimiter can't be 'x'"),
        ({"decimal": ",", "thousands": ","}, MarksClash, "both the decimal mark and the thousands mark"),
        ({"header_line": -1}, Invalid, "can't be negative"),
        ({"columns": {"price": ColumnOverrides(kind="number")}}, ColumnUnknown, "no column 'price'"),
        ({"columns": {"ort": ColumnOverrides(kind="colour")}}, Invalid, "kind can't be 'colour'"),
        ({"missing": tuple(map(str, range(60)))}, Invalid, "60 values"),
    ],
)
def test_what_no_file_can_be_read_with_is_refused_and_changes_nothing(
    user: db.User,
    upload: UploadRow,
    files: LocalStorage,
    settings: Settings,
    said: dict[str, Any],
    refusal: type[AppError],
    message: str,
) -> None:
    before = guesses(user, upload)
    with pytest.raises(refusal, match=message):
        reread(user, upload, files, settings, **said)
    assert guesses(user, upload) == before


def test_an_upload_with_pending_work_is_not_read_in_another_way(
    user: db.User, files: LocalStorage, settings: Settings
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=files)
    made.queued(user, upload, made.ready_model(user, upload))
    with pytest.raises(Conflict, match="being scored"):
        reread(user, upload, files, settings, delimiter=";")


def test_a_strangers_upload_can_not_be_read_in_another_way(
    stranger: db.User, upload: UploadRow, files: LocalStorage, settings: Settings
) -> None:
    with pytest.raises(NotFound):
        reread(stranger, upload, files, settings, delimiter=";")


def test_a_reading_survives_json() -> None:
    overrides = ReadingOverrides(
        encoding="cp1250",
        missing=("x",),
        header_line=0,
        columns={"a": ColumnOverrides(kind="number", missing=()), "b": ColumnOverrides(thousands="")},
    )
    assert ReadingOverrides.from_json(overrides.to_json()) == overrides
