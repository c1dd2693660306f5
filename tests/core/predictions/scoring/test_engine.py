"""The streaming engine: the analyst's own bytes, the model's own scores, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.models.schema import frame
from core.predictions.errors import (
    BlockFailed,
    FeatureMissing,
    FeatureRetyped,
    InputLost,
    LabelUnwritable,
    ScoringStopped,
)
from core.predictions.scoring import engine
from core.storage import DiskFull
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.conftest import COLOURS, Model
from tests.core.uploads.splitting import split_records


def many(n: int, dialect: Dialect | None = None) -> bytes:
    """A file of n rows in which every third note is quoted and holds a delimiter, a quote and a line end."""
    dialect = dialect or Dialect()
    mark, end = dialect.delimiter, dialect.line_end
    lines = [mark.join(("note", "age", "colour", "outcome"))]
    for i in range(n):
        note = f'"a{mark}""{i}"" b{end}c"' if i % 3 == 0 else f"plain {i}"
        age = f"{18 + i % 70}.{i % 10}".replace(".", dialect.decimal)
        lines.append(mark.join((note, age, COLOURS[i % 3], ("Yes", "No", "", "perhaps")[i % 4])))
    return (end.join(lines) + end).encode(dialect.encoding)


def without_added(result: bytes, scored: Any, dialect: Dialect) -> bytes:
    """The result with its added cells cut off again, record by record."""
    encoding = dialect.encoding
    records = split_records(result, dialect)
    kept = []
    for record in records:
        text = record.decode(encoding)
        body = text.rstrip("\r\n")
        kept.append(body.rsplit(dialect.delimiter, len(scored.added))[0] + text[len(body) :])
    return "".join(kept).encode(encoding)


DIALECTS = {
    "comma": Dialect(),
    "semicolon and decimal comma": Dialect(delimiter=";", decimal=","),
    "tab": Dialect(delimiter="\t"),
    "pipe": Dialect(delimiter="|"),
    "CRLF": Dialect(line_end="\r\n"),
    "CR": Dialect(line_end="\r"),
    "UTF-16 LE": Dialect(encoding="utf-16-le", line_end="\r\n", delimiter=";", decimal=","),
    "UTF-16 BE": Dialect(encoding="utf-16-be"),
    "cp1252": Dialect(encoding="cp1252", delimiter=";"),
}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_byte_of_the_file_stays_in_its_place(model: Model, dialect: Dialect) -> None:
    data = many(50, dialect)
    result, scored = model.score(data, dialect, block_bytes=700)
    assert without_added(result, scored, dialect) == data
    assert scored.n_rows == 50
    assert scored.n_bytes == len(result)
    assert scored.sha256 == hashlib.sha256(result).hexdigest()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_the_added_cells_are_the_models_scores_in_the_files_dialect(model: Model, dialect: Dialect) -> None:
    data = many(50, dialect)
    result, _ = model.score(data, dialect)
    table = stream.read_table(io.BytesIO(data), dialect)
    expected = model.pipeline.predict_proba(frame(table, model.schema, dialect.decimal))[:, 1]
    scores = stream.read_table(io.BytesIO(result), dialect)
    assert scores["probability"].to_pylist() == [f"{p:.6f}".replace(".", dialect.decimal) for p in expected]
    assert scores["prediction"].to_pylist() == ["Yes" if p > 0.5 else "No" for p in expected]


def test_a_file_reads_as_expected_to_the_last_byte(model: Model) -> None:
    data = b'\xef\xbb\xbfid;age;colour\r\n7;"20";red\r\n\r\n8;;"gr""een;"'
    result, _ = model.score(data, Dialect(delimiter=";", has_bom=True, line_end="\r\n", decimal=","))
    p, q = model.pipeline.predict_proba(pd.DataFrame({"age": [20, np.nan], "colour": ["red", 'gr"een;']}))[
        :, 1
    ]
    first, second = (f"{'Yes' if x > 0.5 else 'No'};{x:.6f}".replace(".", ",") for x in (p, q))
    header = b"\xef\xbb\xbfid;age;colour;prediction;probability;caution\r\n"
    assert result == header + f'7;"20";red;{first};\r\n\r\n8;;"gr""een;";{second};unseen: colour'.encode()


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n", b"\r\n\n"])
def test_the_end_of_the_file_stays_as_it_is(model: Model, end: bytes) -> None:
    result, _ = model.score(b"age,colour\n20,red\n30,blue" + end)
    last = result.rsplit(b"\n30,blue", 1)[1]
    assert last.strip() + end == last
    assert last.startswith(b",No,0.")


def test_a_stray_quote_inside_a_cell_is_text(model: Model) -> None:
    result, scored = model.score(b'age,colour,size\n20,red,5" pipe\n30,blue,6"\n40,red,7\n')
    assert scored.n_rows == 3
    assert [line.count(b",") for line in result.splitlines()] == [5, 5, 5, 5]


def test_block_size_and_threads_change_no_byte(make: Callable[..., Model]) -> None:
    data = many(400)
    model = make("No", "Yes")
    results = {
        model.score(data, block_bytes=size, n_threads=n)[0] for size in (1_000, 4 << 20) for n in (1, 2)
    }
    assert len(results) == 1


def test_each_class_of_several_gets_a_probability(make: Callable[..., Model]) -> None:
    model = make("high", "low", "mid;dle")
    dialect = Dialect(delimiter=";", decimal=",")
    result, scored = model.score(b"age;colour\n20;red\n80,5;blue\n50;green\n", dialect)
    probabilities = ("probability_high", "probability_low", "probability_mid;dle")
    assert scored.added == ("prediction", *probabilities, "caution")
    given = pd.DataFrame({"age": [20, 80.5, 50], "colour": ["red", "blue", "green"]})
    expected = [
        ['"mid;dle"' if label == "mid;dle" else label, *(f"{p:.6f}".replace(".", ",") for p in line)]
        for label, line in zip(
            model.pipeline.predict(given), model.pipeline.predict_proba(given), strict=True
        )
    ]
    lines = result.decode().splitlines()
    assert lines[0] == 'age;colour;prediction;probability_high;probability_low;"probability_mid;dle";caution'
    assert lines[2] == "80,5;blue;" + ";".join(expected[1]) + ";"
    assert lines[3] == "50;green;" + ";".join(expected[2]) + ";"


def test_a_regression_adds_its_number_and_no_probability(make: Callable[..., Model]) -> None:
    model = make()
    result, scored = model.score(b"age;colour\n20;red\n80,5;blue\n", Dialect(delimiter=";", decimal=","))
    given = pd.DataFrame({"age": [20, 80.5], "colour": ["red", "blue"]})
    expected = [f"{value:.6f}".rstrip("0").replace(".", ",") for value in model.pipeline.predict(given)]
    assert scored.added == ("prediction", "caution")
    assert [line.split(";")[2] for line in result.decode().splitlines()[1:]] == expected


def test_names_that_the_file_has_already_are_not_taken_again(model: Model) -> None:
    header = b"Prediction,age,probability,probability_2,colour,Caution"
    result, scored = model.score(header + b"\nx,20,1,2,red,\n")
    assert scored.added == ("prediction_2", "probability_3", "caution_2")
    assert scored.caution == "caution_2"
    assert result.startswith(header + b",prediction_2,probability_3,caution_2\n")


@pytest.mark.parametrize(
    ("label", "cell"),
    [
        ("Yes, please", b'"Yes, please"'),
        ('a "b"', b'"a ""b"""'),
        ("two\nlines", b'"two\nlines"'),
        ("=1+1", b"'=1+1"),
        ("@x, y", b'"\'@x, y"'),
        ("+1", b"+1"),
        ("-3.5", b"-3.5"),
        ("-x", b"'-x"),
    ],
)
def test_a_label_is_one_harmless_cell(make: Callable[..., Model], label: str, cell: bytes) -> None:
    model = make(*sorted((label, "other")))
    result, _ = model.score(b"age,colour\n18,red\n90,red\n")
    assert b"red," + cell + b",0." in result


def test_labels_are_written_in_the_files_encoding(make: Callable[..., Model]) -> None:
    result, _ = make("naïf", "été").score("age,colour\n90,red\n".encode("cp1252"), Dialect(encoding="cp1252"))
    assert "90,red,été,0.".encode("cp1252") in result


def test_a_label_that_the_files_encoding_lacks_is_refused(make: Callable[..., Model]) -> None:
    with pytest.raises(LabelUnwritable, match=r"'да'.*cp1252"):
        make("no", "да").score(b"age,colour\n90,red\n", Dialect(encoding="cp1252"))


@pytest.mark.parametrize("data", [b"age,colour\n", b"age,colour", b"age,colour\n\n"])
def test_a_file_without_rows_gets_a_header_and_no_rows(model: Model, data: bytes) -> None:
    result, scored = model.score(data)
    assert result == data.replace(b"colour", b"colour,prediction,probability,caution")
    assert (scored.n_rows, scored.statistics.n_rows) == (0, 0)


def test_progress_tells_the_rows_written_in_order(model: Model) -> None:
    told: list[int] = []
    model.score(many(200), block_bytes=1_000, progress=told.append)
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == 200


def test_an_absent_feature_is_named_with_the_nearest_column(model: Model) -> None:
    with pytest.raises(FeatureMissing, match=r"'colour' \(nearest: 'Color '\)"):
        model.score(b"age,Color ,x\n20,red,1\n")


def test_a_mapped_column_is_read_in_place_of_the_feature(model: Model) -> None:
    data = b"age,Farbe,colour\n20,red,zzz\n"
    mapped, scored = model.score(data, mapping={"colour": "Farbe"})
    plain, _ = model.score(b"age,colour\n20,red\n")
    assert mapped.splitlines()[1].rsplit(b",", 2)[1:] == plain.splitlines()[1].rsplit(b",", 2)[1:]
    assert mapped.startswith(b"age,Farbe,colour,prediction")
    assert scored.statistics.unseen == {}


def test_a_number_column_that_holds_text_is_refused_with_an_example(model: Model) -> None:
    with pytest.raises(FeatureRetyped) as refused:
        model.score(b"age,colour\n,red\n20,red\nforty,red\nfifty,blue\n")
    assert "'age'" in refused.value.message
    assert "67 %" in refused.value.message
    assert (
        "67 % of its first cells in this file are not numbers, such as 'forty' in row 3"
        in refused.value.message
    )
    assert refused.value.hint == "Correct the column, map another one to it, or choose another model."


def test_a_few_bad_numbers_are_scored_as_missing_and_counted(model: Model) -> None:
    _, scored = model.score(b"age,colour\n20,red\nforty,pink\n30,blue\n,red\n")
    assert scored.n_rows == 4
    assert (scored.statistics.bad, scored.statistics.missing, scored.statistics.unseen) == (
        {"age": 1},
        {"age": 1},
        {"colour": 1},
    )


class FailsOn:
    """An estimator that fails where a row's age is the one given."""

    def __init__(self, age: float) -> None:
        self.age = age

    def predict_proba(self, given: pd.DataFrame) -> np.ndarray:
        if (given["age"] == self.age).any():
            raise ZeroDivisionError("no such age")
        return np.tile([0.25, 0.75], (len(given), 1))


def test_a_failing_block_is_named_by_its_first_row(model: Model) -> None:
    data = b"age,colour\n" + b"".join(b"%d,red\n" % i for i in range(1_000, 1_100))
    failing = Model(FailsOn(1_055), model.schema)  # type: ignore[arg-type]  # has all that the engine asks for
    with pytest.raises(BlockFailed) as failed:
        failing.score(data, block_bytes=90)
    assert "row 49: ZeroDivisionError: no such age" in failed.value.message
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


class Vanishing(io.BytesIO):
    """A file whose storage goes away in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 2_000:
            raise OSError(errno.ESTALE, "Stale file handle")
        return super().read(size)


def test_an_input_that_goes_away_says_after_which_row(model: Model) -> None:
    with pytest.raises(InputLost, match="Stale file handle"):
        engine.score(
            Vanishing(many(500)),
            io.BytesIO(),
            dialect=Dialect(),
            pipeline=model.pipeline,
            schema=model.schema,
            progress=lambda _: None,
            block_bytes=500,
        )


def test_a_full_disk_asks_for_space(model: Model) -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(DiskFull) as refused:  # noqa: PTH123
        engine.score(
            io.BytesIO(many(5)),
            full,
            dialect=Dialect(),
            pipeline=model.pipeline,
            schema=model.schema,
            progress=lambda _: None,
        )
    assert "the folder of the result" in refused.value.message
    assert "free some space" in refused.value.hint


def test_a_stopped_run_ends_between_blocks(model: Model) -> None:
    told: list[int] = []
    with pytest.raises(ScoringStopped) as stopped:
        model.score(many(500), block_bytes=1_000, progress=told.append, stop=lambda: len(told) == 2)
    assert stopped.value.row == told[-1] < 500
    assert len(told) == 2


def test_the_statistics_do_not_depend_on_the_blocks(model: Model) -> None:
    whole = model.score(many(900))[1].statistics
    parts = model.score(many(900), block_bytes=4_000)[1].statistics
    assert parts.to_json() == whole.to_json()
    assert (whole.n_measured, whole.n_blank, whole.n_unknown) == (450, 225, 225)


def test_a_file_without_outcomes_counts_scores_only(model: Model) -> None:
    counted = model.score(b"age,colour\n20,red\n80,blue\n")[1].statistics
    assert (counted.n_measured, counted.n_blank, counted.n_unknown) == (0, 0, 0)
    assert counted.classes is not None
    assert counted.classes.scores.sum() == 2
    assert counted.classes.confusion.sum() == 0


def test_the_frame_the_model_sees_is_the_training_frame(model: Model) -> None:
    table = pa.table({"age": ["20", "x"], "colour": [" red ", ""]})
    given = frame(table, model.schema, ".")
    result, _ = model.score(b"age,colour\n20, red \nx,\n10,red\n")
    cells = [line.split(b",")[3].decode() for line in result.splitlines()[1:3]]
    assert cells == [f"{p:.6f}" for p in model.pipeline.predict_proba(given)[:, 1]]
