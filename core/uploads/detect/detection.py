"""What a file is written in, found by a bounded look at its beginning, its middle and its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import CELL_MARK, Rewriting
from core.uploads.detect import delimiters, dropped_lines, explanations, sampling, several_tables
from core.uploads.detect.columns import column_formats
from core.uploads.detect.delimiters import DetectedMarks, Marks, Row
from core.uploads.detect.detected import Detected, DetectionOverrides
from core.uploads.detect.encodings import encoding, garbled_text, text_repairs
from core.uploads.detect.guesses import Guess
from core.uploads.detect.sampling import Sample
from core.uploads.detect.shape import (
    footers,
    header_detection,
    merged_cells,
    not_tables,
    odd_rows,
    text_layout,
)

_LOCATED_ROWS = 400


def of_encoding(
    path: Path, found: encoding.Encoding, overrides: DetectionOverrides | None = None
) -> Detected:
    """The dialect of a file whose encoding is known, from a bounded sample of it."""
    overrides = overrides or DetectionOverrides()
    sample, marks, written = _written(path, found, overrides)
    rows = _whole_rows(sample, marks.marks)
    if marks.announced and len(rows) > 1:
        rows = rows[1:]
    if not rows:
        return written
    first_line, begins = rows[0].line, 0
    if not overrides.is_one_table:
        found_tables = several_tables.find(path, sample, rows, marks.marks, found.codec)
        begins = found_tables.header
        if len(found_tables.regions) > 1:
            written, sample, rows = several_tables.of_one(written, sample, rows, found_tables, overrides)
    location = header_detection.locate(
        rows[:_LOCATED_ROWS],
        header_line=overrides.header_line,
        keeps_edges=overrides.keeps_edges,
        begins=begins if begins < _LOCATED_ROWS - 1 else 0,
        is_quoted=sample.head.startswith('"'),
    )
    if len(location.names) > stream.MAX_COLUMNS:
        return written  # the reading refuses it
    header = rows[location.header]
    explaining = {row.line for row in location.below}
    body = [row for row in rows[location.header + location.has_header :] if row.line not in explaining]
    last = body if sample.is_whole else sampling.rows_of_tail(sample.tail, marks.marks)
    below = footers.footer(last, len(location.names)) if len(last) > 1 else ()
    within = body[: len(body) - len(below)] if sample.is_whole else body
    among = odd_rows.among(
        within, rows[: location.header], len(location.names), header if location.has_header else None
    )
    among += odd_rows.subtotals(within) if sample.is_whole else []
    dialect = replace(
        written.dialect,
        skip_lines=_skipped(header, first_line, marks),
        has_header=location.has_header,
        names=location.names,
        index_column=location.index_column,
        not_rows=dropped_lines.of(path, found.codec, sample, location, marks.marks, header, (below, among))
        + (("",) if written.others or dropped_lines.has_empty(body) else ()),
        is_ragged=True,
    )
    guesses = (
        *written.guesses,
        *location.guesses,
        *explanations.of_preamble(rows, location, rows[0].line if written.others else 1),
        *explanations.of_footer(location.below, below),
        *explanations.of_comments(among),
    )
    not_kept = {*below, *among}
    kept = [row for row in body if row not in not_kept and row.cells != header.cells]
    guesses = (
        *guesses,
        *odd_rows.doubts(kept, len(location.names)),
        *merged_cells.doubts(kept, location.names),
    )
    cells = sampling.columns(sampling.rows(sample, marks.marks, kept, below), len(location.names))
    is_edged = len(location.names) < len(header.cells)
    return _with_formats(Detected(dialect, guesses, written.others, is_edged), cells, overrides)


def _written(
    path: Path, found: encoding.Encoding, overrides: DetectionOverrides
) -> tuple[Sample, DetectedMarks, Detected]:
    """A sample of the text as it is cut into cells, its marks, and what is known before any row is looked at."""
    sample = sampling.take(path, found)
    needed, of_text = text_repairs.find(path, found.codec, has_bom=found.has_bom)
    marks, rewriting = _detected_marks(sample.head, found, overrides)
    rewriting = replace(rewriting, repairs=needed)
    of_layout = text_layout.guess_of(rewriting, sample.head)
    is_parted = not rewriting.lays_out and _is_parted(marks)
    of_text += (*garbled_text.doubts(sample.head), *not_tables.doubts(sample.head, is_parted=is_parted))
    sample = sampling.as_cut(sample, rewriting, marks.marks)
    written = _with_marks(sample, found, marks, overrides)
    if not rewriting.lays_out:
        marks = replace(marks, marks=replace(marks.marks, repairs=needed))
    return sample, marks, _rewritten(written, rewriting, of_text, of_layout)


def _with_marks(
    sample: Sample, found: encoding.Encoding, marks: DetectedMarks, overrides: DetectionOverrides
) -> Detected:
    """What is known before any row is looked at: encoding, marks and line ends."""
    dialect = Dialect(
        encoding=found.codec,
        delimiter=marks.marks.delimiter,
        quotechar=marks.marks.quotechar,
        escapechar=marks.marks.escapechar,
        line_end=_line_end(sample.head),
        has_bom=found.has_bom,
    )
    of_marks = explanations.of_marks(
        marks,
        is_delimiter_chosen=overrides.delimiter is not None,
        are_quotes_chosen=overrides.quotechar is not None or overrides.escapechar is not None,
    )
    return Detected(dialect, (explanations.of_encoding(found), *of_marks))


def _rewritten(
    written: Detected, rewriting: Rewriting, of_text: Sequence[Guess], of_layout: Guess | None
) -> Detected:
    """What is known before any row is looked at, with what is done to the text before."""
    guesses = list(written.guesses)
    if of_layout and of_layout.about == "delimiter":
        guesses = [of_layout if one.about == "delimiter" else one for one in guesses]
    elif of_layout:
        guesses.append(of_layout)
    kept = rewriting if rewriting != Rewriting() else None
    return Detected(replace(written.dialect, rewriting=kept), (*guesses, *of_text))


def _with_formats(detected: Detected, cells: list[list[str]], overrides: DetectionOverrides) -> Detected:
    """With the decimal mark and the rules of columns. cells: a sample of each column's."""
    dialect, guesses = detected.dialect, list(detected.guesses)
    decimal, n_commas, n_points = column_formats.decimal_mark(cells, dialect.delimiter)
    usual = overrides.decimal or column_formats.usual_mark(n_commas, n_points)
    if overrides.decimal:
        decimal = overrides.decimal
        guesses.append(Guess("decimal", decimal, "chosen", "You chose this."))
    elif n_commas or n_points:
        guesses.append(explanations.of_decimal(decimal, n_commas, n_points))
    formats = column_formats.of_file(dialect.names, cells, decimal, usual=usual)
    guesses += [guess for one in formats for guess in one.guesses]
    rules = tuple(one.rule for one in formats if one.rule is not None)
    samples = tuple(map(column_formats.samples, cells))
    dialect = replace(dialect, decimal=decimal, rules=rules)
    as_numbers = {place: one.as_number for place, one in enumerate(formats) if one.as_number is not None}
    return replace(detected, dialect=dialect, guesses=tuple(guesses), samples=samples, as_numbers=as_numbers)


def with_loose_quotes(
    path: Path, found: encoding.Encoding, overrides: DetectionOverrides, detected: Detected
) -> Detected | None:
    """The same file read without regard to quotes; None where some of its cells are in quotes, or a user chose them.

    Only files with tabs or bars are written so: there, quotes are not needed for a comma in a cell.
    """
    dialect = detected.dialect
    if dialect.rewriting is not None and dialect.rewriting.lays_out:
        return None
    if overrides.quotechar is not None or dialect.quotechar != '"' or dialect.delimiter not in "\t|":
        return None
    if delimiters.has_quoted_cells(sampling.take(path, found).head, dialect.delimiter):
        return None
    loose = of_encoding(path, found, replace(overrides, quotechar=""))
    why = "Its quotes don't pair up and no cell is in quotes; read as plain text, they leave all rows the same width."
    guess = Guess("quotes", "", "likely", why, None, ('"',))
    guesses = tuple(guess if one.about == "quotes" else one for one in loose.guesses)
    return replace(loose, guesses=guesses)


def _detected_marks(
    head: str, found: encoding.Encoding, overrides: DetectionOverrides
) -> tuple[DetectedMarks, Rewriting]:
    """The marks of the text as it is, or those that it has once it is laid out anew."""
    detected = delimiters.detect(head, found.codec)
    if not (overrides.delimiter or detected.announced):
        laid_out = _layout(head, detected)
        if laid_out is not None:
            return DetectedMarks(Marks(CELL_MARK), ((CELL_MARK, 1.0),)), laid_out
        if text_layout.is_wrapped(head) and _has_one_column(head, detected.marks):
            wrapped = Rewriting(is_wrapped=True)
            inner = wrapped.laid_out(head, "")
            within = delimiters.detect(inner, found.codec)
            is_good = bool(within.scores) and within.scores[0][1] >= delimiters.GOOD
            if is_good and ('""' in head or not text_layout.is_spaced(inner, within.marks.delimiter)):
                return within, wrapped
    marks = detected.marks
    if overrides.delimiter:
        marks = delimiters.quotes(head, overrides.delimiter, found.codec)
    if overrides.quotechar is not None:
        marks = replace(marks, quotechar=overrides.quotechar)
    if overrides.escapechar is not None:
        marks = replace(marks, escapechar=overrides.escapechar)
    return replace(detected, marks=marks), Rewriting()


def _layout(head: str, detected: DetectedMarks) -> Rewriting | None:
    """How text must be laid out that no single mark makes a table of; None where one does."""
    if mark := text_layout.double_mark(head):
        return Rewriting(mark=mark)
    is_good = _is_parted(detected)
    if is_good and not text_layout.is_spaced(head, detected.scores[0][0]):
        return None
    laid_out = text_layout.aligned(head)
    return laid_out if not is_good or (laid_out and laid_out.columns) else None


def _is_parted(detected: DetectedMarks) -> bool:
    """Whether a single mark, and no blank or colon, surely separates cells."""
    best = detected.scores[0] if detected.scores else ("", 0.0)
    return best[0] in (*delimiters.DELIMITERS, *delimiters.SEPARATORS) and best[1] >= delimiters.GOOD


def _has_one_column(head: str, marks: Marks) -> bool:
    return all(len(row.cells) == 1 for row in delimiters.rows(head, marks, most=_LOCATED_ROWS))


def _whole_rows(sample: Sample, marks: Marks) -> list[Row]:
    """The head's rows; a last one that runs on beyond the sample is left out."""
    found = delimiters.rows(sample.head, marks)
    is_cut = not sample.is_whole and marks.quotechar and sample.head.count(marks.quotechar) % 2
    return found[:-1] if is_cut and len(found) > 1 else found


def _skipped(header: Row, first_line: int, marks: DetectedMarks) -> int:
    """Lines above the header; none where they are blank, as no blank line is a row unless a mark is in it."""
    is_first = header.line <= first_line and not marks.announced and "invisible" not in marks.marks.repairs
    return 0 if is_first else header.line - 1


def _line_end(text: str) -> str:
    n_pairs = text.count("\r\n")
    counts = Counter({"\n": text.count("\n") - n_pairs, "\r\n": n_pairs, "\r": text.count("\r") - n_pairs})
    return counts.most_common(1)[0][0]
