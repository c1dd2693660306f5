"""Blocks and records give back every byte, and cells read as Python's csv reads them."""

from __future__ import annotations

import codecs
import csv
import io
import random

import numpy as np
import pyarrow as pa
import pytest

from core.uploads import errors
from core.uploads.csv import raw_blocks, stream
from core.uploads.csv.dialect import Dialect
from tests.core.uploads.splitting import split_records

BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
PIECES = ("a", "é", "😀", '"', '""', ",", ";", "\t", "|", "\n", "\r", "\r\n", " ", "1", "x", "\x0b", "\x85")


def some_cell(seed: random.Random, delimiter: str, *, alone: bool) -> str:
    """A cell as it may stand in a file: quoted, plain, or plain with stray quotes."""
    text = "".join(seed.choices(PIECES, k=seed.choice((0, 1, 2, 5, 9))))
    style = seed.choice(("quoted", "quoted", "plain", "stray"))
    if style == "quoted":
        return '"' + text.replace('"', '""') + '"'
    text = text.replace("\n", "").replace("\r", "").replace(delimiter, "").replace("é", "e")
    text = text.replace('"', "") if style == "plain" else text.lstrip('"')
    return text or ('""' if alone else "")


def some_file(seed: random.Random, delimiter: str) -> str:
    n_columns = seed.randint(1, 4)
    lines = [delimiter.join(f"c{number}" for number in range(n_columns))]
    for _ in range(seed.randint(0, 50)):
        lines.append(
            delimiter.join(some_cell(seed, delimiter, alone=n_columns == 1) for _ in range(n_columns))
        )
    text = "".join(line + seed.choice(("\n", "\r\n", "\r")) * seed.choice((1, 1, 1, 2)) for line in lines)
    return text.rstrip("\r\n") if seed.random() < 0.4 else text


def rows_of(table: stream.pa.Table) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


@pytest.mark.parametrize("block_bytes", [5, 64, 1 << 20])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_any_file_comes_back_byte_for_byte_and_reads_as_python_reads_it(codec: str, block_bytes: int) -> None:
    for number in range(60):
        seed = random.Random(number)
        dialect = Dialect(codec, seed.choice((",", ";", "\t", "|")), has_bom=seed.random() < 0.5)
        text = some_file(seed, dialect.delimiter)
        raw = BOMS[codec] * dialect.has_bom + text.encode(codec)
        expected = [
            tuple(row)
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter)
            if row
        ]

        opened = stream.open_csv(io.BytesIO(raw), dialect, block_bytes=block_bytes)
        blocks = list(opened.blocks)

        assert opened.header_bytes + b"".join(blocks) == raw
        rows = [opened.header]
        for block in blocks:
            table = stream.parse_block(block, opened.header, dialect)
            records = split_records(block, dialect)
            assert len(records) == table.num_rows
            assert without_blank_lines(block, records).decode(codec).strip("\r\n") == ""
            rows += rows_of(table)
        assert rows == expected


def without_blank_lines(block: bytes, records: list[bytes]) -> bytes:
    """What is left of a block when its records are taken out in their order."""
    left, at = b"", 0
    for record in records:
        start = block.index(record, at)
        left += block[at:start]
        at = start + len(record)
    return left + block[at:]


def test_the_header_keeps_what_stands_above_it() -> None:
    raw = codecs.BOM_UTF8 + b'\r\n" a ",b\r\n1,2\r\n'
    opened = stream.open_csv(io.BytesIO(raw), Dialect(has_bom=True))
    assert opened.header == (" a ", "b")
    assert opened.header_bytes == codecs.BOM_UTF8 + b'\r\n" a ",b\r\n'
    assert list(opened.blocks) == [b"1,2\r\n"]


def test_a_header_without_a_line_end_leaves_no_blocks() -> None:
    opened = stream.open_csv(io.BytesIO(b"a,b"), Dialect())
    assert (opened.header, opened.header_bytes, list(opened.blocks)) == (("a", "b"), b"a,b", [])


def test_blocks_are_about_as_large_as_asked_and_end_with_records() -> None:
    raw = b"a,b\n" + b'"x\ny",2\n' * 5000
    blocks = list(stream.open_csv(io.BytesIO(raw), Dialect(), block_bytes=1000).blocks)
    assert len(blocks) > 30
    assert all(len(block) <= 1000 and block.endswith(b'",2\n') for block in blocks)


def test_a_source_that_gives_few_bytes_at_a_time_is_read_to_its_end() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 3))

    raw = b"a,b\r\n" + b"1,2\r\n" * 100
    opened = stream.open_csv(Trickle(raw), Dialect(), block_bytes=50)
    assert opened.header_bytes + b"".join(opened.blocks) == raw


@pytest.mark.parametrize("row", [b"12345\r\n", b'"1\n45"\r\n'])
def test_a_carriage_return_at_a_blocks_edge_is_not_torn_from_its_newline(row: bytes) -> None:
    raw = b"a\r\n" + row * 50
    for block_bytes in range(6, 30):
        opened = stream.open_csv(io.BytesIO(raw), Dialect(), block_bytes=block_bytes)
        assert all(block.endswith(b"\r\n") for block in opened.blocks)


def test_a_record_over_the_limit_stops_the_stream() -> None:
    raw = b"a,b\n1,2\n3," + b"x" * raw_blocks.RECORD_BYTES
    opened = stream.open_csv(io.BytesIO(raw), Dialect())
    with pytest.raises(raw_blocks.RecordOverLimit) as caught:
        list(opened.blocks)
    assert caught.value.offset == 8


def test_a_block_of_another_width_than_the_header_is_an_error() -> None:
    with pytest.raises(errors.ChangedSinceChecked):
        stream.parse_block(b"1,2,3\n", ("a", "b"), Dialect())


def test_cells_are_text_as_they_stand() -> None:
    block = ' 1;"a;""b""";\r\nNA;5" x;"\r\n"\r\n'.encode("utf-16-le")
    table = stream.parse_block(block, ("x", "y", "z"), Dialect("utf-16-le", ";"))
    assert rows_of(table) == [(" 1", 'a;"b"', ""), ("NA", '5" x', "\r\n")]
    assert {str(kind) for kind in table.schema.types} == {"string"}


def test_blank_lines_are_no_records() -> None:
    block = b"\n1\n\r\n2\n\n\n"
    assert split_records(block, Dialect()) == [b"1\n", b"2\n"]
    assert stream.parse_block(block, ("a",), Dialect()).num_rows == 2
    assert stream.parse_block(b"\n\n", ("a",), Dialect()).num_rows == 0
    assert stream.parse_block(b"", ("a",), Dialect()).num_rows == 0


def test_a_table_is_read_whole_or_up_to_a_number_of_rows() -> None:
    raw = b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(1000))
    whole = stream.read_table(io.BytesIO(raw), Dialect())
    assert whole.num_rows == 1000
    assert whole.column("a").to_pylist()[-1] == "999"
    assert rows_of(stream.read_table(io.BytesIO(raw), Dialect(), max_rows=3)) == [
        ("0", "x"),
        ("1", "x"),
        ("2", "x"),
    ]
    assert stream.read_table(io.BytesIO(b"a,b\n"), Dialect()).num_rows == 0


def test_rows_are_read_by_their_places_and_a_column_alone() -> None:
    raw = b"n,text\n" + b"".join(b"%d,%s\n\n" % (n, b"x" * (n % 300)) for n in range(60_000))
    whole = stream.read_table(io.BytesIO(raw), Dialect())
    assert len(raw) > 2 * stream.BLOCK_BYTES
    for places in ([], [0], [59_999], [3, 20_000, 20_001, 59_998], range(0, 60_000, 7)):
        rows = np.array(places, np.int64)
        found = stream.read_rows(io.BytesIO(raw), Dialect(), rows)
        assert found.to_pylist() == whole.take(pa.array(rows)).to_pylist()
    assert stream.read_table(io.BytesIO(raw), Dialect(), only="n").equals(whole.select(["n"]))
    lacking = stream.read_table(io.BytesIO(raw), Dialect(), only="other")
    assert (lacking.column_names, lacking.num_rows) == (["n", "text"], 0)
