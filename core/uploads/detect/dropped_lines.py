"""The lines of a file that are no rows of its table, as texts by which its reader knows them again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from pathlib import Path

from core.uploads.csv import repairs
from core.uploads.detect import far_tables
from core.uploads.detect.delimiters import Marks, Row
from core.uploads.detect.sampling import Sample
from core.uploads.detect.shape.header_detection import TableLocation

_MOST_BYTES = 16 << 10
_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def of(
    path: Path,
    codec: str,
    sample: Sample,
    location: TableLocation,
    marks: Marks,
    header: Row,
    no_rows: tuple[Sequence[Row], Sequence[Row]],
) -> tuple[str, ...]:
    """The texts of records that are no rows, as they stand in the file. no_rows: those at its end, and among others."""
    below, among = no_rows
    found = [_text(sample.head, row) for row in (*location.below, *among)]
    found += [_text(sample.head if sample.is_whole else sample.tail, row) for row in below]
    if location.has_header and len(header.cells) > 1:
        header_text = _text(sample.head, header)
        again = f"\n{header_text}" if header_text else ""
        others = (
            sample.head[sample.head.find(header_text) + len(header_text) :],
            *sample.slices,
            sample.tail,
        )
        is_again = again and any(again in other.replace("\r", "\n") for other in others)
        if is_again or (again and not sample.is_whole and far_tables.has_line(path, header_text, codec)):
            found.append(header_text)
    found += _unlike_themselves(sample, header, location, marks)
    texts = tuple(dict.fromkeys(one for one in found if one))
    return texts if sum(map(len, texts)) <= _MOST_BYTES else ()


def _unlike_themselves(sample: Sample, header: Row, location: TableLocation, marks: Marks) -> Iterator[str]:
    """Lines that are empty, or the header again, once they are repaired."""
    if not marks.repairs:
        return
    named = repairs.words(_text(sample.head, header), marks.repairs) if location.has_header else ""
    for part, n_above in [(sample.head, header.line), *((one, 0) for one in (*sample.slices, sample.tail))]:
        for line in map(str.rstrip, _lines(part)[n_above:], repeat("\r\n")):
            read = repairs.words(line, marks.repairs)
            if read != line and (read == named or not read.strip(marks.delimiter)):
                yield line


def has_empty(body: Sequence[Row]) -> bool:
    """Whether lines stand among the rows that hold nothing but delimiters."""
    return any(len(row.cells) > 1 and not row.cells[0] and not "".join(row.cells) for row in body)


def _text(text: str, row: Row) -> str:
    """A row's own characters without its line end. text: what its line counts in."""
    lines = _lines(text)
    n_lines = 1 + sum(len(_LINE_END.findall(cell)) for cell in row.cells)
    return "".join(lines[row.line - 1 : row.line - 1 + n_lines]).rstrip("\r\n")


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    return _LINE.findall(text)
