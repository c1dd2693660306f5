"""What a file is written in is found, not assumed."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.detect import detection
from core.uploads.detect.encodings import encoding


def found(tmp_path: Path, data: bytes) -> Dialect:
    path = tmp_path / "staged"
    path.write_bytes(data)
    return detection.of_encoding(path, encoding.find(path, file_name="sales.csv")).dialect


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_is_found(tmp_path: Path, delimiter: str, line_end: str) -> None:
    rows = [["name", "n", "note"], ["Ann", "1", "x"], ["Bob", "2", "y"]]
    text = line_end.join(delimiter.join(row) for row in rows) + line_end
    dialect = found(tmp_path, text.encode())
    assert (dialect.delimiter, dialect.line_end, dialect.names) == (
        delimiter,
        line_end,
        ("name", "n", "note"),
    )


@pytest.mark.parametrize(
    ("bom", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-8"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ],
)
def test_unicode_is_found_with_and_without_a_byte_order_mark(tmp_path: Path, bom: bytes, codec: str) -> None:
    text = "name,größe\n" + "Zoë,1\n" * 30 + "李,2\n"
    dialect = found(tmp_path, bom + text.encode(codec))
    assert (dialect.encoding, dialect.has_bom, dialect.delimiter) == (codec, bool(bom), ",")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("stadt,anzahl\nMünchen,1\nKöln,2\nDüsseldorf,3\n", "cp1252"),
        ("ville,prix\nOrléans,5 €\nBesançon,6 €\n", "cp1252"),
        ("город,число\nМосква,1\nСанкт-Петербург,2\n", "cp1251"),
        ("도시,수\n서울,1\n부산,2\n대한민국,3\n경기도 성남시,4\n", "cp949"),
        ("都市,数\n東京,1\n大阪,2\nありがとう,3\n", "cp932"),
    ],
)
def test_an_older_encoding_is_told_by_its_letters(tmp_path: Path, text: str, codec: str) -> None:
    assert found(tmp_path, text.encode(codec)).encoding == codec


def test_a_byte_beyond_the_beginning_decides_the_encoding_too(tmp_path: Path) -> None:
    data = b"city,n\n" + b"Bonn,1\n" * 50_000 + "Köln,2\nMünchen,2\n".encode("cp1252")
    assert found(tmp_path, data).encoding == "cp1252"


def test_a_character_cut_by_the_edge_of_a_read_is_still_utf8(tmp_path: Path) -> None:
    for shift in range(3):
        data = b"a,b\n" + b"x" * shift + "1,€€€€€€€€\n".encode() * 120_000
        assert found(tmp_path, data).encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("a;b\n1,5;x\n2,25;y\n", ","),
        ("a\tb\n-0,5\tx\n1e3\ty\n", ","),
        ("a;b\n1.5;x\n2.25;y\n", "."),
        ("a;b\n1,234;x\n12,500;y\n", "."),
        ("a;b\n1,5;10.5.2020\n2,5;11.5.2020\n", ","),
        ("a,b\n1.5,x\n", "."),
        ('a,b\n"1,5",x\n', "."),
        ("a;b\n1;x,y\n2;z,z\n", "."),
    ],
)
def test_a_decimal_comma_is_seen_where_it_can_be_nothing_else(
    tmp_path: Path, text: str, decimal: str
) -> None:
    assert found(tmp_path, text.encode()).decimal == decimal


def test_delimiters_inside_quotes_do_not_count(tmp_path: Path) -> None:
    data = b'a;b\n"x, y, z";1\n"p, q, r";2\n"u, v";3\n'
    assert found(tmp_path, data).delimiter == ";"


def test_a_few_ragged_rows_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    data = b"a;b;c\n" + b"1;2;3\n" * 40 + b"1;2\n1,2;3\n"
    assert found(tmp_path, data).delimiter == ";"


def test_where_rows_agree_on_no_delimiter_the_likeliest_is_taken(tmp_path: Path) -> None:
    data = b"report of May\nmade by Ann, Bob\n\nid|name|n\n1|Ann|3\n2|Bob|4\n3|Cy|5\n4|Di|6\n"
    assert found(tmp_path, data).delimiter == "|"


def test_one_column_is_read_with_commas(tmp_path: Path) -> None:
    assert found(tmp_path, b"name\nAnn\nBob\n").delimiter == ","


def test_a_dialect_survives_json() -> None:
    dialect = Dialect(
        "utf-16-le",
        ";",
        decimal=",",
        line_end="\r\n",
        has_bom=True,
        names=("a", "b"),
        not_rows=("Sum;3",),
        rules=(ColumnRule(1, ",", ".", "€", ("k.a.",)),),
    )
    assert Dialect.from_json(json.loads(json.dumps(dialect.to_json()))) == dialect


def test_a_dialect_that_was_kept_before_it_knew_of_rules_is_still_read() -> None:
    kept = {
        "encoding": "cp1252",
        "delimiter": ";",
        "quotechar": '"',
        "decimal": ",",
        "line_end": "\n",
        "has_bom": False,
    }
    assert Dialect.from_json(kept) == Dialect("cp1252", ";", decimal=",")


@pytest.mark.parametrize("mark", ["^", "~", "\x1f", "\x01"])
def test_separators_are_found_beside_commas_in_every_row(tmp_path: Path, mark: str) -> None:
    rows = [["no", "name", "level"], *([str(n), f"Low, Ann {n}", f"{n}.5"] for n in range(1, 7))]
    dialect = found(tmp_path, "\n".join(map(mark.join, rows)).encode())
    assert (dialect.delimiter, dialect.names) == (mark, ("no", "name", "level"))


def test_lines_in_quotes_as_a_whole_are_read_as_what_they_hold(tmp_path: Path) -> None:
    text = '"no,name,level"\n' + "".join(f'"{n},""Low, Ann {n}"",{n}.5"\n' for n in range(1, 7))
    dialect = found(tmp_path, text.encode())
    assert (dialect.delimiter, dialect.names) == (",", ("no", "name", "level"))
    assert dialect.rewriting is not None and dialect.rewriting.is_wrapped
    assert Dialect.from_json(json.loads(json.dumps(dialect.to_json()))) == dialect
    only = found(tmp_path, b'"Low, Ann"\n"Orr, Bo"\n"Ek, Cem"\n')
    assert only.rewriting is None or not only.rewriting.is_wrapped


def test_aligned_columns_may_have_blanks_and_commas_in_names_and_cells(tmp_path: Path) -> None:
    rows = [
        ("Full name", "Job title", "Base pay"),
        ("Low, Ann", "LEAD", "800.0"),
        ("Orr, Bo", "CLERK", "95.5"),
    ]
    text = "".join(f"{a:<12}{b:<11}{c:>9}\n" for a, b, c in [*rows, *rows[1:], *rows[1:]])
    assert found(tmp_path, text.encode()).names == ("Full name", "Job title", "Base pay")
