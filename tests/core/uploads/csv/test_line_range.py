"""Lines of a file as they stand, in pieces of any size, and what is behind them."""

from __future__ import annotations

import io

import pytest

from core.uploads.csv.line_range import LineRange


def read(data: bytes, codec: str, first: int, last: int, size: int = -1) -> tuple[bytes, bytes]:
    """(the lines, what is behind them)."""
    source = io.BytesIO(data)
    reader = LineRange(source, codec=codec, bom=0, first_line=first, last_line=last)
    parts = [reader.read(size)]
    while size > 0 and parts[-1]:
        parts.append(reader.read(size))
    behind = b"".join(reader.behind())
    assert source.read() == b""
    return b"".join(parts), behind


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
def test_lines_from_the_first_to_the_last_and_what_follows(codec: str, line_end: str, size: int) -> None:
    lines = [f"Zeile ä\u010a{n}" if codec != "cp1252" else f"Zeile ä{n}" for n in range(1, 8)]
    data = line_end.join(lines).encode(codec)

    def text(part: list[str]) -> bytes:
        return "".join(line + line_end for line in part).encode(codec)

    rest = line_end.join(lines[5:]).encode(codec)
    assert read(data, codec, 3, 5, size) == (text(lines[2:5]), rest)
    assert read(data, codec, 0, 5, size) == (text(lines[:5]), rest)
    assert read(data, codec, 6, 90, size) == (rest, b"")
    assert read(data, codec, 6, 7) == (rest, b"")
    assert read(data, codec, 9, 0, size) == (b"", b"")


def test_a_line_end_that_two_reads_share_is_one() -> None:
    class Halves(io.RawIOBase):
        def __init__(self) -> None:
            self.parts = [b"a\r", b"\nb\r", b"\nc\r", b"\n"]

        def read(self, size: int = -1, /) -> bytes:
            return self.parts.pop(0) if size and self.parts else b""

    reader = LineRange(Halves(), codec="utf-8", bom=0, first_line=2, last_line=2)  # type: ignore[arg-type]  # will do
    assert reader.read() == b"b\r\n"
    assert b"".join(reader.behind()) == b"c\r\n"
