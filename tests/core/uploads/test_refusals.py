"""Each way a file can be bad, and the facts its refusal names."""

from __future__ import annotations

import codecs
import gzip
import io
import random
import zipfile
from pathlib import Path

import pytest

from core.uploads import errors
from core.uploads.csv import raw_blocks
from core.uploads.report.examine import examine


def refusal(tmp_path: Path, data: bytes) -> errors.NotACsv | errors.BadCsv:
    path = tmp_path / "staged"
    path.write_bytes(data)
    with pytest.raises((errors.NotACsv, errors.BadCsv)) as caught:
        examine(path, file_name="sales.csv")
    assert "sales.csv" in caught.value.message
    assert caught.value.hint
    return caught.value


def zipped(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name in names:
            opened.writestr(name, "<x/>")
    return archive.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\r\n\r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\xef\xbb\xbf\n"]
)
def test_a_file_without_a_line_of_text_is_called_empty(tmp_path: Path, data: bytes) -> None:
    assert isinstance(refusal(tmp_path, data), errors.EmptyFile)


@pytest.mark.parametrize(("data", "line"), [(b"a,b", 1), (b"a,b\r\n", 1), (b"\n\na;b\n\n", 3)])
def test_a_header_without_rows_is_refused_with_the_line_it_stands_in(
    tmp_path: Path, data: bytes, line: int
) -> None:
    found = refusal(tmp_path, data)
    assert isinstance(found, errors.HeaderOnly)
    assert found.line == line


def test_a_workbook_renamed_to_csv_is_told_how_to_be_saved_as_csv(tmp_path: Path) -> None:
    found = refusal(tmp_path, zipped("[Content_Types].xml", "xl/workbook.xml"))
    assert isinstance(found, errors.Spreadsheet)
    assert "File → Save As → CSV UTF-8" in found.hint


def test_an_old_excel_file_is_told_how_to_be_saved_as_csv(tmp_path: Path) -> None:
    found = refusal(tmp_path, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    assert isinstance(found, errors.Spreadsheet)
    assert "File → Save As → CSV UTF-8" in found.hint


@pytest.mark.parametrize(
    ("data", "kind"),
    [(gzip.compress(b"a,b\n1,2\n", mtime=0), "a gzip archive"), (zipped("data.csv"), "a zip archive")],
    ids=["gzip", "zip"],
)
def test_an_archive_is_to_be_unpacked(tmp_path: Path, data: bytes, kind: str) -> None:
    found = refusal(tmp_path, data)
    assert isinstance(found, errors.Compressed)
    assert (found.kind, "Unpack" in found.hint) == (kind, True)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "an image"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        (random.Random(3).randbytes(5000), "a binary file"),
        (b"\x7fELF" + bytes(range(256)) * 4, "a binary file"),
    ],
    ids=["PDF", "image", "web page", "random", "program"],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path: Path, data: bytes, kind: str) -> None:
    found = refusal(tmp_path, data)
    assert type(found) is errors.NotACsv
    assert found.kind == kind


@pytest.mark.parametrize("n_rows_above", [0, 200_000])
def test_a_nul_byte_is_refused_with_its_line_and_column(tmp_path: Path, n_rows_above: int) -> None:
    found = refusal(tmp_path, b"a,b\n" + b"1,2222222\n" * n_rows_above + b"1,2\n3,\xc3\xa9\x00\n")
    assert isinstance(found, errors.NulBytes)
    assert (found.line, found.column) == (3 + n_rows_above, 4)


def test_a_nul_character_in_utf16_is_refused_with_its_line(tmp_path: Path) -> None:
    found = refusal(tmp_path, "a,b\r\n1,é\0\r\n".encode("utf-16"))
    assert isinstance(found, errors.NulBytes)
    assert (found.line, found.column) == (2, 4)


def test_a_nul_is_found_ahead_of_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    found = refusal(tmp_path, b"a,b\n1,\x002\n\xff,3\n")
    assert isinstance(found, errors.NulBytes)
    assert (found.line, found.column) == (2, 3)


def test_a_broken_byte_in_a_file_that_is_utf8_otherwise_is_not_taken_for_another_encoding(
    tmp_path: Path,
) -> None:
    found = refusal(tmp_path, "größe,maß\n1,ß\n2,ü\n".encode() + b"3,\xfc\n")
    assert isinstance(found, errors.UndecodableBytes)
    assert (found.line, found.column, found.encoding, found.found) == (4, 3, "UTF-8", "FC")


def test_a_file_cut_off_within_a_utf16_character_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, "a,b\n1,2\n".encode("utf-16") + b"x")
    assert isinstance(found, errors.UndecodableBytes)
    assert (found.line, found.encoding) == (3, "UTF-16")


def test_a_row_with_more_cells_than_columns_is_refused_with_its_line_and_both_counts(tmp_path: Path) -> None:
    found = refusal(tmp_path, b"a,b,c\n1,2,3\n\n5,6,7,8\n1,2,3\n")
    assert isinstance(found, errors.UnequalRow)
    assert (found.line, found.expected, found.found, found.delimiter) == (4, 3, 4, "comma")


def test_the_line_of_a_bad_row_counts_breaks_inside_quoted_cells(tmp_path: Path) -> None:
    found = refusal(tmp_path, b'a;b\r\n"x\r\ny";2\r\n\r\n"z\nz\nz";3\r\n4;5;6\r\n')
    assert isinstance(found, errors.UnequalRow)
    assert (found.line, found.expected, found.found) == (8, 2, 3)


def test_a_bad_row_far_into_a_large_file_is_refused_with_its_line(tmp_path: Path) -> None:
    found = refusal(tmp_path, b"a,b\n" + b'"x\ny",12345678\n' * 600_000 + b"1,2,3\n")
    assert isinstance(found, errors.UnequalRow)
    assert (found.line, found.found) == (1_200_002, 3)


def test_a_line_end_of_two_bytes_cut_by_the_edge_of_a_read_counts_once(tmp_path: Path) -> None:
    header, row = (
        b"a,bbbbbbbbbbbbb",
        b"12,45678901234\r\n",
    )  # so that every read of a power of two ends behind a \r
    found = refusal(tmp_path, header + b"\r\n" + row * 200_000 + b"1,2,3\r\n")
    assert (len(header + b"\r"), len(row)) == (16, 16)
    assert isinstance(found, errors.UnequalRow)
    assert found.line == 200_002


def test_a_bad_row_in_utf16_is_refused_with_its_line(tmp_path: Path) -> None:
    found = refusal(tmp_path, "a\tb\n1\tÄ\n2\t3\tx\n".encode("utf-16"))
    assert isinstance(found, errors.UnequalRow)
    assert (found.line, found.found, found.delimiter) == (3, 3, "tab")


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b'a,b\n1,"2\n3,4\n', 2, 3),
        (b'a,b\n1,"x ""y\n3,4\n', 2, 3),
        (b'a,b\n"1",2\n"3', 3, 1),
        (b'a,"b\n1,2\n', 1, 3),
        (b'"a,b\n1,2\n3,4\n', 1, 1),
        (b'a,b\n1,"2\n3,"4"\n5,6\n', 2, 3),
        (b'a,b\n5" x,1\n2,"3\n', 3, 3),
    ],
)
def test_a_quote_never_closed_is_refused_with_the_place_where_it_opened(
    tmp_path: Path, data: bytes, line: int, column: int
) -> None:
    found = refusal(tmp_path, data)
    assert isinstance(found, errors.QuoteNeverClosed)
    assert (found.line, found.column) == (line, column)


def test_a_quote_never_closed_near_the_top_of_a_large_file_is_found(tmp_path: Path) -> None:
    found = refusal(
        tmp_path, 'näme,b\né,"2\n'.encode() + b"1,2222222\n" * (2 * raw_blocks.RECORD_BYTES // 10)
    )
    assert isinstance(found, errors.QuoteNeverClosed)
    assert (found.line, found.column) == (2, 3)


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b'a,b\n1,"x" y\n', 2, 5),
        (b'a,b\n"x"y,1\n2\n', 2, 3),
        (b'"a"b,c\n1,2\n', 1, 3),
        (b'a,b\n5" x,"y"z\n', 2, 8),
    ],
)
def test_text_behind_a_closing_quote_is_refused_with_its_place(
    tmp_path: Path, data: bytes, line: int, column: int
) -> None:
    found = refusal(tmp_path, data)
    assert isinstance(found, errors.TextAfterQuote)
    assert (found.line, found.column) == (line, column)


def test_a_row_longer_than_memory_should_hold_is_refused_with_its_line(tmp_path: Path) -> None:
    found = refusal(tmp_path, b"a,b\n1,2\n3," + b"x" * (raw_blocks.RECORD_BYTES + 1))
    assert isinstance(found, errors.RecordTooLong)
    assert (found.line, found.limit_mb) == (3, 16)


def test_more_columns_than_can_be_read_are_refused_with_their_number(tmp_path: Path) -> None:
    found = refusal(tmp_path, b",".join(b"c%d" % number for number in range(5000)) + b"\n")
    assert isinstance(found, errors.TooManyColumns)
    assert (found.n_columns, found.maximum) == (5000, 4096)


def test_every_refusal_has_a_code_of_its_own() -> None:
    def below(root: type[errors.AppError]) -> list[type[errors.AppError]]:
        return [found for kind in root.__subclasses__() for found in (kind, *below(kind))]

    kinds = [errors.NotACsv, *below(errors.NotACsv), *below(errors.BadCsv)]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("line", [b"x" * 999 + b",", b"x,", b",", b'"",', b"1;"])
def test_a_file_of_one_endless_line_is_refused(tmp_path: Path, line: bytes) -> None:
    found = refusal(tmp_path, line * (2 * raw_blocks.RECORD_BYTES // len(line)))
    assert isinstance(found, errors.RecordTooLong | errors.TooManyColumns)


def test_a_file_of_ten_thousand_columns_is_refused_with_their_number(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(10_000))
    found = refusal(tmp_path, f"{header}\n{','.join('1' * 10_000)}\n".encode())
    assert isinstance(found, errors.TooManyColumns)
    assert found.n_columns == 10_000


@pytest.mark.parametrize("row", ['"a"\t1', '"b\t2'])
def test_a_loose_quote_beside_quoted_cells_is_refused_with_tabs_too(tmp_path: Path, row: str) -> None:
    found = refusal(tmp_path, f'x\ty\n"q"\t3\n{row}\n"c" d\t4\n'.encode())
    assert isinstance(found, errors.TextAfterQuote | errors.QuoteNeverClosed)
