"""Characters that stand for others or for nothing: how the cells of a file that holds some are read.

The file's own bytes stay as they are: cells are repaired once they are cut, for a repair may make a mark of what was
none (U+037E, a Greek question mark, is a semicolon in NFC). Only marks that nobody sees between a quote and a cell's
edge are in the way of cutting; `settled` moves them into the quotes, and every other byte keeps its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv.units import unit_bytes

Repair = Literal["c1", "nfc", "invisible"]

C1 = re.compile("[\x80-\x9f]")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u2060\ufeff"))
"""Marks that nobody sees and no word needs: of no width, of byte order, of text that runs from left to right."""
_SECOND_HALVES = (
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e\u1b35"
    + "".join(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))
)
"""Characters that NFC joins to the one before them though they are no marks: vowel signs of India, parts of Hangul."""
_BEYOND = (b"\xf0\x9d\x85", b"\xf0\x9d\x86", *(bytes([0xF0, 0xAF, third]) for third in range(0xA0, 0xA9)))
"""Beyond the basic plane: signs of music, and ideographs that stand for others."""
_THREE_BYTES = 0xE0


def _in_windows(control: int) -> str:
    try:
        return bytes([control]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(control)


_WINDOWS: Mapping[int, str] = {control: _in_windows(control) for control in range(0x80, 0xA0)}


def words(text: str, repairs: Collection[Repair]) -> str:
    """The text as it is read.

    repairs: "c1", control characters U+0080 to U+009F become the characters that Windows-1252 has there; "invisible",
    marks that nobody sees are left out; "nfc", letters and marks that stand apart become one.
    """
    if "c1" in repairs and C1.search(text):
        text = text.translate(_WINDOWS)
    if "invisible" in repairs:
        text = text.translate(INVISIBLE)
    return unicodedata.normalize("NFC", text) if "nfc" in repairs else text


def cells(table: pa.Table, repairs: Collection[Repair]) -> pa.Table:
    """The table of text with each cell as `words` reads it; columns in ASCII are the same arrays."""
    for index, name in enumerate(table.column_names):
        column = table.column(index)
        if not pc.all(pc.string_is_ascii(column)).as_py():
            table = table.set_column(index, name, _repaired(column, repairs))
    return table


def _repaired(column: pa.ChunkedArray, repairs: Collection[Repair]) -> pa.ChunkedArray:
    if "c1" in repairs and pc.any(pc.match_substring_regex(column, C1.pattern)).as_py():
        for control, sign in _WINDOWS.items():
            column = pc.replace_substring(column, chr(control), sign)
    if "invisible" in repairs:
        for mark in INVISIBLE:
            column = pc.replace_substring(column, chr(mark), "")
    return pc.utf8_normalize(column, "NFC") if "nfc" in repairs else column


def may_change(text: bytes) -> bool:
    """Whether the text, in UTF-8, holds a character that a repair may change; one that it does not is passed over."""
    if text.isascii():
        return False
    units = np.frombuffer(text + b"\0\0", np.uint8)
    for first, following in _odd().items():
        if bytes([first]) not in text:
            continue
        at = np.flatnonzero(units[:-2] == first)
        codes = units[at + 1].astype(np.uint16) << 8
        if first >= _THREE_BYTES:
            codes |= units[at + 2]
        if following[codes].any():
            return True
    return any(beginning in text for beginning in _BEYOND)


@cache
def _odd() -> Mapping[int, npt.NDArray[np.bool_]]:
    """Of each first byte in UTF-8 the second and third ones, as one number, of characters that a repair may change; 0
    for the third of those that have two.
    """
    found: dict[int, npt.NDArray[np.bool_]] = {}
    for one in _odd_characters():
        first, *others = chr(one).encode()
        table = found.setdefault(first, np.zeros(1 << 16, bool))
        table[others[0] << 8 | (others[1] if len(others) > 1 else 0)] = True
    return found


def _odd_characters() -> Iterator[int]:
    yield from range(0x80, 0xA0)
    yield from INVISIBLE
    yield from map(ord, _SECOND_HALVES)
    for one in _spans((0x300, 0x3100), (0xA66F, 0xABEE), (0xF900, 0xFB50), (0xFE20, 0xFE30)):
        letter = chr(one)
        if unicodedata.combining(letter) or not unicodedata.is_normalized("NFC", letter):
            yield one


def _spans(*spans: tuple[int, int]) -> Iterable[int]:
    return (one for first, behind in spans for one in range(first, behind))


def settled(block: bytes, *, codec: str, delimiter: str, quotechar: str, escapechar: str) -> bytes:
    """The block with marks that nobody sees moved from beside a cell's quotes to within them: as many bytes, and each
    delimiter and line end in its place.

    block: begins at a record's start, and may end anywhere.
    """
    if unit_bytes(codec) == 1:
        if not _beside_quote(quotechar).search(block):
            return block
        pattern = _quoted_cell(delimiter, quotechar, escapechar)
        return re.sub(pattern.encode(), quotechar.encode() + rb"\1\2\4\3", block, flags=re.DOTALL)
    order = ">u2" if codec.endswith("be") else "<u2"
    units = np.frombuffer(block, order, count=len(block) // 2)
    if not np.isin(units, list(INVISIBLE)).any():
        return block
    text = units.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    moved = re.sub(
        _quoted_cell(delimiter, quotechar, escapechar), quotechar + r"\1\2\4\3", text, flags=re.DOTALL
    )
    in_units = np.frombuffer(moved.encode("utf-32-le", "surrogatepass"), "<u4").astype(order)
    return in_units.tobytes() + block[2 * len(units) :]


@cache
def _beside_quote(quotechar: str) -> re.Pattern[bytes]:
    marks, quote = "|".join(map(chr, INVISIBLE)), re.escape(quotechar)
    return re.compile(f"(?:{marks}){quote}|{quote}(?:{marks})".encode())


@cache
def _quoted_cell(delimiter: str, quotechar: str, escapechar: str) -> str:
    """Cells in quotes, one after the other: marks before them, what is within, the closing quote, marks behind."""
    mark, quote = re.escape(delimiter), re.escape(quotechar)
    unseen = f"(?:{'|'.join(map(chr, INVISIBLE))})"
    escape = re.escape(escapechar)
    body = f"(?:[^{quote}{escape}]|{escape}.)*+" if escapechar else f"[^{quote}]*+"
    return (
        rf"(?<![^\n\r{mark}])({unseen}*+){quote}({body}(?:{quote * 2}{body})*+)({quote}?)"
        rf"((?:{unseen}++(?=[\n\r{mark}]|\Z))?)"
    )
