"""What a file is written in, found by a bounded look at its beginning, its middle and its end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import unit_bytes
from core.uploads.detect import column_formats, delimiters, encoding, explanations, footers, header_detection
from core.uploads.detect.delimiters import DetectedMarks, Marks, Row
from core.uploads.detect.guesses import Guess

HEAD_BYTES = 128 << 10
TAIL_BYTES = 64 << 10
_SLICE_BYTES = 32 << 10
_N_SLICES = 3
_MOST_CELLS, _FEWEST_CELLS = 20_000, 30
_LOCATED_ROWS = 400
_MOST_NOT_ROWS_BYTES = 16 << 10
_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


@dataclass(frozen=True)
class Sample:
    """Parts of a file as text. head: its beginning without BOM; tail: its end from a line's start, "" where the head
    is the whole; slices: from the middle, whole lines.
    """

    head: str
    slices: tuple[str, ...]
    tail: str

    @property
    def is_whole(self) -> bool:
        """Whether the head is the whole file."""
        return not self.tail


@dataclass(frozen=True)
class Detected:
    """A dialect, and what was guessed to come by it."""

    dialect: Dialect
    guesses: tuple[Guess, ...]


@dataclass(frozen=True)
class DetectionOverrides:
    """What a user said of a file; None where that is left to be found. header_line: 0 for none."""

    delimiter: str | None = None
    quotechar: str | None = None
    escapechar: str | None = None
    decimal: str | None = None
    header_line: int | None = None


def detect(path: Path, *, file_name: str) -> Dialect:
    """The dialect of the file at `path`; `file_name` is what messages call it.

    Raises EmptyFile, NotACsv, NulBytes, UndecodableBytes.
    """
    return of_encoding(path, encoding.find(path, file_name=file_name)).dialect


def of_encoding(
    path: Path, found: encoding.Encoding, overrides: DetectionOverrides | None = None
) -> Detected:
    """The dialect of a file whose encoding is known, from at most HEAD_BYTES + TAIL_BYTES and a few slices of it."""
    overrides = overrides or DetectionOverrides()
    text = sample(path, found)
    detected_marks = _detected_marks(text.head, found, overrides)
    marks = detected_marks.marks
    rows = _whole_rows(text, marks)
    dialect = Dialect(
        encoding=found.codec,
        delimiter=marks.delimiter,
        quotechar=marks.quotechar,
        escapechar=marks.escapechar,
        line_end=_line_end(text.head),
        has_bom=found.has_bom,
    )
    guesses = [
        explanations.of_encoding(found),
        *explanations.of_marks(
            detected_marks,
            is_delimiter_said=overrides.delimiter is not None,
            are_quotes_said=overrides.quotechar is not None or overrides.escapechar is not None,
        ),
    ]
    if detected_marks.announced and rows and len(rows) > 1:
        rows = rows[1:]
    if not rows:
        return Detected(dialect, tuple(guesses))
    location = header_detection.locate(rows[:_LOCATED_ROWS], header_line=overrides.header_line)
    if len(location.names) > stream.MAX_COLUMNS:
        return Detected(dialect, tuple(guesses))  # the reading refuses it
    header = rows[location.header]
    body = rows[location.header + location.has_header :]
    body = [row for row in body if row not in location.below]
    last = _last_rows(text, marks, body)
    below = footers.footer(last, len(location.names)) if len(last) > 1 else ()
    dialect = replace(
        dialect,
        skip_lines=_skipped(header, location, detected_marks),
        has_header=location.has_header,
        names=location.names,
        index_column=location.index_column,
        not_rows=_not_rows(text, header, location, below),
        is_ragged=True,
    )
    not_kept = set(below)
    kept = [row for row in body if row not in not_kept and row.cells != header.cells]
    samples = _columns(_sampled(text, marks, kept, below), len(location.names))
    decimal, n_commas, n_points = column_formats.decimal_mark(samples, marks.delimiter)
    guesses += [
        *location.guesses,
        *explanations.of_preamble(header, rows, location),
        *explanations.of_footer(location.below, below),
    ]
    if overrides.decimal:
        decimal = overrides.decimal
        guesses.append(Guess("decimal", decimal, "chosen", "You said so."))
    elif n_commas or n_points:
        guesses.append(explanations.of_decimal(decimal, n_commas, n_points))
    found_rules = [
        column_formats.find(column, name, cells, decimal)
        for column, (name, cells) in enumerate(zip(location.names, samples, strict=True))
    ]
    guesses += [guess for one in found_rules for guess in one.guesses]
    dialect = replace(
        dialect, decimal=decimal, rules=tuple(one.rule for one in found_rules if one.rule is not None)
    )
    return Detected(dialect, tuple(guesses))


def with_loose_quotes(
    path: Path, found: encoding.Encoding, overrides: DetectionOverrides, detected: Detected
) -> Detected | None:
    """The same file read without regard to quotes; None where some of its cells are in quotes, or a user chose them.

    Only files with tabs or bars are written so: there, quotes are not needed for a comma in a cell.
    """
    dialect = detected.dialect
    if overrides.quotechar is not None or dialect.quotechar != '"' or dialect.delimiter not in "\t|":
        return None
    if delimiters.has_quoted_cells(sample(path, found).head, dialect.delimiter):
        return None
    loose = of_encoding(path, found, replace(overrides, quotechar=""))
    why = "A quote in it does not pair up, none of its cells is in quotes, and without regard to them rows are even."
    guess = Guess("quotes", "", "likely", why, None, ('"',))
    guesses = tuple(guess if one.about == "quotes" else one for one in loose.guesses)
    return Detected(loose.dialect, guesses)


def sample(path: Path, found: encoding.Encoding) -> Sample:
    """Parts of the file, each decoded and cut at line ends."""
    width = unit_bytes(found.codec)
    size = path.stat().st_size
    with path.open("rb") as source:
        data = source.read(HEAD_BYTES)
        if size <= HEAD_BYTES:
            return Sample(data.decode(found.codec, errors="ignore").removeprefix("\ufeff"), (), "")
        head = _until_line_end(data.decode(found.codec, errors="ignore").removeprefix("\ufeff"))
        starts = [
            HEAD_BYTES + (size - HEAD_BYTES) * part // (_N_SLICES + 1) for part in range(1, _N_SLICES + 1)
        ]
        parts = []
        for start, length in [*((start, _SLICE_BYTES) for start in starts), (size - TAIL_BYTES, TAIL_BYTES)]:
            source.seek(max(0, start) // width * width)
            parts.append(_from_line_start(source.read(length).decode(found.codec, errors="ignore")))
    return Sample(head, tuple(_until_line_end(part) for part in parts[:-1]), parts[-1])


def _until_line_end(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[: end or len(text)]


def _from_line_start(text: str) -> str:
    first = min((at for mark in "\r\n" if (at := text.find(mark)) >= 0), default=-1)
    return text[first + 1 :].lstrip("\n") if first >= 0 else ""


def _detected_marks(head: str, found: encoding.Encoding, overrides: DetectionOverrides) -> DetectedMarks:
    detected_marks = delimiters.detect(head, found.codec)
    marks = detected_marks.marks
    if overrides.delimiter:
        marks = delimiters.quotes(head, overrides.delimiter, found.codec)
    if overrides.quotechar is not None:
        marks = replace(marks, quotechar=overrides.quotechar)
    if overrides.escapechar is not None:
        marks = replace(marks, escapechar=overrides.escapechar)
    return replace(detected_marks, marks=marks)


def _whole_rows(text: Sample, marks: Marks) -> list[Row]:
    """The head's rows; a last one that runs on beyond the sample is left out."""
    found = delimiters.rows(text.head, marks)
    is_cut = not text.is_whole and marks.quotechar and text.head.count(marks.quotechar) % 2
    return found[:-1] if is_cut and len(found) > 1 else found


def _last_rows(text: Sample, marks: Marks, body: list[Row]) -> list[Row]:
    """The file's last rows as far as they can be read from a line's start."""
    return body if text.is_whole else delimiters.rows(text.tail, marks)


def _skipped(header: Row, location: header_detection.TableLocation, detected_marks: DetectedMarks) -> int:
    """Lines above the header; none where they are blank, as blank lines are no rows anyway."""
    if location.header == 0 and not detected_marks.announced:
        return 0
    return header.line - 1


def _not_rows(
    text: Sample, header: Row, location: header_detection.TableLocation, below: Sequence[Row]
) -> tuple[str, ...]:
    """The texts of records that are no rows, as they stand in the file."""
    found = [_text(text.head, row) for row in location.below]
    found += [_text(text.head if text.is_whole else text.tail, row) for row in below]
    if location.has_header and len(header.cells) > 1:
        header_text = _text(text.head, header)
        again = f"\n{header_text}" if header_text else ""
        others = (text.head[text.head.find(header_text) + len(header_text) :], *text.slices, text.tail)
        if again and any(again in other.replace("\r", "\n") for other in others):
            found.append(header_text)
    texts = tuple(dict.fromkeys(one for one in found if one))
    return texts if sum(map(len, texts)) <= _MOST_NOT_ROWS_BYTES else ()


def _text(text: str, row: Row) -> str:
    """A row's own characters without its line end. text: what its line counts in."""
    lines = _lines(text)
    n_lines = 1 + sum(len(_LINE_END.findall(cell)) for cell in row.cells)
    return "".join(lines[row.line - 1 : row.line - 1 + n_lines]).rstrip("\r\n")


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _sampled(text: Sample, marks: Marks, kept: list[Row], below: Sequence[Row]) -> list[Row]:
    """Rows of the head, the middle and the end alike."""
    if text.is_whole:
        return _spread(kept)
    more = [row for part in (*text.slices, text.tail) for row in delimiters.rows(part, marks)]
    excluded = {row.cells for row in below}
    return _spread(kept) + [row for row in more if row.cells not in excluded]


def _spread(rows: list[Row]) -> list[Row]:
    step = max(1, len(rows) // column_formats.MOST_CELLS)
    return rows[::step]


def _columns(rows: Iterable[Row], n_columns: int) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(n_columns)]
    for row in rows:
        for column, cell in zip(columns, row.cells, strict=False):
            column.append(cell)
    most = max(_FEWEST_CELLS, min(column_formats.MOST_CELLS, _MOST_CELLS // max(1, n_columns)))
    return [column[:: -(-len(column) // most)] if len(column) > most else column for column in columns]


def _line_end(text: str) -> str:
    n_pairs = text.count("\r\n")
    counts = Counter({"\n": text.count("\n") - n_pairs, "\r\n": n_pairs, "\r": text.count("\r") - n_pairs})
    return counts.most_common(1)[0][0]
