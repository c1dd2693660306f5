"""Where in a file its table begins: its header, and what stands above it and explains it below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.uploads.csv import header as headers
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.guesses import Confidence, Guess
from core.uploads.detect.shape import (
    attributes,
    first_rows,
    header_guesses,
    headings,
    leading,
    marked_names,
    row_label,
    widths,
)
from core.uploads.detect.shape.headings import HeaderLines

_ENOUGH_FILLED = 0.6
_MOST_ABOVE = 100
_MOST_TITLES = 3
_FEWEST_WIDE = 2
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class TableLocation:
    """Where the table is.

    header: the index of its row among the rows looked at, or of the first row where there is no header.
    names: clean, one a column. below: rows directly below the header that explain it and are no data. joined: the
    indexes of all rows that give the names.
    """

    header: int
    has_header: bool
    names: tuple[str, ...]
    index_column: bool
    below: tuple[Row, ...]
    guesses: tuple[Guess, ...]
    joined: tuple[int, ...] = ()


def locate(
    rows: Sequence[Row],
    *,
    header_line: int | None = None,
    keeps_edges: bool = False,
    begins: int = 0,
    is_quoted: bool = False,
) -> TableLocation:
    """Find the header among a file's first rows, of which there is one at least.

    header_line: the line it stands in, where a user says so; 0 for none. keeps_edges: last columns count that have
    neither a name nor, in these rows, a cell, as of lines that end with delimiters. begins: the index of the header, or
    of its first line, where that is known already; else 0. is_quoted: the file begins with a quote, as R writes names.
    """
    if not keeps_edges:
        rows = _without_edges(rows)
    width = widths.width(rows)
    if header_line == 0:
        return _without_header(rows, 0, width, "chosen")
    if header_line is not None:
        at = next((index for index, row in enumerate(rows) if row.line >= header_line), len(rows) - 1)
        chosen = Guess("header", str(header_line), "chosen", "You chose this line as the header.")
        return _with_header(rows, HeaderLines((at,), rows[at].cells, ()), width, (chosen,))
    if first := attributes.first_row(rows, widths.measure_columns(rows[len(rows) // 2 :], width), width):
        return _below_attributes(rows, first)
    if marked := marked_names.find(rows, width):
        first, cells, why = marked
        guess = Guess("header", "0", "likely", why)
        return TableLocation(first, False, headers.names(cells), False, (), (guess,))
    found = _at(rows, begins or _header_index(rows, width), width, is_quoted=is_quoted)
    return _below_contradictions(rows, found, width) or found


def _below_contradictions(rows: Sequence[Row], found: TableLocation, width: int) -> TableLocation | None:
    """The table further below, where the first rows found are no rows yet: its names, or attributes of its columns,
    stand directly above the first row that is.
    """
    start = found.header + found.has_header + len(found.below)
    first = leading.first_row(rows, start, width)
    if not first and found.header:  # attributes may begin above the line that was taken for the header
        first = leading.first_row(rows, leading.block_start(rows, found.header) + 1, width)
    top = leading.block_start(rows, first) if first else 0
    block = rows[top:first]
    if first < start or not first or (first == start and not leading.are_attributes(block)):
        return None
    n_named = leading.n_named(block, width)
    if not n_named and leading.are_attributes(block):
        names = headers.names(leading.names(block, width, rows[first]))
        guess = Guess("header", "0", "likely", leading.explained(rows, first), None, (str(rows[first].line),))
        return TableLocation(first, False, names, False, (), (guess,))
    if n_named and leading.are_attributes(block):
        top = first - n_named
    below = _at(rows[top:], 0, width, is_quoted=False)
    if top + below.header + below.has_header + len(below.below) != first:
        why = f"Line {rows[first - 1].line} is the last with words where the rows below have values."
        alone = HeaderLines((first - 1,), rows[first - 1].cells, ())
        return _with_header(rows, alone, width, (Guess("header", str(rows[first - 1].line), "guess", why),))
    joined = tuple(top + index for index in below.joined)
    return replace(below, header=top + below.header, joined=joined)


def _at(rows: Sequence[Row], at: int, width: int, *, is_quoted: bool) -> TableLocation:
    """The table whose header, or first row, seems to be the row at `at`."""
    body = rows[at + 1 :]
    measures = widths.measure_columns(body[2:] or body, width)
    if len(rows) == 1 and first_rows.is_only_row(rows[at]):
        why = "Its only line has values, so it is a row, and the columns were numbered."
        return _without_header(rows, at, width, "likely", why=why)
    is_data = first_rows.is_data(rows[at], body, measures) or first_rows.is_named_above(rows, at)
    if is_data and (named := _named_below(rows, at, measures, width)):
        at, is_data = named, False
    if is_data:
        at = first_rows.first_of(rows, at, measures, width)
    if lines := headings.find(rows, at, measures, width, is_data=is_data):
        return _with_header(rows, lines, width, (header_guesses.of_lines(rows, lines),))
    if is_data:
        while at and len(rows[at - 1].cells) == width and first_rows.comes_again(rows[at - 1], rows[at:]):
            at -= 1
        if label := row_label.below_years(rows, at):
            return _with_header(rows, label, width, (header_guesses.of_lines(rows, label),))
        if at and first_rows.names_some(rows[at - 1], rows[at], measures, width):
            partly = HeaderLines((at - 1,), rows[at - 1].cells, ())
            return _with_header(
                rows, partly, width, (header_guesses.of_header(rows, at - 1, width, measures),)
            )
        return _without_header(rows, at, width, "likely")
    alone = HeaderLines((at,), rows[at].cells, headings.explaining(rows, at, measures))
    return _with_header(
        rows, alone, width, (header_guesses.of_header(rows, at, width, measures),), is_quoted=is_quoted
    )


def _without_edges(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows without what is blank in all of them at their ends, where the first of that width has more."""
    widest = max(len(row.cells) for row in rows)
    if any(len(row.cells) == widest and row.cells[-1].strip() for row in rows):
        return rows
    reach = max(map(widths.effective, rows))
    if reach < 1 or all(len(row.cells) <= reach for row in rows):
        return rows
    return [Row(row.line, row.cells[:reach]) for row in rows]


def _with_header(
    rows: Sequence[Row],
    lines: HeaderLines,
    width: int,
    guesses: tuple[Guess, ...],
    *,
    is_quoted: bool = False,
) -> TableLocation:
    at, cells, below = lines.joined[-1], lines.names, lines.below
    body = rows[at + 1 + len(below) :]
    n_columns = len(cells)
    wide = [row for row in body if len(row.cells) == width]
    reach = (
        max(Counter(map(widths.effective, wide)).items(), key=lambda pair: pair[1])[0] if wide else n_columns
    )
    is_only_row = is_quoted and len(body) == len(wide) == 1 and reach == width == n_columns + 1
    is_rule = (len(wide) >= _FEWEST_WIDE or is_only_row) and len(wide) >= _NEARLY_ALL * len(body)
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
    guesses = (*guesses, *header_guesses.of_names(given, names))
    return TableLocation(at, True, names, index_column, below, guesses, lines.joined)


def _without_header(
    rows: Sequence[Row],
    at: int,
    width: int,
    confidence: Confidence,
    *,
    why: str = "Its first row has values like the rows below it, so the columns were numbered.",
) -> TableLocation:
    names = headers.names([""] * width)
    if confidence == "chosen":
        why = "You chose to read it without a header."
    line = str(rows[at].line)
    return TableLocation(at, False, names, False, (), (Guess("header", "0", confidence, why, None, (line,)),))


def _below_attributes(rows: Sequence[Row], first: int) -> TableLocation:
    names = headers.names(("", attributes.title(rows[:first])))
    line = rows[first].line
    why = f"Lines {rows[0].line} to {line - 1} give attributes of the table, not rows; its values begin in line {line}."
    return TableLocation(
        first, False, names, False, (), (Guess("header", "0", "likely", why, None, (str(line),)),)
    )


def _header_index(rows: Sequence[Row], width: int) -> int:
    """The first row that is as wide as the table and named nearly throughout, titles that are wider left out."""
    candidates = range(min(len(rows) - 1, _MOST_ABOVE) or 1)
    found = next(
        (index for index in candidates if _may_be_header(rows[index], rows[index + 1 :], width)), None
    )
    if found is None:
        return 0
    return next(
        (
            index
            for index in _below_title(rows, found)
            if _may_be_header(rows[index], rows[index + 1 :], width)
        ),
        found,
    )


def _below_title(rows: Sequence[Row], at: int) -> list[int]:
    """Where the header may stand if the row is a title: it has more cells than nearly all rows, and one of the next
    that has as many as they names what they measure.
    """
    body = rows[at + 1 + _MOST_TITLES :] or rows[at + 2 :]
    usual = widths.typical(body) if body else 0
    if (
        not body
        or rows[at].n_filled <= usual
        or any(widths.effective(row) > usual for row in body[: widths.BODY_ROWS])
    ):
        return []
    measures = widths.measure_columns(body, usual)
    return [
        index
        for index in range(at + 1, min(at + 1 + _MOST_TITLES, len(rows) - 1))
        if widths.effective(rows[index]) == rows[index].n_filled == usual
        and (
            first_rows.is_worded(rows[index], measures)
            or (rows[index].n_filled == usual > 1 and not measures)
        )
    ]


def _named_below(rows: Sequence[Row], at: int, measures: frozenset[int], width: int) -> int:
    """The index of a row below one of values that names every column, as that one does not; 0 where there is none."""
    if rows[at].n_filled >= width:
        return 0
    for index in range(at + 1, min(len(rows) - 1, _MOST_ABOVE)):
        cells = {cell.strip() for cell in rows[index].cells if cell.strip()}
        if len(cells) == width == len(rows[index].cells) and all(
            column < width and not cell_patterns.is_measure(rows[index].cells[column]) for column in measures
        ):
            return index if first_rows.is_worded(rows[index], measures) else 0
    return 0


def _may_be_header(row: Row, below: Sequence[Row], width: int) -> bool:
    n, filled = len(row.cells), row.n_filled
    if width == 1:
        return n == 1
    if marked_names.is_comment(row) and filled < width:
        return False
    if n < width:
        short = n == width - 1 and filled == n and _begin_with_values(below, width)
        ragged = n > 1 and filled == n and below and n >= widths.typical(below)
        values_follow = n > 1 and filled == n and below and any(map(cell_patterns.is_measure, below[0].cells))
        return bool(
            short
            or ragged
            or (values_follow and n >= 0.5 * width and not any(map(cell_patterns.is_measure, row.cells)))
        )
    if filled <= 1 and row.cells[0].strip():
        return False
    reach = max((widths.effective(next_) for next_ in below[: widths.BODY_ROWS]), default=filled)
    wanted = min(width, reach)
    return filled >= _ENOUGH_FILLED * wanted or filled >= wanted - 1


def _begin_with_values(rows: Sequence[Row], width: int) -> bool:
    """Whether the first of these rows is like those below it, and no header of theirs."""
    if not rows or len(rows[0].cells) < width - 1:
        return False
    measures = [
        column for column in widths.measure_columns(rows[1:] or rows, width) if column < len(rows[0].cells)
    ]
    return (
        any(cell_patterns.is_measure(rows[0].cells[column]) for column in measures) if measures else width > 2
    )
