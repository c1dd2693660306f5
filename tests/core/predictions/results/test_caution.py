"""What makes a row's answer less sure: named in the row, and counted as it is named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from core.predictions.results.caution import Cautions
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examine import examine
from tests.core.predictions.conftest import Model


def said(n: int, dialect: Dialect | None = None, **kinds: dict[str, list[int]]) -> list[bytes]:
    """The cells of n rows with these rows by kind and column."""
    places = {
        kind: {name: np.array(rows) for name, rows in kinds.get(kind, {}).items()}
        for kind in ("unseen", "outside", "bad")
    }
    found: list[bytes] = Cautions(**places).cells(n, dialect or Dialect(delimiter="|")).to_pylist()
    return found


def cautions_of(result: bytes, dialect: Dialect) -> list[str]:
    """The column of cautions as a reader finds it."""
    column: list[str] = stream.read_table(io.BytesIO(result), dialect)["caution"].to_pylist()
    return column


def test_a_row_names_each_kind_and_its_columns_in_the_models_order() -> None:
    cells = said(
        5,
        unseen={"plan": [0, 2], "city": [2]},
        outside={"age": [2, 4]},
        bad={"debt": [4]},
    )
    assert cells == [
        b"unseen: plan",
        b"",
        b"unseen: plan, city; out of range: age",
        b"",
        b"out of range: age; not a number: debt",
    ]


def test_three_columns_are_named_and_the_others_counted() -> None:
    outside = {f"x{i}": [0] + [1] * (i < 4) for i in range(1_000)}
    assert said(2, unseen={"plan": [0]}, outside=outside) == [
        b"unseen: plan; out of range: x0, x1; 998 more",
        b"out of range: x0, x1, x2; 1 more",
    ]


def test_a_long_name_is_cut() -> None:
    assert said(1, unseen={"n" * 500: [0]}) == [b"unseen: " + b"n" * 57 + b"..."]


@pytest.mark.parametrize(
    ("dialect", "cell"),
    [
        (Dialect(), b'"unseen: a ""b"" c, d|e"'),
        (Dialect(delimiter=";"), b'"unseen: a ""b"" c, d|e"'),
        (Dialect(delimiter="\t", quotechar="'"), b'unseen: a "b" c, d|e'),
        (Dialect(delimiter=";", quotechar=""), b'unseen: a "b" c, d|e'),
        (Dialect(delimiter="|", quotechar=""), b'unseen: a "b" c, d_e'),
        (Dialect(delimiter=",", quotechar=""), b'unseen: a "b" c_ d|e'),
        (Dialect(encoding="utf-16-be"), '"unseen: a ""b"" c, d|e"'.encode("utf-16-be")),
    ],
)
def test_it_is_one_cell_of_the_files_dialect(dialect: Dialect, cell: bytes) -> None:
    assert said(1, dialect, unseen={'a "b"\n c': [0], "d|e": [0]}) == [cell]


def test_a_backslash_stays_one_where_it_escapes() -> None:
    assert said(1, Dialect(escapechar="\\"), unseen={"a\\b": [0]}) == [b"unseen: a\\\\b"]


def test_a_name_that_the_files_encoding_lacks_has_question_marks() -> None:
    assert said(1, Dialect(encoding="cp1252"), unseen={"naïf да": [0]}) == [
        "unseen: naïf ??".encode("cp1252")
    ]


def test_the_rows_with_a_caution_are_counted_once_each() -> None:
    places = {"a": np.array([1, 5]), "b": np.array([5])}
    assert Cautions(unseen=places, outside={"c": np.array([7])}, bad={}).n_rows == 3
    assert Cautions(unseen={}, outside={}, bad={}).n_rows == 0


def test_a_messy_file_says_it_below_its_name_and_only_in_rows(tmp_path: Path, model: Model) -> None:
    text = "Customers\n\nage;colour;note\n20;pink\n30;blue;x;\nold;pink;y\nTotal;;2\n"
    path = tmp_path / "staged"
    path.write_text(text)
    dialect = examine(path, file_name="customers.csv").dialect
    result, scored = model.score(text.encode(), dialect)
    assert cautions_of(result, dialect) == ["unseen: colour", "", "unseen: colour; not a number: age"]
    assert result.decode().splitlines()[-2].endswith(';"unseen: colour; not a number: age"')
    assert (scored.statistics.unseen, scored.statistics.bad) == ({"colour": 2}, {"age": 1})
