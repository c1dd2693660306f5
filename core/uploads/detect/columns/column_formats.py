"""How each column is to be read: the spelling of its numbers and of its missing cells, found in a sample of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.uploads.csv import cells, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Spelling
from core.uploads.detect.columns import (
    cell_patterns,
    cell_readings,
    codes,
    date_columns,
    doubts,
    missing_guesses,
    missing_words,
    number_columns,
    sentinels,
)
from core.uploads.detect.columns.cell_readings import CellReadings
from core.uploads.detect.columns.number_columns import LEAST_SHARE, MOSTLY
from core.uploads.detect.guesses import Guess

MOST_CELLS = 500
_FAR_MORE = 10
CATEGORY = "category"
_MOST_SAMPLES = 12


@dataclass(frozen=True)
class FoundFormat:
    """A column's rule, or None where it is read as it stands, and what to say of it. as_number: the rule of a column of
    texts by which it would be one of numbers, where somebody says that it is. none_words: what stands for "no value" in
    a column of numbers. is_number: whether it is one. is_mixed: whether numbers and words stand in a column of texts.
    """

    rule: ColumnRule | None
    guesses: tuple[Guess, ...]
    as_number: ColumnRule | None = None
    none_words: frozenset[str] = frozenset()
    is_number: bool = False
    is_mixed: bool = False

    def beside(self, other: FoundFormat) -> FoundFormat:
        """What is said of the column here and there, with the other's rule."""
        return replace(self, rule=other.rule, guesses=(*self.guesses, *other.guesses))


def decimal_mark(samples: Sequence[Sequence[str]], delimiter: str) -> tuple[str, int, int]:
    """The decimal mark of most columns that show one, and how many cells show a comma and a point.

    samples: cells of each column. A file whose cells are separated by commas has a point, whatever a quoted cell shows.
    """
    votes: Counter[str] = Counter()
    for column in samples:
        present = [cell for cell in column if cell and not cell.isspace()]
        found = [numeral for cell in present if (numeral := number_formats.of(cell)) is not None]
        if len(found) < MOSTLY * len(present):
            continue
        shown = [mark for numeral in found if (mark := numeral.decimal) is not None]
        votes.update(shown)
    mark = "," if votes[","] > votes["."] and delimiter != "," else "."
    return mark, votes[","], votes["."]


def usual_mark(n_commas: int, n_points: int) -> str:
    """The decimal mark that the file's cells are certain of, by how many show a comma and a point; "" for none."""
    if n_commas > _FAR_MORE * n_points:
        return ","
    return "." if n_points > _FAR_MORE * n_commas else ""


def of_file(
    names: Sequence[str], samples: Sequence[Sequence[str]], decimal: str, *, usual: str
) -> list[FoundFormat]:
    """The rules of a file's columns. samples: cells of each. A word that is missing in a column of numbers may be so in
    others that show it less clearly.
    """
    columns = list(enumerate(zip(names, samples, strict=True)))
    beside = codes.list_marks(samples)
    found = [
        find(place, name, cells_, decimal, usual=usual, list_marks=beside)
        for place, (name, cells_) in columns
    ]
    words = frozenset[str]().union(*(one.none_words for one in found))
    if words:
        found = [
            one
            if one.is_number or (one.as_number and not one.is_mixed)
            else find(place, name, cells_, decimal, usual=usual, none_words=words, list_marks=beside)
            for one, (place, (name, cells_)) in zip(found, columns, strict=True)
        ]
    of_units = doubts.of_units_beside(names, samples, [one.is_number for one in found])
    for guess in of_units:
        place = list(names).index(guess.column or "")
        found[place] = replace(found[place], guesses=(*found[place].guesses, guess))
    return found


def find(
    column: int,
    name: str,
    sample: Sequence[str],
    decimal: str,
    *,
    usual: str = "",
    none_words: frozenset[str] = frozenset(),
    list_marks: frozenset[str] = frozenset(),
) -> FoundFormat:
    """The rule of one column. sample: cells as the file spells them. decimal: the file's mark. usual: the mark that
    other cells of the file are certain of, where that is known. none_words: as `cell_readings.of` takes them.
    list_marks: what parts the values of cells in other columns, as `codes.list_marks` finds it.
    """
    present = _present(sample)
    words = Counter(
        cell for cell in (cell.strip() for cell in sample) if cell and cell.lower() in cells.MISSING
    )
    if not present and not words:
        return FoundFormat(None, ())
    filled = {cell: n for cell, n in present.items() if not missing_words.is_none(cell, is_surely=True)}
    if (dates := date_columns.find(name, sample, filled)) is not None:
        return _of_dates(column, name, present, dates)
    read = cell_readings.of(present, decimal, none_words)
    if not read.are_numbers:
        as_text = _of_texts(column, name, sample, present, read.filled, words)
        mixed = _of_mixed(column, name, read, decimal) or _of_some_numbers(
            column, name, sample, decimal, usual, read
        )
        return mixed.beside(as_text) if mixed else as_text
    as_number = _of_numbers(column, name, sample, decimal, usual, read)
    if why := codes.why(read.filled) or read.why_codes or codes.why_marked(read.filled, list_marks):
        as_text = _of_texts(column, name, sample, present, read.filled, words)
        return _of_codes(column, name, why, as_text, as_number)
    return replace(as_number, guesses=(*as_number.guesses, *doubts.of_numbers(name, read.filled)))


def _of_codes(column: int, name: str, why: str, as_text: FoundFormat, as_number: FoundFormat) -> FoundFormat:
    """Labels that look like numbers, read as they are spelled."""
    said = f"Its cells are read as labels and not as numbers, because {why}."
    rule = replace(as_text.rule or ColumnRule(column), kind=CATEGORY)
    guess = Guess("kind", CATEGORY, "likely", said, name, ("number",))
    return FoundFormat(rule, (guess, *as_text.guesses), as_number.rule or ColumnRule(column))


def _of_mixed(column: int, name: str, read: CellReadings, decimal: str) -> FoundFormat | None:
    """Numbers of several units, which are no numbers together unless somebody says so; None for other columns."""
    named = read.mixed
    if not named:
        return None
    examples = [next(cell for cell in read.filled if read.has_unit(cell, unit)) for unit in named[:2]]
    guess = number_columns.of_several_units(name, named, examples)
    if not read.meanings.conversion:
        return FoundFormat(None, (guess,))
    rule = ColumnRule(column, decimal, mark=named[0], is_loose=True, suffixes=read.meanings.conversion)
    return FoundFormat(None, (guess,), rule)


def _of_some_numbers(
    column: int, name: str, sample: Sequence[str], decimal: str, usual: str, read: CellReadings
) -> FoundFormat | None:
    """Numbers among words that may stand for no value, which are texts unless somebody says otherwise; else None."""
    if not read.are_some_numbers or codes.why(read.filled) or read.why_codes:
        return None
    as_number = _of_numbers(column, name, sample, decimal, usual, read).rule or ColumnRule(column)
    strays = {cell: read.filled[cell] for cell in read.strays}
    numbers = {cell: n for cell, n in read.filled.items() if cell not in strays}
    guess = doubts.of_some_numbers(name, numbers, strays)
    return FoundFormat(None, (guess,), as_number, is_mixed=True)


def _of_numbers(
    column: int, name: str, sample: Sequence[str], decimal: str, usual: str, read: CellReadings
) -> FoundFormat:
    basis, counts = read.basis
    spelling, guesses = (
        number_columns.spelling_of(name, basis, counts, decimal, usual) if basis else (None, [])
    )
    plain = spelling or Spelling(decimal, "", read.meanings.unit)
    scale, about_scale = number_columns.scale_of(name, read.found, plain)
    guesses = about_scale or guesses
    loose = read.loose(plain)
    if loose:
        guesses = number_columns.with_loose(name, guesses, read.filled, loose, plain, decimal)
    if rounded := codes.rounded(read.filled):
        guesses = number_columns.with_lost_digits(name, guesses, rounded, plain)
    numbers = {cell: n for cell, n in read.filled.items() if cell in read.found or cell in loose}
    values = number_columns.values_of(numbers, plain, read.meanings.suffixes)
    zeros = read.zeros(sample, least=min(values.values(), default=0.0))
    if zeros:
        guesses += [number_columns.of_words(name, zeros, read.present)]
    strays = {cell.lower() for cell in read.strays if cell.lower() not in dict(zeros)}
    missing = read.missing - set(dict(zeros)) | sentinels.known(numbers, values)
    guesses += sentinels.suspected(name, numbers, values, missing)
    if missing:
        guesses.append(missing_guesses.of_missing(name, missing, read.present, is_number=True))
    if strays:
        guesses.append(missing_guesses.of_strays(name, strays, read.present))
    is_loose = bool(loose or zeros)
    if spelling is None and not missing and not strays and not is_loose:
        return FoundFormat(None, tuple(guesses), is_number=True)
    plain = spelling or (plain if is_loose else Spelling(""))
    rule = ColumnRule(column, plain.decimal, plain.thousands, plain.mark, tuple(sorted(missing | strays)))
    suffixes = read.meanings.suffixes if is_loose else ()
    rule = replace(rule, scale=scale, is_loose=is_loose, suffixes=suffixes, words=zeros)
    words = frozenset(word for word in missing | strays if number_formats.of(word) is None)
    return FoundFormat(rule, tuple(guesses), none_words=words, is_number=True)


def _of_dates(
    column: int, name: str, present: Mapping[str, int], dates: date_columns.FoundDates
) -> FoundFormat:
    """Dates, and which of the spellings of "no value" stand beside them."""
    missing = {_folded(text) for text in present if missing_words.is_none(text)}
    guesses = dates.guesses
    if missing:
        guesses += (missing_guesses.of_missing(name, missing, present, is_number=False),)
    guesses += tuple(sentinels.among_dates(name, present, dates.order))
    rule = ColumnRule(column, missing=tuple(sorted(missing)), date=dates.order)
    return FoundFormat(rule if rule != ColumnRule(column) else None, guesses)


def _of_texts(
    column: int,
    name: str,
    sample: Sequence[str],
    present: Mapping[str, int],
    filled: Mapping[str, int],
    words: Mapping[str, int],
) -> FoundFormat:
    """Words, dates, yes and no: which of the spellings of "no value" are values here."""
    dated = sum(cell_patterns.is_measure(cell) for cell in filled)
    answers = frozenset[str]().union(*cell_patterns.PAIRS)
    among_numbers = {_folded(text) for text in present if missing_words.is_none(text)} - answers
    guesses: list[Guess] = []
    missing = {text for text in among_numbers if missing_words.is_anywhere(text)}
    values: dict[str, str] = {}
    if filled and dated >= LEAST_SHARE * len(filled):
        missing = among_numbers
    else:
        if _are_yes_and_no(filled):
            missing |= among_numbers - missing_words.ANSWERS
            guesses += missing_guesses.of_answers(name, among_numbers - missing, present)
        missing |= missing_words.dashes_among(present)
        guesses += sentinels.among_words(name, filled)
        n_blank = sum(1 for cell in sample if not cell.strip())
        values = missing_words.values_among(words, present, n_blank=n_blank)
    guesses += doubts.of_texts(name, filled)
    guesses += [missing_guesses.of_value(name, word, why, words) for word, why in values.items()]
    if missing:
        guesses.append(missing_guesses.of_missing(name, missing, present, is_number=False))
    if not missing and not values:
        return FoundFormat(None, tuple(guesses))
    rule = ColumnRule(column, missing=tuple(sorted(missing)), values=tuple(sorted(values)))
    return FoundFormat(rule, tuple(guesses))


def samples(sample: Sequence[str]) -> tuple[str, ...]:
    """A few cells of a column of numbers, one of each form, for telling later how the file writes them.

    Nothing where all of them are whole numbers.
    """
    found: dict[str, str] = {}
    for cell in sample:
        if cell.isdigit():
            continue
        numeral = number_formats.of(cell)
        if numeral is not None and not numeral.number.isdigit():
            form = re.sub("[1-9][0-9]*", lambda digits: str(min(len(digits[0]), 4)), cell.strip())
            found.setdefault(form, cell.strip())
            if len(found) >= _MOST_SAMPLES:
                break
        elif numeral is not None and numeral.mark:
            found.setdefault(numeral.mark, cell.strip())
    return tuple(found.values())


def _are_yes_and_no(filled: Mapping[str, int]) -> bool:
    words = {_folded(cell) for cell in filled}
    return len(words) == 2 and any(words <= pair for pair in cell_patterns.PAIRS)


def _present(sample: Sequence[str]) -> Counter[str]:
    """The cells that hold something, trimmed, with their counts."""
    trimmed = (cell.strip() for cell in sample)
    return Counter(cell for cell in trimmed if cell.lower() not in cells.MISSING)


def _folded(cell: str) -> str:
    return cell.lower()
