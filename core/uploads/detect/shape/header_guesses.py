"""Why a line, or several, were taken for the header, and what was done to its cells."""

from __future__ import annotations

from collections.abc import Sequence

from core.uploads.csv import header as headers
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.guesses import Confidence, Guess
from core.uploads.detect.shape import headings
from core.uploads.detect.shape.headings import HeaderLines

_LISTED = 10


def of_names(cells: Sequence[str], names: Sequence[str]) -> list[Guess]:
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


def of_header(rows: Sequence[Row], at: int, width: int, measures: frozenset[int]) -> Guess:
    """How sure a header of one line is, and why."""
    row = rows[at]
    there = [row.cells[column] for column in sorted(measures) if column < len(row.cells)]
    values = [cell for cell in there if cell_patterns.is_measure(cell)]
    differs = bool(measures) and not values
    numbers = [cell for cell in row.cells if cell_patterns.is_measure(cell)]
    if values and not headings.count_up(values) and not headings.count_up(numbers):
        why = f"It has values such as {values[0]!r} where the rows below have some, so it may be a row and no header."
        return Guess("header", str(row.line), "guess", why, None, ("0",))
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


def of_lines(rows: Sequence[Row], lines: HeaderLines) -> Guess:
    """What was made of a header of several lines."""
    *above, last = (rows[index].line for index in lines.joined)
    if not above:
        why = f"Line {last} has words where the rows below have values."
        return Guess("header", str(last), "likely", why, None, ("0",))
    listed = ", ".join(map(str, above))
    if len(above) == 1 and rows[lines.joined[-1]].n_filled <= 0.5 * len(lines.names):
        why = f"Line {last} adds to the names in line {listed}, so both were joined."
    else:
        s = "" if len(above) == 1 else "s"
        groups = "groups" if len(above) == 1 else "group"
        why = f"Line{s} {listed} {groups} the columns that line {last} names, so all {len(above) + 1} were joined."
        why = why.replace("all 2", "both")
    if lines.is_doubtful:
        why += " Some of these names may stand for more of the columns, or for fewer."
    return Guess(
        "header", str(last), "guess" if lines.is_doubtful else "likely", why, None, tuple(map(str, above))
    )
