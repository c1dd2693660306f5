"""What a receipt says about how a file was read: plain sentences, only about what was not plain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from core.uploads.csv.dialect import Dialect, delimiter_name
from core.uploads.csv.rewriting import Rewriting
from core.uploads.dates import texts
from core.uploads.detect.encodings.encoding import Encoding
from core.uploads.detect.guesses import Guess
from core.uploads.report.profile import ColumnProfile
from core.uploads.report.receipt import LineTreatment, SourceArchive

_LINE_ENDS = {"\r": "Its lines end with a carriage return only, as on old Macs."}
_SCALED = {"fractions": "times 100 where it is lacking", "hundredths": "as hundredths"}
_JOINED = "joined."
_DOUBTED = re.compile("different units|last digits|read as text")
_NEARLY = re.compile(r"(?:nearly a number|read as a number): (.{1,400}?)\.(?= [A-Z]|$)")
_LINES_OF_SPREADSHEETS = {16_384: "an old", 65_536: "an older", 1_048_576: "a"}
_BLANKS = {" ": "spaces", "'": "apostrophes", ",": "commas", ".": "points"}


def of(
    packed: SourceArchive | None,
    encoding: Encoding,
    dialect: Dialect,
    columns: Sequence[ColumnProfile],
    treatment: LineTreatment,
    guesses: Sequence[Guess],
    n_rows: int,
) -> tuple[str, ...]:
    """The sentences of a receipt, the file's first, then its lines', then its columns'."""
    return tuple(
        sentence
        for sentence in (
            *_of_archive(packed),
            *_of_file(encoding, dialect, columns),
            *_of_text(guesses),
            *_of_lines(dialect, treatment, guesses),
            *_of_length(dialect.skip_lines + dialect.has_header + n_rows),
            *(guess.why for guess in guesses if guess.about == "names"),
            *_of_columns(dialect, columns, _examples(guesses)),
            *_of_dates(guesses),
            *(f"In '{guess.column}', {guess.why}" for guess in guesses if guess.is_of_value),
            *_of_readings(guesses),
            *(_of_column(guess) for guess in guesses if guess.about == "doubt"),
        )
        if sentence
    )


def _of_readings(guesses: Sequence[Guess]) -> Iterator[str]:
    """Columns whose cells look like numbers and are none, or are some only by a choice."""
    for guess in guesses:
        is_label = guess.about == "kind" and guess.confidence == "likely"
        is_read = guess.about == "numbers" and guess.confidence in ("likely", "guess")
        if guess.column and (is_label or (is_read and _DOUBTED.search(guess.why))):
            yield _of_column(guess)


def _of_column(guess: Guess) -> str:
    return f"In '{guess.column}', {guess.why[0].lower()}{guess.why[1:]}"


def _examples(guesses: Sequence[Guess]) -> dict[str, str]:
    """Of columns with cells that are nearly numbers, a few of these with how each is read."""
    found: dict[str, str] = {}
    for guess in guesses:
        if guess.about == "numbers" and guess.column and (shown := _NEARLY.search(guess.why)):
            found.setdefault(guess.column, shown[1])
    return found


def _of_archive(packed: SourceArchive | None) -> Iterator[str]:
    if packed is None:
        return
    size = _counted(packed.size_bytes, "byte")
    yield f"It was unpacked from {packed.file_name}, a {packed.kind} file of {size}."
    if packed.n_others:
        were = "was" if packed.n_others == 1 else "were"
        yield f"{_counted(packed.n_others, 'other file')} in the archive {were} not read."


def _of_file(encoding: Encoding, dialect: Dialect, columns: Sequence[ColumnProfile]) -> Iterator[str]:
    yield _of_encoding(encoding)
    if dialect.rewriting is not None and dialect.rewriting.lays_out:
        yield layout_name(dialect.rewriting)
        yield of_result(dialect)
    elif dialect.delimiter != "," and len(columns) > 1:
        yield f"Its cells are separated by {delimiter_name(dialect.delimiter)}s."
    if dialect.quotechar == "'":
        yield "Its cells are quoted with single quotes (')."
    if not dialect.quotechar:
        yield "Quotes are read as part of its cells."
    if dialect.escapechar:
        yield "A backslash escapes the next character."
    if dialect.decimal == ",":
        yield "Its numbers are written with a decimal comma."
    yield _LINE_ENDS.get(dialect.line_end, "")
    if len(columns) == 1 and not (dialect.rewriting and dialect.rewriting.lays_out):
        yield "It has only one column: no comma, semicolon, tab or bar separates its cells."


def layout_name(rewriting: Rewriting) -> str:
    """What stands between the cells where that is no single mark, or around them."""
    if rewriting.is_wrapped:
        return "Each line is in quotes as a whole; they were taken off."
    if rewriting.mark:
        return f"Its cells are separated by {rewriting.mark}."
    if rewriting.columns:
        return f"Its columns are aligned by spaces; lines were cut into {len(rewriting.columns)} columns."
    return "Its columns are aligned by spaces, so any number of them separates cells."


def of_result(dialect: Dialect) -> str:
    """What a result holds otherwise than the file; "" where it holds each of its lines as it is."""
    if dialect.rewriting is None or not dialect.rewriting.lays_out:
        return ""
    if dialect.rewriting.is_wrapped:
        return "Results have its lines without these quotes."
    between = dialect.rewriting.mark or "the spaces between them"
    return f"Results have its cells with {delimiter_name(dialect.delimiter)}s instead of {between}."


def _of_text(guesses: Sequence[Guess]) -> Iterator[str]:
    yield from (guess.why for guess in guesses if guess.about == "text")


def _of_lines(dialect: Dialect, treatment: LineTreatment, guesses: Sequence[Guess]) -> Iterator[str]:
    yield from (guess.why for guess in guesses if guess.about == "tables")
    joined = [guess.why for guess in guesses if guess.about == "header" and _JOINED in guess.why]
    above = [int(guess.value) for guess in guesses if guess.about == "preamble"]
    is_one_of_several = any(guess.about == "tables" for guess in guesses)
    n_above = sum(above) if above or joined or is_one_of_several else dialect.skip_lines
    if n_above:
        yield f"Skipped {_counted(n_above, 'line')} above the header."
    yield from joined
    if not dialect.has_header:
        why = next((guess.why for guess in guesses if guess.about == "header"), "")
        is_named = any(name != f"column_{number}" for number, name in enumerate(dialect.names, 1))
        yield why if is_named and why else "It has no header, so its columns were numbered."
    if treatment.n_not_rows:
        lines, are = _counted(treatment.n_not_rows, "line"), "is" if treatment.n_not_rows == 1 else "are"
        yield f"{lines} left out that {are} not data: repeated headers, totals or notes."
    if treatment.n_short:
        first = f"the first in line {treatment.first_short:,}"
        yield f"{_counted(treatment.n_short, 'row')} with fewer cells than columns, {first}; empty cells were added."
    if treatment.n_long:
        first = f"the first in line {treatment.first_long:,}"
        rows = _counted(treatment.n_long, "row")
        yield f"{rows} with empty cells after the last column, {first}; these cells were left out."
    if treatment.n_blank:
        yield f"{_counted(treatment.n_blank, 'blank line')} left out."
    if treatment.n_inner_breaks:
        yield f"{_counted(treatment.n_inner_breaks, 'line break')} inside quoted cells kept."


def _of_length(n_lines: int) -> Iterator[str]:
    """That rows may have been lost in a program that holds no more of them."""
    if n_lines in _LINES_OF_SPREADSHEETS:
        which = _LINES_OF_SPREADSHEETS[n_lines]
        yield f"It has {n_lines:,} lines, as many as {which} spreadsheet can hold: further rows may have been cut off."


def _of_columns(
    dialect: Dialect, columns: Sequence[ColumnProfile], examples: Mapping[str, str]
) -> Iterator[str]:
    rules = {rule.column: rule for rule in dialect.rules}
    for index, column in enumerate(columns):
        rule = rules.get(index)
        n_numbers = column.n_coerced - column.n_declared_missing - column.n_about
        if rule is not None and rule.is_number and n_numbers:
            marks = [f"{_BLANKS[rule.thousands]} between thousands"] if rule.thousands else []
            marks += (
                [f"a decimal {'comma' if rule.decimal == ',' else 'point'}"]
                if rule.decimal != dialect.decimal
                else []
            )
            marks += [f"'{rule.mark}'"] if rule.mark else []
            marks += [_SCALED[rule.scale]] if rule.scale else []
            how = f" with {' and '.join(marks)}" if marks else ""
            cells, what = _counted(n_numbers, "cell"), "a number" if n_numbers == 1 else "numbers"
            is_said = column.name in examples and not column.n_about
            such = f", such as {examples[column.name]}" if is_said else ""
            yield f"In '{column.name}', {cells} read as {what}{how}{such}."
        if rule is not None and column.n_declared_missing:
            words = ", ".join(f"'{word}'" for word in rule.missing)
            yield f"In '{column.name}', {_counted(column.n_declared_missing, 'cell')} ({words}) read as missing."
        if column.n_about:
            nearly = _counted(column.n_about, "cell")
            such = examples.get(column.name, f"'{column.first_about}'")
            yield f"In '{column.name}', {nearly} read as the number beside a sign or a note, such as {such}."
        if column.missing:
            words = ", ".join(f"'{word}'" for word in sorted(column.missing))
            yield f"In '{column.name}', {_counted(sum(column.missing.values()), 'cell')} ({words}) read as missing."
        if column.n_odd:
            what = "dates" if column.kind == "date" else "numbers"
            yield (
                f"Column '{column.name}' holds {what}, except in {_counted(column.n_odd, 'cell')},"
                f" the first of which is '{column.first_odd}'."
            )


def _of_dates(guesses: Sequence[Guess]) -> Iterator[str]:
    for guess in guesses:
        if guess.about == "dates" and guess.confidence == "chosen":
            read = f"dates are read as {texts.FORMS[guess.value]}" if guess.value else "no dates are read"
            yield f"In '{guess.column}', {read}, as you chose."
        elif guess.about == "dates":
            yield _of_column(guess)


def _of_encoding(encoding: Encoding) -> str:
    if encoding.guessed:
        return f"Read as {encoding.name}, our best guess. Check the special characters in the preview."
    if encoding.codec != "utf-8":
        return f"It was read as {encoding.name}."
    return (
        "It starts with a byte order mark, which is not part of the first column's name."
        if encoding.has_bom
        else ""
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
