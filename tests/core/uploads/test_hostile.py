"""Files made to break a reader, in small: each ends in the right table or in a refusal that names what is wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.uploads import errors
from core.uploads.csv import number_formats, raw_blocks, stream
from core.uploads.csv.dialect import Dialect
from core.uploads.detect.shape import headings
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides


def examined(folder: Path, data: bytes, overrides: ReadingOverrides | None = None) -> Examination:
    path = folder / "file.csv"
    path.write_bytes(data)
    return examine(path, file_name="file.csv", overrides=overrides)


def refused(folder: Path, data: bytes) -> errors.BadCsv | errors.NotACsv:
    with pytest.raises((errors.BadCsv, errors.NotACsv)) as caught:
        examined(folder, data)
    return caught.value


def table(folder: Path, data: bytes) -> dict[str, list[str]]:
    found = examined(folder, data)
    read: dict[str, list[str]] = stream.read_table(io.BytesIO(data), found.dialect).to_pydict()
    assert list(read) == [column.name for column in found.columns]
    return read


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'[{"a": 1, "b": 2},\n {"a": 3, "b": 4}]\n', "a JSON file"),
        (b'{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n', "a JSON file"),
        (b"\xef\xbb\xbf [[1, 2],\n [3, 4]]\n", "a JSON file"),
        (b"[]", "a JSON file"),
        (b'<?xml version="1.0"?>\n<a><b>1,2</b></a>\n', "an XML file"),
        (bytes(range(256)), "a binary file"),
        (b"a,b\n" + bytes(range(1, 256)), "a binary file"),
    ],
)
def test_what_is_no_table_is_called_by_its_kind(tmp_path: Path, data: bytes, kind: str) -> None:
    found = refused(tmp_path, data)
    assert isinstance(found, errors.NotACsv)
    assert found.kind == kind


@pytest.mark.parametrize(
    "cell", [b"%PDF-1.7", b"<script>alert(1)</script>", b'"{""a"": 1}"', b"=1+1", b"GIF89a"]
)
def test_a_csv_that_holds_the_beginning_of_another_kind_of_file_is_a_csv(tmp_path: Path, cell: bytes) -> None:
    read = table(tmp_path, b"a,b\n%s,2\n" % cell)
    assert read == {"a": [cell.decode().strip('"').replace('""', '"')], "b": ["2"]}


def test_a_csv_with_a_zip_behind_it_is_refused_where_the_zip_begins(tmp_path: Path) -> None:
    archive = io.BytesIO(b"a,b\n" + b"1,2\n" * 5000)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("other.csv", b"c,d\n3,4\n")
    found = refused(tmp_path, archive.getvalue())
    assert isinstance(found, errors.NulBytes)
    assert found.line == 5002


@pytest.mark.parametrize("codec", ["mac_roman", "koi8-r", "cp850", "cp866"])
def test_the_bytes_of_an_eight_bit_text_all_read_back(tmp_path: Path, codec: str) -> None:
    cells = [bytes([value]) for value in range(0x21, 0x100) if bytes([value]) not in (b'"', b",")]
    data = b"a,b\n" + b"".join(cell + b",1\n" for cell in cells)
    assert isinstance(refused(tmp_path, data), errors.EncodingUnclear)
    found = examined(tmp_path, data, ReadingOverrides(encoding=codec))
    read = stream.read_table(io.BytesIO(data), found.dialect).to_pydict()
    assert found.dialect.encoding == codec
    assert [text.encode(codec) for text in read["a"]] == cells


@pytest.mark.parametrize(
    ("data", "line", "encoding"),
    [
        (b"a,b\n1,\xed\xa0\xbd\n", 2, "UTF-8"),
        (b"a,b\n\xed\xa0\xbd\xed\xb8\x80,1\n", 2, "UTF-8"),
        ("a,b\nx,1\ny,".encode("utf-16") + b"\x3d\xd8\n\0", 3, "UTF-16"),
        ("a,b\nx,1\ny,".encode("utf-16") + b"\0\xdc\n\0", 3, "UTF-16"),
        ("a,b\nx,1\ny,".encode("utf-16") + b"\x3d", 3, "UTF-16"),
    ],
    ids=["half in UTF-8", "pair in UTF-8", "first half", "second half", "half a unit"],
)
def test_halves_of_characters_are_refused_where_they_stand(
    tmp_path: Path, data: bytes, line: int, encoding: str
) -> None:
    found = refused(tmp_path, data)
    assert isinstance(found, errors.UndecodableBytes)
    assert (found.line, found.encoding) == (line, encoding)


def test_numbers_that_no_table_means_stay_the_text_they_are(tmp_path: Path) -> None:
    odd = ["1e999", "0x10", "1_000", "9" * 400, "1.2.3", "٣", "1e-999", "-0"]
    data = "".join(f"{cell},{n}\n" for n, cell in enumerate(odd * 20))
    found = examined(tmp_path, ("n,m\n" + data).encode())
    assert found.columns[0].kind == "category"
    assert table(tmp_path, ("n,m\n" + data).encode())["n"] == odd * 20


def test_a_number_beyond_any_float_is_counted_as_odd_among_numbers(tmp_path: Path) -> None:
    column = examined(tmp_path, b"n,m\n" + b"1.5,1\n" * 500 + b"1e999,1\n").columns[0]
    assert (column.n_odd, column.first_odd) == (1, "1e999")


def test_columns_may_be_called_as_those_we_add(tmp_path: Path) -> None:
    data = b"prediction,probability,caution,Prediction\n1,2,3,4\n5,6,7,8\n"
    assert list(table(tmp_path, data)) == ["prediction", "probability", "caution", "Prediction"]


@pytest.mark.parametrize(
    "data",
    [b",,,\n,,,\n,,,\n", b";;;;\n", b"   \n \t \n", "\u00a0\n\u00a0\n".encode(), b'""\n""\n', b"\t\t\n"],
)
def test_blanks_and_delimiters_alone_are_an_empty_file(tmp_path: Path, data: bytes) -> None:
    assert isinstance(refused(tmp_path, data), errors.EmptyFile)


def test_blank_lines_cost_no_row_however_many_there_are(tmp_path: Path) -> None:
    found = examined(tmp_path, b"a,b\n1,2\n" + b"\n" * 200_000 + b"\r\n" * 200_000 + b"3,4\n")
    assert (found.n_rows, found.treatment.n_blank) == (2, 400_000)


def test_line_ends_of_all_kinds_end_lines_in_one_file(tmp_path: Path) -> None:
    assert table(tmp_path, b"a,b\r1,2\n3,4\r\n5,6\n\r7,8") == {"a": list("1357"), "b": list("2468")}


def test_names_that_differ_in_what_nobody_sees_are_told_apart(tmp_path: Path) -> None:
    data = "\ufeff\u202eamount\u202c,amount\u200b,\ufeffcity\n1,2,3\n4,5,6\n".encode()
    found = examined(tmp_path, data)
    assert [column.name for column in found.columns] == ["amount", "amount_2", "city"]
    assert any("invisible characters" in note for note in found.notes)


def test_joined_letters_keep_the_mark_that_joins_them(tmp_path: Path) -> None:
    name = "می\u200cخواهم"
    assert list(table(tmp_path, f"{name},b\n1,2\n".encode())) == [name, "b"]


def test_marks_of_direction_stay_in_cells(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b\n\u200fAda\u2069,1\n".encode())["a"] == ["\u200fAda\u2069"]


@pytest.mark.parametrize("block_bytes", [1, 9, 4 << 20])
def test_a_byte_order_mark_in_mid_file_is_read_alike_wherever_a_block_begins(block_bytes: int) -> None:
    data = "a,b\n1,2\n\ufeff3,4\n\ufeff5,6\n".encode()
    opened = stream.open_csv(io.BytesIO(data), Dialect(), block_bytes=block_bytes)
    read = [stream.parse_block(block, opened.header, Dialect()) for block in opened.blocks]
    assert [cell for part in read for cell in part["a"].to_pylist()] == ["1", "\ufeff3", "\ufeff5"]


def test_the_mark_that_ends_an_old_file_is_no_row(tmp_path: Path) -> None:
    assert table(tmp_path, b"a,b\n1,2\n\x1a") == {"a": ["1"], "b": ["2"]}
    assert table(tmp_path, b"a\n1\n2\n\x1a\n") == {"a": ["1", "2"]}


@pytest.mark.parametrize(
    ("data", "delimiter", "names"),
    [
        (b"sep=\t\na\tb\n1\t2\n", "\t", ["a", "b"]),
        (b"sep=;\ra;b\r1;2\r", ";", ["a", "b"]),
        (b'"sep=!"\r\na!b\r\n1!2\r\n', "!", ["a", "b"]),
        ("sep=Ë\r\nid;note\r\n1;a\r\n2;b\r\n".encode(), ";", ["id", "note"]),
        (b'sep="\na,b\n1,2\n', ",", ["a", "b"]),
        (b"sep=a\nb,c\n1,2\n", ",", ["b", "c"]),
        (b"sep=\\\na,b\n1,2\n", ",", ["a", "b"]),
    ],
)
def test_a_delimiter_is_announced_only_by_a_mark_that_can_be_one(
    tmp_path: Path, data: bytes, delimiter: str, names: list[str]
) -> None:
    found = examined(tmp_path, data)
    assert (found.dialect.delimiter, [column.name for column in found.columns]) == (delimiter, names)


def test_a_quoted_cell_longer_than_memory_may_hold_is_not_said_to_be_never_closed(tmp_path: Path) -> None:
    found = refused(tmp_path, b'a,b\n1,"' + b"a text\n" * (raw_blocks.RECORD_BYTES // 6) + b'"\n')
    assert isinstance(found, errors.QuoteStaysOpen)
    assert (found.line, found.column, found.limit_mb) == (2, 3, 16)


@pytest.mark.parametrize("line", [b"x" * (1 << 20), b"1," * (1 << 19)])
def test_a_line_longer_than_memory_may_hold_is_refused_with_its_number(tmp_path: Path, line: bytes) -> None:
    found = refused(tmp_path, b"a,b\n1,2\n" + line * 17)
    assert isinstance(found, errors.RecordTooLong)
    assert found.line == 3


def test_very_long_names_are_kept(tmp_path: Path) -> None:
    name = "n" * 100_000
    assert list(table(tmp_path, f"{name},b\n1,2\n".encode())) == [name, "b"]


def test_every_cell_may_be_another_word(tmp_path: Path) -> None:
    found = examined(tmp_path, b"a,b\n" + b"".join(b"word %d,%d\n" % (n, n % 7) for n in range(30_000)))
    column = found.columns[0]
    assert (column.kind, column.distinct_capped, column.n_distinct) == ("text", True, 10_000)


def test_columns_are_refused_by_number_before_anything_is_made_of_them(tmp_path: Path) -> None:
    def wide(n_columns: int) -> bytes:
        return b",".join(b"c%d" % n for n in range(n_columns)) + b"\n" + b",".join([b"1"] * n_columns) + b"\n"

    assert len(examined(tmp_path, wide(stream.MAX_COLUMNS)).columns) == 4096
    found = refused(tmp_path, wide(10_000))
    assert isinstance(found, errors.TooManyColumns)
    assert (found.n_columns, found.maximum) == (10_000, 4096)


BLANKS = " " * 50_000


@pytest.mark.parametrize(
    "cell",
    [
        "1" + BLANKS + "x",
        "$" + BLANKS + "x",
        "(" + BLANKS + "1" + BLANKS,
        "- " * 25_000,
        "!" * 50_000,
        "1 " * 25_000,
    ],
)
def test_no_cell_keeps_the_patterns_of_numbers_and_notes_busy(tmp_path: Path, cell: str) -> None:
    """The suite's time limit is what ends a pattern that tries every way to share blanks out."""
    assert number_formats.of(cell) is None
    spellings = [way for mark in ("", "$", "%") for way in number_formats.spellings(".", mark)]
    assert not any(way.admits(cell[:2000]) or way.admits(cell) for way in spellings)
    data = f"a,b\n1,2\n{cell},3\n4,5\n"
    assert table(tmp_path, data.encode())["a"] == ["1", cell, "4"]


def test_numbers_keep_their_blanks_signs_and_marks(tmp_path: Path) -> None:
    cells = ["$ 1,234.50", "- $5", "$-  7", "( $ 12 )", "  8 $", "+ 9", "3 -", "$          10"]
    read = table(tmp_path, ("a\tb\n" + "".join(f"{cell}\tx\n" for cell in cells)).encode())
    assert read["a"] == ["1234.50", "-5", "-7", "-12", "8", "9", "-3", "10"]


def test_a_second_line_of_odd_digits_does_not_break_a_header(tmp_path: Path) -> None:
    data = "a,,,d\n²,b,c,1\n1,2,3,4\n5,6,7,8\n9,1,2,3\n".encode()
    assert len(table(tmp_path, data)) == 4
    assert not headings.count_up(["²", "³", "¹"])
    assert headings.count_up(["1", "2", "3"])
    assert not headings.count_up(["9" * 5000, "1", "2"])


def test_a_backslash_before_nothing_is_refused_where_backslashes_escape(tmp_path: Path) -> None:
    found = refused(tmp_path, b'a,b\n"x \\"y\\"",1\n"z \\"",2\nw,\\')
    assert isinstance(found, errors.EscapeAtEnd)
    assert found.line == 4
    assert table(tmp_path, b"a,b\nx,1\nw,\\")["b"] == ["1", "\\"]
