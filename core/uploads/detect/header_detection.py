"""Where in a file its table begins: its header, and what stands above it and explains it below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.uploads.csv import header as headers
from core.uploads.detect import cell_patterns, headings
from core.uploads.detect.delimiters import Row
from core.uploads.detect.guesses import Confidence, Guess

_ENOUGH_FILLED = 0.6
_BODY_ROWS = 200
_MEASURES = 0.8
_MOST_ABOVE = 100
_LISTED = 10
_FEWEST_WIDE = 2
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class TableLocation:
    """Where the table is.

    header: the index of its row among the rows looked at, or of the first row where there is no header.
    names: clean, one a column. below: rows directly below the header that explain it and are no data.
    """

    header: int
    has_header: bool
    names: tuple[str, ...]
    index_column: bool
    below: tuple[Row, ...]
    guesses: tuple[Guess, ...]


def locate(rows: Sequence[Row], *, header_line: int | None = None) -> TableLocation:
    """Find the header among a file's first rows, of which there is one at least.

    header_line: the line it stands in, where a user says so; 0 for none.
    """
    width = _width(rows)
    if header_line == 0:
        return _without_header(rows, 0, width, "chosen")
    if header_line is not None:
        at = next((index for index, row in enumerate(rows) if row.line >= header_line), len(rows) - 1)
        chosen = Guess("header", str(header_line), "chosen", "You chose this line as the header.")
        return _with_header(rows, at, rows[at].cells, width, (), (chosen,))
    at = _header_index(rows, width)
    body = rows[at + 1 :]
    measures = _measure_columns(body[2:] or body, width)
    if _is_data(rows[at], body, measures):
        return _without_header(rows, at, width, "likely")
    if grouped := headings.grouped(rows, at):
        line = rows[at].line
        why = f"Line {rows[at - 1].line} groups the columns that line {line} names, so both were combined."
        return _with_header(
            rows,
            at,
            grouped,
            width,
            headings.explaining(rows, at, measures),
            (Guess("header", str(line), "likely", why),),
        )
    if combined := headings.combined(rows, at, measures):
        line = rows[at + 1].line
        why = f"Line {rows[at].line} groups the columns that line {line} names, so both were combined."
        return _with_header(
            rows,
            at + 1,
            combined,
            width,
            (),
            (Guess("header", str(line), "likely", why, None, (str(rows[at].line),)),),
        )
    below = headings.explaining(rows, at, measures)
    return _with_header(rows, at, rows[at].cells, width, below, (_of_header(rows, at, width, measures),))


def _with_header(
    rows: Sequence[Row],
    at: int,
    cells: Sequence[str],
    width: int,
    below: tuple[Row, ...],
    guesses: tuple[Guess, ...],
) -> TableLocation:
    body = rows[at + 1 + len(below) :]
    n_columns = len(cells)
    wide = [row for row in body if len(row.cells) == width]
    reach = max(Counter(map(_effective, wide)).items(), key=lambda pair: pair[1])[0] if wide else n_columns
    is_rule = len(wide) >= _FEWEST_WIDE and len(wide) >= _NEARLY_ALL * len(body)
    firsts = {row.cells[0] for row in wide}
    index_column = is_rule and n_columns + 1 == width == reach and all(cell.strip() for cell in cells)
    index_column = index_column and len(firsts) >= _NEARLY_ALL * len(wide)
    if index_column:
        names = headers.names(("", *cells))
        why = "Its header has one name fewer than its rows have cells, so the first has no name, as in files from R."
        guesses += (Guess("names", names[0], "likely", why, names[0]),)
    elif is_rule and width > n_columns and reach > n_columns:
        names = headers.names(cells, n_columns=reach)
        why = f"Its header has {n_columns} names, but its rows have {reach} cells."
        guesses += (Guess("names", names[-1], "guess", why, names[-1]),)
    else:
        names = headers.names(cells)
    given = ("", *cells) if index_column else cells
    return TableLocation(at, True, names, index_column, below, (*guesses, *_of_names(given, names)))


def _of_names(cells: Sequence[str], names: Sequence[str]) -> list[Guess]:
    """What had to be done to the header's cells to make them names."""
    padded, unnamed, repeated = [], [], []
    for cell, name in zip(cells, names, strict=False):
        tidy = headers.tidied(cell)
        if not tidy:
            unnamed.append(f"'{name}'")
        elif tidy != name:
            repeated.append(f"'{name}'")
        elif cell != name:
            padded.append(f"'{name}'")
    found = []
    if padded:
        found.append(
            (
                padded,
                "certain",
                f"Spaces, line breaks or invisible characters were removed from names: {_listed(padded)}.",
            )
        )
    if unnamed:
        found.append((unnamed, "certain", f"Columns without a name were numbered: {_listed(unnamed)}."))
    if repeated:
        found.append((repeated, "likely", f"Repeated names were numbered: {_listed(repeated)}."))
    return [Guess("names", _listed(which), sure, why) for which, sure, why in found]  # type: ignore[arg-type]  # two of the words


def _listed(found: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    shown = ", ".join(found[:_LISTED])
    return shown if len(found) <= _LISTED else f"{shown} and {len(found) - _LISTED:,} more"


def _without_header(rows: Sequence[Row], at: int, width: int, confidence: Confidence) -> TableLocation:
    names = headers.names([""] * width)
    why = "Its first row has values like the rows below it, so the columns were numbered."
    if confidence == "chosen":
        why = "You chose to read it without a header."
    line = str(rows[at].line)
    return TableLocation(at, False, names, False, (), (Guess("header", "0", confidence, why, None, (line,)),))


def _width(rows: Sequence[Row]) -> int:
    """The most frequent width of rows, wide ones counting for more: the table's."""
    widths = Counter(len(row.cells) for row in rows)
    return max(widths, key=lambda n: (widths[n] * (1 - 1 / (n + 0.5)), n))


def _effective(row: Row) -> int:
    return max((number for number, cell in enumerate(row.cells, 1) if cell.strip()), default=0)


def _header_index(rows: Sequence[Row], width: int) -> int:
    """The first row that is as wide as the table and named nearly throughout."""
    for index, row in enumerate(rows[: min(len(rows) - 1, _MOST_ABOVE)] or rows[:1]):
        if _may_be_header(row, rows[index + 1 :], width):
            return index
    return 0


def _may_be_header(row: Row, below: Sequence[Row], width: int) -> bool:
    n, filled = len(row.cells), row.n_filled
    if width == 1:
        return n == 1
    if _is_comment(row) and filled < width:
        return False
    if n < width:
        short = n == width - 1 and filled == n and _begin_with_values(below, width)
        ragged = n > 1 and filled == n and below and n >= _typical(below)
        values_follow = n > 1 and filled == n and below and any(map(cell_patterns.is_measure, below[0].cells))
        return bool(
            short
            or ragged
            or (values_follow and n >= 0.5 * width and not any(map(cell_patterns.is_measure, row.cells)))
        )
    if filled <= 1 and row.cells[0].strip():
        return False
    reach = max((_effective(next_) for next_ in below[:_BODY_ROWS]), default=filled)
    wanted = min(width, reach)
    return filled >= _ENOUGH_FILLED * wanted or filled >= wanted - 1


def _begin_with_values(rows: Sequence[Row], width: int) -> bool:
    """Whether the first of these rows is like those below it, and no header of theirs."""
    if not rows or len(rows[0].cells) < width - 1:
        return False
    measures = [column for column in _measure_columns(rows[1:] or rows, width) if column < len(rows[0].cells)]
    return (
        any(cell_patterns.is_measure(rows[0].cells[column]) for column in measures) if measures else width > 2
    )


def _typical(rows: Sequence[Row]) -> int:
    widths = Counter(_effective(row) for row in rows[:_BODY_ROWS])
    return max(widths, key=lambda n: widths[n])


def _is_comment(row: Row) -> bool:
    return row.cells[0].lstrip().startswith(("#", "//", "%", "--"))


def _measure_columns(body: Sequence[Row], width: int) -> frozenset[int]:
    """The columns of the body that hold numbers, dates or times."""
    found = set()
    for column in range(width):
        cells = [row.cells[column] for row in body[:_BODY_ROWS] if column < len(row.cells)]
        present = [
            cell
            for cell in cells
            if cell.strip() and cell.strip().lower() not in cell_patterns.MISSING_AMONG_NUMBERS
        ]
        if present and sum(map(cell_patterns.is_measure, present)) >= _MEASURES * len(present):
            found.add(column)
    return frozenset(found)


def _is_data(row: Row, body: Sequence[Row], measures: frozenset[int]) -> bool:
    """Whether a row that might be the header is a row of values: measures where the columns hold measures."""
    if not body:
        return False
    there = [(column, row.cells[column].strip()) for column in measures if column < len(row.cells)]
    filled = [(column, cell) for column, cell in there if cell]
    if not filled or not all(cell_patterns.is_measure(cell) for _, cell in filled):
        return False
    return not headings.count_up([cell for _, cell in filled]) and len(filled) >= 0.5 * len(measures)


def _of_header(rows: Sequence[Row], at: int, width: int, measures: frozenset[int]) -> Guess:
    row = rows[at]
    differs = bool(measures) and not any(
        cell_patterns.is_measure(row.cells[column]) for column in measures if column < len(row.cells)
    )
    if row.line == 1 or at == 0:
        confidence: Confidence = "certain" if differs and row.n_filled == width else "likely"
        why = "It is the first line with text" + (
            ", and it has words where the rows below have values." if differs else "."
        )
    else:
        confidence = "likely" if differs else "guess"
        why = f"It is the first line as wide as the rows below it; {at} above it " + (
            "is" if at == 1 else "are"
        )
        why += " not."
    return Guess(
        "header", str(row.line), confidence, why, None, tuple(str(r.line) for r in rows[:3] if r is not row)
    )
