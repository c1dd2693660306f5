"""Results of messy files: every byte stays, the added cells stand below each other, and the result reads as it did."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.models.schema import Feature, Schema
from core.predictions import predictions
from core.predictions.errors import LabelUnquotable
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides
from tests.core.predictions.conftest import Model

PREAMBLE = "Customers of the North\nas of 1 May 2024\n\n"
FILES = {
    "preamble and footer": PREAMBLE
    + "age;colour;id\n20;red;1\n30;blue;2\n\nTotal;;2\nSource: our own books\n",
    "short rows": "age;colour;note\n20;red\n30;blue;x\n40\n50;green;y\n",
    "rows with empty cells behind": "age;colour\n20;red;\n30;blue;;\n40;green\n50;red;\n",
    "a header that repeats": "age;colour\n20;red\n30;blue\nage;colour\n40;green\n",
    "empty rows at the end": "age;colour;id\n20;red;1\n30;blue;2\n;;\n;;\n",
    "a header shorter than its rows": "age;colour\n20;red;a;1\n30;blue;b;2\n40;green;c;3\n",
    "R's row names": "age\tcolour\n1\t20\tred\n2\t30\tblue\n3\t40\tgreen\n",
    "units below the header": "age;colour;size\nyears;-;cm\n20;red;1\n30;blue;2\n40;green;3\n",
    "backslashes": 'age,colour,note\n20,red,"say \\"hi\\""\n30,blue,"a, b"\n',
    "single quotes": "age,colour,note\n20,red,'a, b'\n30,blue,'c, d'\n40,red,'e'\n",
    "money and thousands": "age;colour;pay\n20;red;1.234,50 €\n30;blue;2.000,00 €\n40;red;7,10 €\n",
    "UTF-16 with short rows": "age\tcolour\tnote\n20\tred\n30\tblue\tx\n",
    "letters apart": "age;Stra\u00dfe;colour;gr\u006f\u0308\u00dfe\n"
    + "20;Mu\u0308nchen;red;1\n30;Ko\u0308ln;blue;2\n",
    "a mark that letters put together would make": "age;colour;note\n"
    + "20;red;\u03a4\u03b9\u037e o\u0308\n30;blue;\u037e\n",
    "controls of Windows": "age;colour;note\n20;red;\x84a\x93\n30;blue;b \x96 c\n40;green;\n",
    "marks that nobody sees": "age;colour;note\n20;\u200ered;x\u200b\n30;blue\u2060;y\n\u200b\n40;green;\n",
    "marks beside quotes": 'age,colour,note\n20,\u200e"red","a, b"\u200b\n'
    + '30,blue,"c ""d""\u200b, e"\n40,"red\u200e",",\u200b"\n',
    "files joined with their marks": '\ufeff\ufeff"age","colour"\n20,red\n30,blue\n'
    + '\ufeff"age","colour"\n40,green\n',
    "UTF-16 with marks beside quotes": 'age\tcolour\n20\t\u200e"red\tx"\n30\t"blue"\u200b\nu\u0308\t"a"\n',
    "two tables": "age;colour\n20;red\n30;blue\n40;green\n50;red\n60;blue\n\nTown;People;Area\n"
    + "Bonn;330000;141\nKo\u0308ln;1080000;405\nUlm;126000;119\n",
    "everything": PREAMBLE + "age;colour;note\n20;red\nage;colour;note\n30;blue;x;;\nTotal;;2\n",
}


def read(tmp_path: Path, text: str, codec: str = "utf-8") -> tuple[bytes, Dialect]:
    data = text.encode(codec)
    path = tmp_path / "staged"
    path.write_bytes(data)
    return data, examine(path, file_name="customers.csv").dialect


def codec_of(name: str) -> str:
    return "utf-16" if "UTF-16" in name else "utf-8"


@pytest.mark.parametrize("name", FILES)
def test_no_byte_is_lost_or_moved(tmp_path: Path, model: Model, name: str) -> None:
    data, dialect = read(tmp_path, FILES[name], codec_of(name))
    result, _ = model.score(data, dialect)
    left = iter(result)
    assert all(byte in left for byte in data)  # the file's bytes in their order, others in between


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("block_bytes", [40, 4 << 20])
def test_the_result_reads_as_the_file_did_with_the_added_columns(
    tmp_path: Path, model: Model, name: str, block_bytes: int
) -> None:
    data, dialect = read(tmp_path, FILES[name], codec_of(name))
    result, scored = model.score(data, dialect, block_bytes=block_bytes)
    given = stream.read_table(io.BytesIO(data), dialect)
    written = stream.read_table(io.BytesIO(result), dialect.of_results(scored.last_line))
    assert written.column_names == [*given.column_names, "prediction", "probability", "caution"]
    assert written.select(given.column_names).to_pydict() == given.to_pydict()
    assert scored.n_rows == given.num_rows == written.num_rows
    assert set(written["prediction"].to_pylist()) <= {"No", "Yes"}
    assert all(cell[:1] in "01" for cell in written["probability"].to_pylist())


@pytest.mark.parametrize("name", ["short rows", "a header that repeats", "empty rows at the end"])
def test_a_strict_reader_finds_the_added_cells_below_their_names(
    tmp_path: Path, model: Model, name: str
) -> None:
    data, dialect = read(tmp_path, FILES[name])
    result, _ = model.score(data, dialect)
    widths = {line.count(";") for line in result.decode().splitlines()}
    assert len(widths) == 1


def test_an_escaped_line_end_belongs_to_its_cell(tmp_path: Path, model: Model) -> None:
    data = b'age,colour,note\n20,red,"say \\"hi\\""\n30,blue,x\\\r\n40,green,"a \\"b\\""\n50,red,y\\\n'
    _, dialect = read(tmp_path, data.decode())
    assert dialect.escapechar == "\\"
    result, scored = model.score(data, dialect)
    lines = result.decode().split("\n")
    assert scored.n_rows == 4
    assert lines[2].startswith("30,blue,x\\\r,")
    written = stream.read_table(io.BytesIO(result), dialect)
    assert set(written["prediction"].to_pylist()) <= {"No", "Yes"}


def test_a_row_of_one_missing_cell_is_a_row(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "staged"
    data = b"age,colour\n20\n\\N\n30\n"
    path.write_bytes(data)
    said = ReadingOverrides(delimiter="|", escapechar="\\")
    found = examine(path, file_name="customers.csv", overrides=said)
    assert (found.n_rows, len(found.columns), found.columns[0].n_missing) == (3, 1, 1)
    assert len(stream.read_table(io.BytesIO(data), found.dialect)) == 3


def test_lines_that_are_no_rows_are_filled_up_in_a_block_without_rows_too(
    tmp_path: Path, model: Model
) -> None:
    data, dialect = read(tmp_path, FILES["empty rows at the end"])
    small, _ = model.score(data, dialect, block_bytes=4)
    large, _ = model.score(data, dialect)
    assert small == large


class Greens:
    """A pipeline of a model of before, whose names and values have letters apart from their accents."""

    classes_ = ("No", "Scho\u0308n")

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        p = np.where(frame["Gro\u0308\u00dfe"] > 30, 0.5, 0.0) + np.where(
            frame["Farbe"] == "gru\u0308n", 0.3, 0.0
        )
        return np.column_stack([1 - p, p])


def test_a_model_with_letters_apart_reads_files_in_which_they_are_joined(tmp_path: Path) -> None:
    features = (Feature("Gro\u0308\u00dfe", "number"), Feature("Farbe", "category", ("gru\u0308n", "rot")))
    schema = Schema(features, "Fu\u0308r", "binary", Greens.classes_, Greens.classes_[1])
    data, dialect = read(tmp_path, "Größe;Farbe;Für\n40; grün ;Schön\n20;rot;No\n40;blau;Schön\n")
    result, scored = Model(Greens(), schema).score(data, dialect)  # type: ignore[arg-type]  # a pipeline will do
    answered = [line.split(";")[3:] for line in result.decode().splitlines()]
    assert answered[1:] == [
        ["Scho\u0308n", "0.800000", ""],
        ["No", "0.000000", ""],
        ["No", "0.500000", "unseen: Farbe"],
    ]
    assert scored.statistics.n_measured == 3


def test_a_line_that_is_no_row_gets_no_answer(tmp_path: Path, model: Model) -> None:
    data, dialect = read(tmp_path, FILES["preamble and footer"])
    result, _ = model.score(data, dialect)
    lines = result.decode().splitlines()
    assert lines[:4] == [*PREAMBLE.splitlines(), "age;colour;id;prediction;probability;caution"]
    assert lines[-2:] == ["Total;;2;;;", "Source: our own books"]


def test_coerced_numbers_reach_the_model(tmp_path: Path, model: Model) -> None:
    messy, dialect = read(tmp_path, "colour;age\nred;20,5 €\nblue;1.080,0 €\nred;(7)\nblue;k.A.\n")
    plain = b"colour,age\nred,20.5\nblue,1080\nred,-7\nblue,\n"
    result, scored = model.score(messy, dialect)
    expected, _ = model.score(plain)
    shown = [line.split(";")[3].replace(",", ".") for line in result.decode().splitlines()[1:]]
    assert shown == [line.split(",")[3] for line in expected.decode().splitlines()[1:]]
    assert (scored.statistics.bad, scored.statistics.missing) == ({}, {"age": 1})


def test_a_file_without_a_header_gets_none(tmp_path: Path, model: Model) -> None:
    data, dialect = read(tmp_path, "20,red\n30,blue\n41,red\n")
    assert dialect.names == ("column_1", "column_2")
    result, _ = model.score(data, dialect, mapping={"age": "column_1", "colour": "column_2"})
    assert [line.count(",") for line in result.decode().splitlines()] == [4, 4, 4]


def test_a_label_with_a_delimiter_is_refused_where_nothing_can_be_quoted(make: object) -> None:
    model = make("a\tb", "c")  # type: ignore[operator]  # the fixture makes a model
    with pytest.raises(LabelUnquotable, match="without quotes"):
        model.score(b"age\tcolour\n20\tred\n", Dialect(delimiter="\t", quotechar=""))


def test_a_result_is_read_as_it_was_written_whatever_is_said_of_its_upload_later(tmp_path: Path) -> None:
    path = tmp_path / "staged"
    path.write_bytes(b"a;b\n1;2\n3;4\n")
    now = examine(path, file_name="a.csv", overrides=ReadingOverrides(delimiter=","))
    upload = UploadRow(receipt=now.to_json())
    written_in = Dialect(delimiter=";")
    kept = PredictionRow(columns={"added": ["prediction"], "dialect": written_in.to_json()})
    assert predictions.dialect_of(kept, upload) == written_in
    assert predictions.dialect_of(PredictionRow(columns={"added": []}), upload) == now.dialect
