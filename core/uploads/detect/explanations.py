"""Why a file was read as it was: the guesses of detection in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import counted
from core.uploads.csv.dialect import delimiter_name
from core.uploads.detect.delimiters import DetectedMarks, Row
from core.uploads.detect.encodings import encoding
from core.uploads.detect.guesses import Guess
from core.uploads.detect.shape import header_detection, widths
from core.uploads.detect.shape.other_tables import OtherTable


def of_encoding(found: encoding.Encoding) -> Guess:
    """How sure the encoding is."""
    if found.chosen:
        return Guess("encoding", found.codec, "chosen", "You chose this.")
    if found.guessed:
        witnesses = "signs" if found.by_signs else "letters"
        why = f"It is not UTF-8; its {witnesses} best match {found.name}."
        return Guess("encoding", found.codec, "guess", why, None, found.alternatives)
    if found.has_bom:
        return Guess("encoding", found.codec, "certain", "It starts with a byte order mark.")
    return Guess("encoding", found.codec, "certain", f"All of it is valid {found.name}.")


def of_marks(detected: DetectedMarks, *, is_delimiter_chosen: bool, are_quotes_chosen: bool) -> list[Guess]:
    """Delimiter, and quotes where they are unusual."""
    marks = detected.marks
    others = tuple(mark for mark, score in detected.scores if mark != marks.delimiter and score > 0)
    found = []
    if is_delimiter_chosen:
        found.append(Guess("delimiter", marks.delimiter, "chosen", "You chose this.", None, others))
    elif detected.announced:
        found.append(Guess("delimiter", marks.delimiter, "certain", "Its first line states it."))
    elif not detected.scores:
        found.append(
            Guess("delimiter", marks.delimiter, "likely", "No delimiter was found, so it has one column.")
        )
    else:
        best = detected.scores[0][1]
        second = detected.scores[1][1] if len(detected.scores) > 1 else 0.0
        sure = best >= 0.4 and second < 0.5 * best
        confidence = "certain" if sure and second < 0.2 * best else "likely" if sure else "guess"
        name = delimiter_name(marks.delimiter)
        why = f"Splitting it at {name}s gives the most even rows and the most consistent columns."
        found.append(Guess("delimiter", marks.delimiter, confidence, why, None, others))  # type: ignore[arg-type]  # one of the three
    if are_quotes_chosen:
        found.append(Guess("quotes", marks.quotechar + marks.escapechar, "chosen", "You chose this."))
    elif marks.escapechar:
        found.append(
            Guess(
                "quotes",
                marks.quotechar + marks.escapechar,
                "likely",
                "Backslashes escape the next character.",
            )
        )
    elif marks.quotechar == "'":
        found.append(Guess("quotes", "'", "likely", "Cells begin and end with single quotes.", None, ('"',)))
    elif not marks.quotechar:
        why = "Its quotes don't pair up; read as plain text, they leave all rows the same width."
        found.append(Guess("quotes", "", "likely", why, None, ('"',)))
    return found


def of_preamble(rows: Sequence[Row], location: header_detection.TableLocation, begin: int) -> list[Guess]:
    """Lines above the header, if there are any; a doubt where several of them look like rows. begin: the first line."""
    top = location.joined[0] if location.joined else location.header
    if not top:
        return []
    n_lines = str(rows[top].line - begin)
    first = " ".join(cell for cell in rows[0].cells if cell.strip()).strip()[:60]
    like_rows = widths.like_rows(rows[:top])
    if like_rows:
        lines = f"Lines {like_rows[0].line} to {like_rows[-1].line}"
        why = f"{lines} look like rows, but stand above the header and were left out."
        return [Guess("preamble", n_lines, "guess", f"{why} The first begins with {first!r}.", None, ("0",))]
    why = f"These lines are not as wide as the table below. The first begins with {first!r}."
    return [Guess("preamble", n_lines, "likely", why, None, ("0",))]


def of_tables(others: Sequence[OtherTable], first_line: int, last_line: int) -> Guess:
    """That a file holds several tables, and which of them is read."""
    listed = "; ".join(
        f"{one.lines}, {one.title!r}, {counted(one.n_rows, 'row')} of {counted(one.n_columns, 'column')}"
        for one in others
    )
    mine = f"lines {first_line:,} to {last_line:,}" if last_line else f"lines {first_line:,} to the end"
    are = "The other table was" if len(others) == 1 else "The other tables were"
    why = f"The file holds {len(others) + 1} tables. The one in {mine} is read. {are} left out: {listed}."
    return Guess("tables", mine, "likely", why)


def of_footer(explaining: Sequence[Row], below: Sequence[Row]) -> list[Guess]:
    """Lines that are no rows: those that explain the header, and those below the data."""
    found = []
    if explaining:
        why = f"Line {explaining[0].line} has words where the rows below have values, so it describes the columns."
        found.append(Guess("not_rows", str(len(explaining)), "likely", why, None, ("0",)))
    if below:
        told = next((row for row in below if row.n_filled), below[0])
        first = " ".join(cell.strip() for cell in told.cells if cell.strip())[:60]
        why = f"The last lines hold totals, notes or nothing. The first of them begins with {first!r}."
        found.append(Guess("not_rows", str(len(below)), "likely", why, None, ("0",)))
    return found


def of_comments(among: Sequence[Row]) -> list[Guess]:
    """Lines among the rows that are none."""
    if not among:
        return []
    first = " ".join(cell.strip() for cell in among[0].cells if cell.strip())[:60]
    hold, were = ("holds", "was") if len(among) == 1 else ("hold", "were")
    why = f"{counted(len(among), 'line')} among the rows {hold} a comment, total or end of a page and {were} left out."
    why += f" The first, line {among[0].line}, begins with {first!r}."
    return [Guess("not_rows", str(len(among)), "likely", why, None, ("0",))]


def of_decimal(decimal: str, n_commas: int, n_points: int) -> Guess:
    """The decimal mark, by how many cells of the sample show which."""
    mine, other = (n_commas, n_points) if decimal == "," else (n_points, n_commas)
    name = "comma" if decimal == "," else "point"
    why = f"In a sample, {mine:,} numbers can only be read with a decimal {name}"
    why += f", {other:,} only with the other mark." if other else "."
    return Guess(
        "decimal", decimal, "certain" if not other else "likely", why, None, ("," if decimal == "." else ".",)
    )
