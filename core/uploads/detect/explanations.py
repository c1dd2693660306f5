"""Why a file was read as it was: the guesses of detection in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from core.uploads.detect import encoding, header_detection
from core.uploads.detect.delimiters import DetectedMarks, Row
from core.uploads.detect.guesses import Guess

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "blanks", ":": "colons"}


def of_encoding(found: encoding.Encoding) -> Guess:
    """How sure the encoding is."""
    if found.chosen:
        return Guess("encoding", found.codec, "chosen", "You said so.")
    if found.guessed:
        why = f"It is not UTF-8; its letters look most like {found.name}."
        return Guess("encoding", found.codec, "guess", why, None, found.alternatives)
    if found.has_bom:
        return Guess("encoding", found.codec, "certain", "It begins with a byte order mark.")
    return Guess("encoding", found.codec, "certain", f"Every byte of it reads as {found.name}.")


def of_marks(detected: DetectedMarks, *, is_delimiter_chosen: bool, are_quotes_chosen: bool) -> list[Guess]:
    """Delimiter, and quotes where they are unusual."""
    marks = detected.marks
    name = _NAMES.get(marks.delimiter, repr(marks.delimiter))
    others = tuple(mark for mark, score in detected.scores if mark != marks.delimiter and score > 0)
    found = []
    if is_delimiter_chosen:
        found.append(Guess("delimiter", marks.delimiter, "chosen", "You said so.", None, others))
    elif detected.announced:
        found.append(Guess("delimiter", marks.delimiter, "certain", "Its first line says so."))
    elif not detected.scores:
        found.append(
            Guess("delimiter", marks.delimiter, "likely", "Nothing separates cells: it is one column.")
        )
    else:
        best = detected.scores[0][1]
        second = detected.scores[1][1] if len(detected.scores) > 1 else 0.0
        sure = best >= 0.4 and second < 0.5 * best
        confidence = "certain" if sure and second < 0.2 * best else "likely" if sure else "guess"
        why = f"Cut at {name}, its rows have one width and its cells are one thing each, most of all marks."
        found.append(Guess("delimiter", marks.delimiter, confidence, why, None, others))  # type: ignore[arg-type]  # one of the three
    if are_quotes_chosen:
        found.append(Guess("quotes", marks.quotechar + marks.escapechar, "chosen", "You said so."))
    elif marks.escapechar:
        found.append(
            Guess(
                "quotes",
                marks.quotechar + marks.escapechar,
                "likely",
                "Backslashes take a mark's meaning away.",
            )
        )
    elif marks.quotechar == "'":
        found.append(Guess("quotes", "'", "likely", "Cells begin and end with single quotes.", None, ('"',)))
    elif not marks.quotechar:
        why = "Quotes in it do not pair up, and without regard to them its rows have one width."
        found.append(Guess("quotes", "", "likely", why, None, ('"',)))
    return found


def of_preamble(header: Row, rows: Sequence[Row], location: header_detection.TableLocation) -> list[Guess]:
    """Lines above the header, if there are any."""
    if not location.header:
        return []
    first = " ".join(rows[0].cells).strip()[:60]
    why = f"They are not as wide as the table below, beginning with {first!r}."
    return [Guess("preamble", str(header.line - 1), "likely", why, None, ("0",))]


def of_footer(explaining: Sequence[Row], below: Sequence[Row]) -> list[Guess]:
    """Lines that are no rows: those that explain the header, and those below the data."""
    found = []
    if explaining:
        why = f"Line {explaining[0].line} holds words where the columns below hold values: it explains them."
        found.append(Guess("not_rows", str(len(explaining)), "likely", why, None, ("0",)))
    if below:
        first = " ".join(cell.strip() for cell in below[0].cells if cell.strip())[:60]
        why = f"The last of its lines hold totals, notes or nothing, beginning with {first!r}."
        found.append(Guess("not_rows", str(len(below)), "likely", why, None, ("0",)))
    return found


def of_decimal(decimal: str, n_commas: int, n_points: int) -> Guess:
    """The decimal mark, by how many cells of the sample show which."""
    mine, other = (n_commas, n_points) if decimal == "," else (n_points, n_commas)
    name = "comma" if decimal == "," else "point"
    why = f"In the sample, {mine:,} numbers can only have a decimal {name}"
    why += f", {other:,} only the other." if other else "."
    return Guess(
        "decimal", decimal, "certain" if not other else "likely", why, None, ("," if decimal == "." else ".",)
    )
