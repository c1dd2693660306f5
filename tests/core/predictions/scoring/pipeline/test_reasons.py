"""Why a row got its answer: checked against the pipeline itself, asked row by row and column by column."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.models.schema import Feature, Schema, frame
from core.predictions.errors import ReasonsUnknown
from core.predictions.scoring.pipeline import reasons
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.conftest import Model, rows

NAMES = ("reason_1", "reason_2", "reason_3")


def said(result: bytes, dialect: Dialect | None = None) -> list[list[str]]:
    """The reasons of each row, the empty ones left out."""
    table = stream.read_table(io.BytesIO(result), dialect or Dialect())
    return [[row[name] for name in NAMES if row[name]] for row in table.select(list(NAMES)).to_pylist()]


def asked(model: Model, given: pd.DataFrame) -> list[list[str]]:
    """What the reasons should be: every score anew, with one cell replaced, and compared in Python."""
    labels = list(model.schema.labels)

    def scores(one: pd.DataFrame, label: str | None) -> float:
        if label is None:
            return round(float(model.pipeline.predict(one)[0]), 6)
        return round(float(model.pipeline.predict_proba(one)[0][labels.index(label)]), 6)

    found = []
    for i in range(len(given)):
        row = given.iloc[[i]]
        label = None if not labels else model.schema.positive_label or str(model.pipeline.predict(row)[0])
        changes = []
        for feature in model.schema.features:
            replaced = row.copy()
            replaced[feature.name] = pd.Series(
                [feature.reference], index=row.index, dtype=row[feature.name].dtype
            )
            change = scores(row, label) - scores(replaced, label)
            value = row[feature.name].iloc[0]
            if value is None or value != value:
                value = "missing"
            elif feature.kind == "number":
                value = f"{value:g}"
            if abs(change) > 1e-9:
                word = "higher" if change > 0 else "lower"
                changes.append((-abs(change), f"{word} because {feature.name} is {value}"))
        found.append([text for _, text in sorted(changes, key=lambda one: one[0])][:3])
    return found


@pytest.mark.parametrize(
    "labels", [("No", "Yes"), ("high", "low", "mid"), ()], ids=["two", "three", "number"]
)
def test_they_are_what_the_pipeline_says_when_it_is_asked(
    make: Callable[..., Model], labels: tuple[str, ...]
) -> None:
    model = make(*labels)
    table = rows().slice(0, 80)
    table = table.set_column(1, "colour", pa.array(["pink", "", *table["colour"].to_pylist()[2:]]))
    table = table.set_column(0, "age", pa.array(["n/a", *table["age"].to_pylist()[1:]]))
    lines = [f"{row['age']},{row['colour']}" for row in table.to_pylist()]
    result, scored = model.score("\n".join(["age,colour", *lines]).encode(), with_reasons=True)
    assert scored.added[-3:] == scored.reasons == NAMES
    expected = asked(model, frame(table, model.schema, "."))
    assert said(result) == expected
    assert {len(one) for one in expected} >= {1, 2}


def test_a_row_like_the_usual_one_has_no_reasons(model: Model) -> None:
    result, _ = model.score(b"age,colour\n54.2,red\n54.2,blue\n", with_reasons=True)
    first, second = said(result)
    assert first == []
    assert second in (["higher because colour is blue"], ["lower because colour is blue"])


def test_of_equal_parts_the_models_order_decides_and_three_are_named() -> None:
    schema = Schema(tuple(Feature(f"x{i}", "number", median=0.0) for i in range(5)), "y", "regression")
    changes = np.array([[0.0], [2.0], [-3.0], [2.0], [2.0]])
    found = reasons.cells(changes, lambda feature, at: np.full(len(at), 7.5), schema, Dialect())
    texts = ["lower because x2 is 7.5", "higher because x1 is 7.5", "higher because x3 is 7.5"]
    assert [column.to_pylist() for column in found] == [[text.encode()] for text in texts]


@pytest.mark.parametrize(
    ("value", "dialect", "cell"),
    [
        ("=1+1", Dialect(), b"higher because c is =1+1"),
        ('a, "b"', Dialect(), b'"higher because c is a, ""b"""'),
        ("a\r\n=b", Dialect(), b"higher because c is a =b"),
        ("a;b", Dialect(delimiter=";", quotechar=""), b"higher because c is a_b"),
        ("да", Dialect(encoding="cp1252"), b"higher because c is ??"),
        ("x" * 90, Dialect(), b"higher because c is " + b"x" * 57 + b"..."),
    ],
)
def test_a_reason_is_one_harmless_cell_whatever_it_quotes(value: str, dialect: Dialect, cell: bytes) -> None:
    schema = Schema((Feature("c", "category", categories=("a",)),), "y", "regression")
    found = reasons.cells(np.array([[1.0]]), lambda feature, at: pa.array([value]), schema, dialect)
    assert found[0].to_pylist() == [cell]
    assert [column.to_pylist() for column in found[1:]] == [[b""], [b""]]


def test_numbers_have_the_files_own_decimal_mark(model: Model) -> None:
    dialect = Dialect(delimiter=";", decimal=",")
    result, _ = model.score(b"age;colour\n20,5;red\n", dialect, with_reasons=True)
    assert said(result, dialect)[0][0].endswith("because age is 20,5")


def test_reasons_stand_behind_the_caution_under_free_names(model: Model) -> None:
    result, scored = model.score(b"reason_2,age,colour\n1,20,pink\n", with_reasons=True)
    assert scored.added == ("prediction", "probability", "caution", "reason_1", "reason_2_2", "reason_3")
    assert result.splitlines()[1].split(b",")[5] == b"unseen: colour"


def test_without_being_asked_for_there_are_none(model: Model) -> None:
    result, scored = model.score(b"age,colour\n20,pink\n")
    assert scored.reasons == ()
    assert b"because" not in result


def test_a_model_of_before_medians_were_kept_can_not_give_any(model: Model) -> None:
    age, colour = model.schema.features
    before = Model(model.pipeline, replace(model.schema, features=(replace(age, median=None), colour)))
    assert before.score(b"age,colour\n20,red\n")[1].n_rows == 1
    with pytest.raises(ReasonsUnknown, match=r"\('age'\)\. Train it again"):
        before.score(b"age,colour\n20,red\n", with_reasons=True)
