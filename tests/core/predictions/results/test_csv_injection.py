"""Cells that a spreadsheet would run: found in any column, told from numbers, and made harmless in a copy."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core.predictions.results import csv_injection
from core.predictions.results.csv_injection import FormulaCount
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examine import examine
from tests.core.predictions.conftest import Model

RUN = [
    *("=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+A1", "-2+3+cmd|' /C calc'!A0", "-x", "- item"),
    *("\t=1", "\r=1", "-2,3+x"),
]
SHOWN = [
    *("", "a", "1=1", "a@b.c", "x-y", "-3.5", "+1", "-1e-7", "-", "--", "-1,234.50", "-5 %", "-$5", "-5 €"),
    "+49 170 1234",
]
DIALECTS = {
    "comma": Dialect(),
    "semicolon and CRLF": Dialect(delimiter=";", line_end="\r\n"),
    "tab": Dialect(delimiter="\t"),
    "UTF-16": Dialect(encoding="utf-16-le", delimiter=";", line_end="\r\n"),
    "backslashes": Dialect(escapechar="\\"),
    "single quotes": Dialect(quotechar="'"),
}


def as_cell(text: str, dialect: Dialect, *, always: bool) -> str:
    """The text in quotes, where it needs them or always."""
    quote = dialect.quotechar
    if always or any(mark in text for mark in (dialect.delimiter, quote, "\n", "\r", "\t")):
        return quote + text.replace(quote, quote * 2) + quote
    return text


@pytest.mark.parametrize("text", RUN)
def test_what_begins_as_a_formula_is_one(text: str) -> None:
    assert csv_injection.is_formula(text)


@pytest.mark.parametrize("text", SHOWN)
def test_a_number_a_dash_and_a_text_with_a_sign_inside_are_none(text: str) -> None:
    assert not csv_injection.is_formula(text)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@pytest.mark.parametrize("always", [False, True], ids=["bare", "in quotes"])
@pytest.mark.parametrize("text", [*RUN, *SHOWN])
def test_bytes_are_judged_as_their_text_is(text: str, dialect: Dialect, always: bool) -> None:
    lines = [f"{i}{dialect.delimiter}{as_cell(text, dialect, always=always)}" for i in range(3)]
    block = (dialect.line_end.join(lines) + dialect.line_end).encode(dialect.encoding)
    expected = {"b": FormulaCount(3, 1)} if csv_injection.is_formula(text) else {}
    assert csv_injection.of_block(block, ("a", "b"), dialect) == expected
    safe = csv_injection.safe(block, dialect)
    assert csv_injection.of_block(safe, ("a", "b"), dialect) == {}
    read = stream.parse_block(safe, ("a", "b"), dialect)["b"].to_pylist()
    assert read == [f"'{text}" if expected else text] * 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'=a,"=b",c\r\n', b"'=a,\"'=b\",c\r\n"),
        (b'"""=a","x,=y","p\n=q"\n', b'"""=a","x,=y","p\n=q"\n'),
        (b'"",-1,""\r\n', b'"",-1,""\r\n'),
        (b"\\=a,b\n", b"\\=a,b\n"),
    ],
)
def test_only_the_first_mark_of_a_cell_counts_and_no_other_byte_changes(before: bytes, after: bytes) -> None:
    assert csv_injection.safe(before, Dialect()) == after


def test_an_escaped_sign_is_a_sign() -> None:
    assert csv_injection.safe(b"\\=a,b\n", Dialect(escapechar="\\")) == b"'\\=a,b\n"


@pytest.mark.parametrize("block_bytes", [20, 4 << 20])
def test_a_run_counts_every_column_and_names_the_first_row(model: Model, block_bytes: int) -> None:
    data = b"age,note,colour,=id\n20,,red,x\n30,=1,red,y\n,x,blue,z\n-1,+a,blue,\n5,-3,red,@z\n"
    found = model.score(data, block_bytes=block_bytes)[1].statistics.formulas
    assert found == {"note": FormulaCount(2, 2), "=id": FormulaCount(2, csv_injection.HEADER)}


def test_lines_that_are_no_rows_are_not_counted_but_made_harmless(tmp_path: Path, model: Model) -> None:
    text = "=Customers\n\nage;colour;note\n20;red\n30;blue;=x;\n40;red;y\nTotal;;=2\n"
    path = tmp_path / "staged"
    path.write_text(text)
    dialect = examine(path, file_name="customers.csv").dialect
    result, scored = model.score(text.encode(), dialect)
    assert scored.statistics.formulas == {"note": FormulaCount(1, 2)}
    assert b"".join(csv_injection.safe_chunks(io.BytesIO(result), dialect)) == result.replace(b"=", b"'=")


def test_a_safe_copy_keeps_the_byte_order_mark() -> None:
    dialect = Dialect(encoding="utf-16-le", has_bom=True)
    copied = b"".join(
        csv_injection.safe_chunks(io.BytesIO("\ufeff=a,b\n=1,2\n".encode("utf-16-le")), dialect)
    )
    assert copied.decode("utf-16-le") == "\ufeff'=a,b\n'=1,2\n"
