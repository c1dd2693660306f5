"""What a CSV is written in: its delimiter, decimal mark and line ends, found by a bounded look at its beginning."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clevercsv.detect import Detector

from core.uploads import encoding

DELIMITERS = (",", ";", "\t", "|")

_SAMPLE_BYTES = 256 << 10
_HARD_SAMPLE = 32 << 10
_CONSISTENT_SHARE = 0.9
_CELL_LIMIT = 100_000
_MAY_HOLD_A_BAR = ("cp932", "gb18030", "big5")
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")
_POINT_NUMBER = re.compile(r"\s*[+-]?\d+\.\d+([eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*")


@dataclass(frozen=True)
class Dialect:
    """How to read and how to go on writing a file.

    encoding: a Python codec for the text behind the BOM, so it never writes one. has_bom: the file begins with one.
    decimal: "." or ",". line_end: the most frequent; a reader takes all three as line ends.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str = '"'
    decimal: str = "."
    line_end: str = "\n"
    has_bom: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a plain dict; `from_json` reads it back to an equal dialect."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dialect:
        """The dialect that `to_json` wrote."""
        return cls(**data)


def detect(path: Path, *, file_name: str) -> Dialect:
    """The dialect of the file at `path`; `file_name` is what messages call it.

    The encoding is checked over the whole file; the rest is read off its first 256 kB.
    Raises EmptyFile, NotACsv, NulBytes, UndecodableBytes.
    """
    return of_encoding(path, encoding.find(path, file_name=file_name))


def of_encoding(path: Path, found: encoding.Encoding) -> Dialect:
    """The dialect of a file whose encoding is known."""
    text = sample(path, found)
    delimiter = _delimiter(text, found)
    return Dialect(
        encoding=found.codec,
        delimiter=delimiter,
        decimal="." if delimiter == "," else _decimal(_rows(text, delimiter)),
        line_end=_line_end(text),
        has_bom=found.has_bom,
    )


def sample(path: Path, found: encoding.Encoding) -> str:
    """The file's beginning without its BOM, cut behind a line where it is not the whole file."""
    with path.open("rb") as source:
        data = source.read(_SAMPLE_BYTES)
        whole = not source.read(1)
    text = data.decode(found.codec, errors="ignore").removeprefix("\ufeff")
    return text if whole else _cut(text, len(text))


def _cut(text: str, length: int) -> str:
    end = max(text.rfind("\n", 0, length), text.rfind("\r", 0, length)) + 1
    return text[: end or length]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """The sample's records that are not blank; a last one that runs on beyond the sample is left out."""
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    except csv.Error:  # a cell over Python's limit: a quote that is never closed; what came before will do
        return rows
    return rows[:-1] if len(rows) > 1 and text.count('"') % 2 else rows


def _delimiter(text: str, found: encoding.Encoding) -> str:
    """The one mark that cuts nearly all lines into the header's number of cells; else a library's judgement."""
    marks = [
        mark for mark in DELIMITERS if mark in text and (mark != "|" or found.codec not in _MAY_HOLD_A_BAR)
    ]
    consistent = [mark for mark in marks if _is_consistent(_rows(text, mark))]
    if len(consistent) == 1:
        return consistent[0]
    candidates = consistent or marks
    if not candidates:
        return ","
    judged = Detector().detect(_cut(text, _HARD_SAMPLE), delimiters=candidates)
    if judged is not None and judged.delimiter in candidates:
        return str(judged.delimiter)
    return max(candidates, key=text.count)


def _is_consistent(rows: Sequence[Sequence[str]]) -> bool:
    if not rows or len(rows[0]) < 2:
        return False
    alike = sum(len(row) == len(rows[0]) for row in rows)
    return alike >= _CONSISTENT_SHARE * len(rows)


def _decimal(rows: Sequence[Sequence[str]]) -> str:
    """A comma where more cells are numbers with one than with a point, and not all of them could be thousands."""
    cells = [cell for row in rows[1:] for cell in row if "," in cell or "." in cell][:_CELL_LIMIT]
    commas = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    n_points = sum(_POINT_NUMBER.fullmatch(cell) is not None for cell in cells)
    if len(commas) <= n_points or all(_THOUSANDS.fullmatch(cell) for cell in commas):
        return "."
    return ","


def _line_end(text: str) -> str:
    n_pairs = text.count("\r\n")
    counts = Counter({"\n": text.count("\n") - n_pairs, "\r\n": n_pairs, "\r": text.count("\r") - n_pairs})
    return counts.most_common(1)[0][0]
