"""Whatever bytes come in, an examination ends in a table or in a refusal of ours; what it accepts reads back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AppError
from core.uploads.csv import stream
from core.uploads.detect.encodings.charsets import CODECS as CODECS_KNOWN
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import (
    DECIMALS,
    ESCAPES,
    KINDS,
    MARKS,
    QUOTES,
    THOUSANDS,
    ColumnOverrides,
    ReadingOverrides,
)

PIECES = st.sampled_from(
    [
        ",", ";", "\t", "|", " ", ":", "^", '"', '""', "'", "\\", '\\"', "\\N", "\n", "\r\n", "\r", "\n\n", "a", "é",
        "日", "😀", "\ufeff", "\u00a0", "1", "0", "-1", "1.5", "1,5", "1.234,50", "1,234.5", "$", "€", " %", "1e999",
        "0x10",
        "-999", "NA", "k.A.", "2024-01-31", "12:30", "Total", "Source:", "#", "sep=;", "=1+1", "prediction", "x" * 200,
        "yes", "no", "\x00", "\x1a", "\x85", "\u2028", "o\u0308", "\u200b", "\u037e", "\x96",
    ]
)  # fmt: skip
CODECS = st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "cp1250", "cp932", "gb18030"]
)
TABLES = st.lists(
    st.lists(st.lists(PIECES, max_size=3).map("".join), min_size=1, max_size=5), min_size=1, max_size=8
)


COLUMN_READINGS = st.builds(
    ColumnOverrides,
    kind=st.sampled_from([None, *KINDS]),
    decimal=st.sampled_from([None, *DECIMALS]),
    thousands=st.sampled_from([None, *THOUSANDS]),
    mark=st.sampled_from([None, "", "$", "%", "("]),
    missing=st.none() | st.lists(PIECES, max_size=3).map(tuple),
)
READINGS = st.builds(
    ReadingOverrides,
    encoding=st.none() | st.sampled_from(CODECS_KNOWN),
    delimiter=st.sampled_from([None, *MARKS]),
    quotechar=st.sampled_from([None, *QUOTES]),
    escapechar=st.sampled_from([None, *ESCAPES]),
    decimal=st.sampled_from([None, *DECIMALS]),
    thousands=st.sampled_from([None, *THOUSANDS]),
    header_line=st.none() | st.integers(0, 9) | st.just(100_000),
    missing=st.none() | st.lists(PIECES, max_size=3).map(tuple),
    keep_lines=st.none() | st.booleans(),
    columns=st.dictionaries(st.sampled_from(["a", "b", "column_1", "no such"]), COLUMN_READINGS, max_size=2),
)
"""What a user may say of a file, all of it that the API takes."""


def examined(data: bytes, overrides: ReadingOverrides | None = None) -> Examination | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        try:
            found = examine(path, file_name="file.csv", overrides=overrides and overrides.checked())
        except AppError as refused:
            assert refused.message
            return None
        with path.open("rb") as source:
            table = stream.read_table(source, found.dialect)
    assert table.num_rows == found.n_rows
    assert table.column_names == [column.name for column in found.columns]
    assert len(set(table.column_names)) == len(table.column_names)
    assert Examination.from_json(found.to_json()) == found
    return found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(pieces=st.lists(PIECES, max_size=60), codec=CODECS)
def test_no_text_breaks_an_examination(pieces: list[str], codec: str) -> None:
    examined("".join(pieces).encode(codec, "replace"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    rows=TABLES, mark=st.sampled_from([",", ";", "\t", "|", " "]), end=st.sampled_from(["\n", "\r\n", "\r"])
)
def test_no_table_breaks_an_examination(rows: list[list[str]], mark: str, end: str) -> None:
    examined(end.join(mark.join(row) for row in rows).encode())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(max_size=400))
def test_no_bytes_break_an_examination(data: bytes) -> None:
    examined(data)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"a,b\n1,2\n", b"a;b\n1,5;2\n", b"\xff\xfea\0,\0b\0\n\0"]),
)
def test_no_tail_breaks_an_examination(data: bytes, head: bytes) -> None:
    examined(head + data)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(pieces=st.lists(PIECES, max_size=40), codec=CODECS, overrides=READINGS)
def test_nothing_that_a_user_says_of_a_file_breaks_its_examination(
    pieces: list[str], codec: str, overrides: ReadingOverrides
) -> None:
    examined("".join(["a,b\n1,2\n", *pieces]).encode(codec, "replace"), overrides)
