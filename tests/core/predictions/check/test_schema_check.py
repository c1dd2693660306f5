"""The schema check: what it says of a file is what scoring then does with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core import db
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.models import models
from core.models.schema import Feature, Schema, TargetRange
from core.predictions.check import cell_warnings, schema_check
from core.predictions.check.schema_check import SchemaCheck, of_file
from core.predictions.errors import FeatureMissing, FeatureRetyped, MappedTwice
from core.predictions.results import measures
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES
from core.settings import Settings
from core.storage import LocalStorage
from core.ui.uploads import schema_check_text
from core.uploads.csv.dialect import ColumnRule
from core.uploads.errors import ChangedSinceChecked, UploadGone
from core.uploads.report.examine import examine
from tests import journeys, made
from tests.core.predictions.conftest import Model

SCHEMA = Schema(
    (
        Feature("age", "number", minimum=18.0, maximum=90.0),
        Feature("colour", "category", categories=("red", "green", "blue")),
    ),
    "outcome", "binary", ("No", "Yes"), "Yes",
)  # fmt: skip


def check(tmp_path: Path, text: str, schema: Schema = SCHEMA, **mapping: str) -> SchemaCheck:
    """The check of a text, for a model that was trained with blanks in each column."""
    return look(tmp_path, text, schema, mapping=mapping, was_blank={one.name for one in schema.features})


def look(tmp_path: Path, text: str, schema: Schema = SCHEMA, **how: Any) -> SchemaCheck:
    path = tmp_path / "staged"
    path.write_text(text)
    with path.open("rb") as source:
        return of_file(source, examine(path, file_name="a.csv"), schema, **how)


def said(found: SchemaCheck) -> dict[tuple[str, str], str]:
    return {(one.name, one.about): one.message.replace("\u00a0", " ") for one in found.warnings}


def test_a_file_like_that_of_training_has_nothing_to_say(tmp_path: Path) -> None:
    found = check(tmp_path, "id,age,colour,outcome\n1,20,red,Yes\n2,30,,No\n")
    assert (found.refusal, found.warnings, found.missing, found.mapping) == (None, (), [], {})
    assert (found.outcome, found.extra, found.n_rows, found.n_rows_read) == ("outcome", ("id",), 2, 2)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (("Yes", "No", "Yes"), "The file has the outcome **outcome**, so you get metrics"),
        (("Yes", "", ""), "so you get metrics for the 1 of 3 rows where it is filled"),
        (("", "", ""), "The column **outcome** is empty, so there are no metrics"),
    ],
)
def test_metrics_are_promised_for_the_rows_that_have_an_outcome_alone(
    tmp_path: Path, outcomes: tuple[str, ...], said: str
) -> None:
    rows = "".join(f"{age},red,{outcome}\n" for age, outcome in zip((20, 30, 40), outcomes, strict=True))
    found = check(tmp_path, f"age,colour,outcome\n{rows}")
    assert found.n_outcomes == sum(outcome in ("Yes", "No") for outcome in outcomes)
    assert schema_check_text.of_outcome(found, "outcome").replace("\u00a0", " ").endswith(said)


def test_outcomes_that_can_be_read_in_two_ways_are_asked_about_and_no_row_is_to_blame(tmp_path: Path) -> None:
    numbers = replace(
        SCHEMA, task="regression", labels=(), positive_label=None, target_reading=ColumnRule(0, ".")
    )
    text = "age,colour,outcome\n20,red,46.7%\n30,blue,\n40,green,62.8%\n"
    found = look(tmp_path, text, numbers)
    (question,) = found.questions
    assert (question.name, [one.key for one in question.options]) == ("outcome", ["as_written", "hundredths"])
    (warning,) = found.warnings
    assert (warning.about, warning.name, warning.n_cells) == ("guessed", "outcome", 2)
    assert warning.message.endswith("Choose one, or the metrics may be wrong.")
    assert not look(tmp_path, text, numbers, choices={"outcome": "hundredths"}).warnings


@pytest.mark.parametrize(
    ("known", "mark", "cells", "keys"),
    [
        ((12.0, 98.0, 46.7), "", ("0.467", "0.12"), ["fractions", "as_written"]),
        ((0.0, 98.0, 46.7), "", ("0.467", "0.12"), ["as_written", "fractions"]),
        ((0.0, 98.0, 46.7), "", tuple(f"0.{n}5" for n in range(9)), ["fractions", "as_written"]),
        ((0.0, 98.0, 46.7), "%", ("0.467", "0.12"), ["fractions", "percent"]),
        ((0.1, 0.9, 0.4), "%", ("0.467", "0.12"), []),  # percentages below one, as in training
        ((0.1, 0.9, 0.4), "", ("46.7", "62"), ["hundredths", "as_written"]),
        ((0.1, 0.9, 0.4), "", ("46.7%", "62%"), ["hundredths", "as_written"]),
        ((0.1, 0.9, 0.4), "", ("46.7", "0.62", "0.3"), []),  # one is beyond, which says so
        ((1.0, 98.0, 46.7), "", ("1", "0"), []),
        ((-3.0, 3.0, 0.02), "", ("0.467", "-0.12"), []),
        ((5_000.0, 90_000.0, 20_000.0), "", ("0.467",), []),
    ],
)
def test_outcomes_in_another_scale_than_in_training_are_asked_about(
    tmp_path: Path, known: tuple[float, float, float], mark: str, cells: tuple[str, ...], keys: list[str]
) -> None:
    rule = ColumnRule(0, ".", mark=mark)
    numbers = replace(
        SCHEMA, task="regression", labels=(), positive_label=None, target_reading=rule,
        target_range=TargetRange(*known),
    )  # fmt: skip
    text = "age,colour,outcome\n" + "".join(f"20,red,{cell}\n" for cell in cells)
    asked = look(tmp_path, text, numbers).questions
    assert [option.key for one in asked for option in one.options] == keys
    assert not look(tmp_path, text, replace(numbers, target_range=None)).questions or mark or "%" in text


def test_outcomes_beyond_those_of_training_are_told(tmp_path: Path) -> None:
    numbers = replace(
        SCHEMA, task="regression", labels=(), positive_label=None, target_reading=ColumnRule(0, "."),
        target_range=TargetRange(12.0, 98.0, 46.7),
    )  # fmt: skip
    text = "age,colour,outcome\n20,red,46.7\n20,red,\n20,red,250\n"
    assert said(look(tmp_path, text, numbers)) == {
        (
            "outcome",
            "outside",
        ): "outcome: 1 row (33.3 %) has an outcome outside the range seen in training, 12 to 98: "
        "outcomes run from 46.7 to 250. They are measured all the same."
    }


def test_missing_columns_come_with_the_nearest_and_a_guess_that_fits_in_kind(tmp_path: Path) -> None:
    found = check(tmp_path, "Age,Colours,Outcome (late)\n20,red,Yes\n30,blue,No\n")
    assert [(one.name, one.column, one.nearest, one.is_guess) for one in found.columns] == [
        ("age", None, "Age", True),
        ("colour", None, "Colours", True),
    ]
    assert found.guesses == {"age": "Age", "colour": "Colours"}
    assert (found.outcome, found.outcome_nearest) == (None, "Outcome (late)")
    assert isinstance(found.refusal, FeatureMissing)
    worded = check(tmp_path, "Age,colour\nold,red\nyoung,blue\n")
    assert (worded.missing[0].nearest, worded.guesses) == ("Age", {})


def test_a_mapping_that_leaves_nothing_missing_is_checked_under_the_models_names(tmp_path: Path) -> None:
    text = "Alter,Farbe,left,rest\n20,red,Yes,x\n95,pink,No,y\n"
    found = check(tmp_path, text, age="Alter", colour="Farbe", outcome="left")
    assert (found.refusal, found.outcome, found.extra) == (None, "left", ("rest",))
    assert [one.column for one in found.columns] == ["Alter", "Farbe"]
    assert said(found) == {
        ("colour", "unseen"): "colour (read from 'Farbe'): 1 row (50 %) has a value not seen in training, "
        "such as 'pink'.",
        ("age", "outside"): "age (read from 'Alter'): 1 row (50 %) is outside the range seen in training, "
        "18 to 90: its values run from 20 to 95.",
    }


def test_what_is_counted_beforehand_is_what_scoring_counts(tmp_path: Path, model: Model) -> None:
    rows = [f"{(20 + i % 60, 'old', 200)[i % 3]},{('red', 'pink')[i % 2]}" for i in range(99)]
    text = "Alter,colour\n" + "\n".join(rows) + "\n"
    mapping = {"age": "Alter"}
    found = check(tmp_path, text, **mapping)
    _, scored = Model(model.pipeline, SCHEMA).score(text.encode(), mapping=mapping)
    counted = {(one.name, one.about): one.n_cells for one in found.warnings}
    assert counted == {
        ("age", "retyped"): scored.statistics.bad["age"],
        ("age", "outside"): scored.statistics.outside["age"],
        ("colour", "unseen"): scored.statistics.unseen["colour"],
    }
    assert counted["age", "retyped"] == 33


def test_a_last_line_that_looks_like_a_total_is_counted_where_the_model_knows_its_value(
    tmp_path: Path,
) -> None:
    feature = Feature("colour", "category", categories=("red", "Total"), reading=ColumnRule(0))
    schema = Schema((feature,), "outcome", "binary", ("No", "Yes"), "Yes")
    text = "colour;n\n" + "".join(f"red;{n}\n" for n in (2, 3, 4)) + "Total;9\n"
    assert check(tmp_path, text).n_rows == 3
    found = check(tmp_path, text, schema)
    assert (found.n_rows, found.n_rows_read) == (4, 4)


@pytest.mark.parametrize("n_bad", [49, 50, 51, 100])
def test_a_file_is_refused_beforehand_exactly_where_scoring_refuses_it(
    tmp_path: Path, model: Model, n_bad: int
) -> None:
    text = "age,colour\n" + "".join(f"{'old' if i < n_bad else 30},red\n" for i in range(100))
    found = check(tmp_path, text)
    try:
        model.score(text.encode())
    except FeatureRetyped as refused:
        assert str(found.refusal) == str(refused)
        (warned,) = found.warnings
        assert (warned.about, warned.refuses, warned.n_cells) == ("retyped", True, n_bad)
    else:
        assert found.refusal is None
        assert n_bad <= 50


def test_a_few_cells_that_are_no_number_are_counted_over_the_whole_file(tmp_path: Path) -> None:
    rows = "".join(f"{i % 70 + 18},red\n" for i in range(400))
    found = check(tmp_path, f"age,colour\n{rows}n.k.,red\n")
    assert said(found) == {
        ("age", "retyped"): "age: 1 row (0.2 %) has text instead of a number, such as 'n.k.'. "
        "These cells are scored as blank."
    }


def test_of_a_long_file_the_first_rows_are_counted_and_the_rest_is_known_from_its_profile(
    tmp_path: Path,
) -> None:
    filling, some = "x" * 1000, {"n_blocks": 2}
    n_rows = 6 * BLOCK_BYTES // 1000
    rows = [f"{30 if i < n_rows - 9 else 99},red,{filling}" for i in range(n_rows)]
    found = look(tmp_path, "age,colour,note\n" + "\n".join(rows) + "\n", **some)
    assert found.n_rows == n_rows
    assert 0 < found.n_rows_read < n_rows / 2
    (warned,) = found.warnings
    assert (warned.about, warned.n_cells, warned.n_rows) == ("outside", 0, found.n_rows_read)
    assert (
        f"after the first {found.n_rows_read:,} rows: its values run from 30 to 99"
        in said(found)["age", "outside"]
    )
    pink = [row.replace("red", "pink") for row in rows]
    later = look(tmp_path, "age,colour,note\n" + "\n".join(pink) + "\n", **some)
    assert "each of the first" in said(later)["colour", "unseen"]
    worded = [row.replace("30,", "old,") if i > n_rows / 2 else row for i, row in enumerate(rows)]
    retyped = look(tmp_path, "age,colour,note\n" + "\n".join(worded) + "\n", **some)
    assert "text instead of numbers after the first" in said(retyped)["age", "retyped"]
    assert retyped.refusal is None


def test_a_file_of_many_blocks_is_looked_at_whole(tmp_path: Path) -> None:
    filling = "x" * 1000
    n_rows = 5 * BLOCK_BYTES // 1000
    rows = [f"30,{'red' if i < n_rows - 11 else 'pink'},{filling}" for i in range(n_rows)]
    found = check(tmp_path, "age,colour,note\n" + "\n".join(rows) + "\n")
    assert found.n_rows_read == n_rows
    assert [(one.about, one.n_cells, one.n_rows) for one in found.warnings] == [("unseen", 11, n_rows)]


@pytest.mark.parametrize("was_blank", [None, set(), {"age"}, {"age", "colour"}])
@pytest.mark.parametrize(
    "rows",
    [
        ["30,red"] * 20,
        ["30,red"] * 19 + [",red"],
        ["30,red"] * 19 + ["30,"],
        [",red"] * 20,
        ["30,pink"] + ["30,red"] * 19,
        ["30,red"] * 9 + ["old,red"] + ["30,red"] * 10,
        ["99,red"] + ["30,red"] * 19,
        [",red"],
        ["30,red"],
    ],
)
def test_the_check_and_the_result_agree_on_what_is_unlike_training(
    tmp_path: Path, model: Model, rows: list[str], was_blank: set[str] | None
) -> None:
    text = "age,colour\n" + "\n".join(rows) + "\n"
    found = look(tmp_path, text, was_blank=was_blank)
    _, scored = Model(model.pipeline, SCHEMA).score(text.encode())
    quality = measures.quality(scored.statistics, SCHEMA)
    n_differing = sum(one.n_differing(was_blank, n_rows=len(rows)) for one in quality)
    assert sum(one.n_cells for one in found.warnings) == n_differing


def test_the_range_that_is_told_is_the_models_reading_of_the_file(tmp_path: Path) -> None:
    """To the file, -999 once is a number and 1.500 is 1.5; to the model it is missing, and 1500."""
    age = replace(SCHEMA.features[0], reading=ColumnRule(0, ",", ".", missing=("-999",)))
    found = check(
        tmp_path,
        "age;colour\n1.500;red\n-999;red\n2.250;red\n",
        replace(SCHEMA, features=(age, SCHEMA.features[1])),
    )
    assert said(found)["age", "outside"].endswith("18 to 90: its values run from 1,500 to 2,250.")


def test_blanks_where_training_had_none_are_said(tmp_path: Path) -> None:
    found = look(tmp_path, "age,colour\n20,red\n,blue\n,green\n30,red\n", was_blank={"colour"})
    assert said(found) == {
        (
            "age",
            "blank",
        ): "age: 2 rows (50 %) are blank, as none was in training. Blank cells are filled in as in training."
    }


def test_warnings_that_columns_share_are_one_sentence(tmp_path: Path) -> None:
    features = tuple(Feature(f"f{i}", "number", minimum=0.0, maximum=9.0) for i in range(8))
    schema = replace(SCHEMA, features=(*features, *SCHEMA.features))
    names = ",".join(feature.name for feature in schema.features)
    rows = [",".join(["5"] * 8) + ",30,red", ",".join(["99"] * 8) + ",30,pink"]
    found = check(tmp_path, f"{names}\n" + "\n".join(rows) + "\n", schema)
    assert [one.replace("\u00a0", " ") for one in cell_warnings.grouped(found.warnings)] == [
        "8 columns have numbers outside the range seen in training: f0 (50 %), f1 (50 %), f2 (50 %), f3 (50 %), "
        "f4 (50 %), f5 (50 %) and 2 more.",
        "colour: 1 row (50 %) has a value not seen in training, such as 'pink'.",
    ]


def test_an_empty_column_says_so_once(tmp_path: Path) -> None:
    found = check(tmp_path, "age,colour\n,red\nNA,blue\n")
    assert said(found) == {
        ("age", "blank"): "age: every row is blank. Blank cells are filled in as in training."
    }


def test_the_only_row_is_called_so(tmp_path: Path) -> None:
    assert said(check(tmp_path, "age,colour\n30,pink\n")) == {
        (
            "colour",
            "unseen",
        ): "colour: the only row has a value not seen in training, such as 'pink'."
    }


def test_what_refuses_the_file_comes_first_and_then_what_touches_most_rows(tmp_path: Path) -> None:
    schema = replace(SCHEMA, features=(Feature("n", "number"), *SCHEMA.features))
    rows = "".join(f"word,{95 if i < 3 else 30},pink\n" for i in range(10))
    found = check(tmp_path, f"n,age,colour\n{rows}", schema)
    assert [(one.name, one.about) for one in found.warnings] == [
        ("n", "retyped"),
        ("colour", "unseen"),
        ("age", "outside"),
    ]


def test_messy_files_are_read_as_scoring_reads_them(tmp_path: Path) -> None:
    text = "Customers\n\nage;colour;pay\n20;red;1.234,50 €\n30;blue\n95,5;pink;7,10 €\nTotal;;2\n"
    schema = replace(
        SCHEMA, features=(*SCHEMA.features, Feature("pay", "number", minimum=0.0, maximum=100.0))
    )
    found = check(tmp_path, text, schema)
    assert set(said(found)) == {("age", "outside"), ("colour", "unseen"), ("pay", "outside")}
    assert found.n_rows_read == found.n_rows == 3


def test_numbers_that_are_named_only_nearly_are_told_with_one_of_the_files_own(tmp_path: Path) -> None:
    rows = "".join(f"{age};red\n" for age in ("<25", *range(20, 50)))
    told = said(check(tmp_path, f"age;colour\n{rows}"))
    assert told == {
        (
            "age",
            "about",
        ): "age: 1 row (3.2 %) names a number only nearly, such as '<25'. The number itself is used."
    }


HOSTILE = ['quo"te', "$x$ **b** [a](b) :red[c]", "<script>", "a\\b", "=1+1", "日本", "prediction", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_column_may_be_called_anything(tmp_path: Path, model: Model, name: str) -> None:
    header = f'"{name.replace(chr(34), chr(34) * 2)}",colour,id\n'
    text = header + "20,red,1\n30,blue,2\n95,red,3\n"
    found = check(tmp_path, text, age=name)
    assert (found.refusal, found.mapping) == (None, {"age": name})
    assert name in said(found)["age", "outside"]
    result, scored = model.score(text.encode(), mapping={"age": name})
    plain, _ = model.score(b"age,colour,id\n20,red,1\n30,blue,2\n95,red,3\n")
    assert [line.split(b",")[-2:] for line in result.splitlines()[1:]] == [
        line.split(b",")[-2:] for line in plain.splitlines()[1:]
    ]
    assert scored.added[0] == ("prediction_2" if name == "prediction" else "prediction")


def test_four_thousand_columns_are_checked_and_mapped(tmp_path: Path) -> None:
    features = tuple(Feature(f"f{i}", "number", minimum=0.0, maximum=1.0) for i in range(4_000))
    schema = Schema(features, "y", "regression")
    text = ",".join(f"Column {i}" for i in range(4_000)) + "\n" + (",".join(["2"] * 4_000) + "\n") * 2
    lacking = check(tmp_path, text, schema)
    assert (len(lacking.missing), lacking.n_rows_read) == (4_000, 2)
    mapped = check(tmp_path, text, schema, **{f"f{i}": f"Column {i}" for i in range(4_000)})
    assert (mapped.missing, len(mapped.warnings), mapped.extra) == ([], 4_000, ())


@pytest.fixture
def learned_from(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


@pytest.fixture
def upload(learned_from: UploadRow, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, b"Alter,plan\n31,a\n95,z\n", settings=settings, files=storage)


def test_an_upload_is_checked_with_the_mapping_of_before(
    user: db.User, storage: LocalStorage, learned_from: UploadRow, upload: UploadRow
) -> None:
    model = made.ready_model(user, learned_from)
    check_it = partial(schema_check.check, user, storage=storage, upload_id=upload.id, model_id=model.id)
    before = check_it()
    assert isinstance(before.refusal, FeatureMissing)
    assert before.remembered is None
    prediction_id = made.completed(user, upload, model, mapping={"age": "Alter"})
    again = check_it()
    assert again.remembered is not None
    assert (again.remembered.prediction_id, again.mapping) == (prediction_id, {})
    mapped = check_it(mapping=again.remembered.mapping)
    assert mapped.refusal is None
    assert set(said(mapped)) == {("age", "outside"), ("plan", "unseen")}
    with pytest.raises(MappedTwice):
        check_it(mapping={"age": "Alter", "plan": "Alter"})


def test_what_is_not_ones_own_not_ready_or_gone_is_not_checked(
    user: db.User, stranger: db.User, storage: LocalStorage, learned_from: UploadRow, upload: UploadRow
) -> None:
    model = made.ready_model(user, learned_from)
    check_it = partial(schema_check.check, storage=storage, upload_id=upload.id, model_id=model.id)
    with pytest.raises(NotFound, match="upload"):
        check_it(stranger)
    with pytest.raises(NotFound, match="model"):
        check_it(user, model_id=uuid4())
    with db.session_scope(user, write=True) as session:
        training = models.request_training(session, upload=learned_from, target="churned")
    with pytest.raises(Conflict):
        check_it(user, model_id=training.id)
    storage.delete(upload.storage_key)
    with pytest.raises(UploadGone):
        check_it(user)


@pytest.mark.parametrize("damage", [b"\xff", b",", b"\n", b'"'])
def test_a_stored_file_that_was_changed_is_said_to_be_so(
    user: db.User, storage: LocalStorage, learned_from: UploadRow, upload: UploadRow, damage: bytes
) -> None:
    model = made.ready_model(user, learned_from)
    (storage.root / upload.storage_key).write_bytes(damage * upload.size_bytes)
    with pytest.raises(ChangedSinceChecked):
        schema_check.check(user, storage=storage, upload_id=upload.id, model_id=model.id)
