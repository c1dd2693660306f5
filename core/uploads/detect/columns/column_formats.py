"""How each column is to be read: the spelling of its numbers and of its missing cells, found in a sample of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import counted
from core.uploads.csv import cells, loose_numbers, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Numeral, Spelling
from core.uploads.detect.columns import cell_patterns, date_columns, missing_words, number_columns, units
from core.uploads.detect.columns.number_columns import LEAST_SHARE, MOSTLY
from core.uploads.detect.guesses import Guess

MOST_CELLS = 500
_FAR_MORE = 10
_FEWEST_NUMBERS = 10
_MOST_SAMPLES = 12


@dataclass(frozen=True)
class FoundFormat:
    """A column's rule, or None where it is read as it stands, and what to say of it."""

    rule: ColumnRule | None
    guesses: tuple[Guess, ...]


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
        shown = [mark for numeral in found if (mark := number_formats.decimal_of(numeral.number)) is not None]
        votes.update(shown)
    mark = "," if votes[","] > votes["."] and delimiter != "," else "."
    return mark, votes[","], votes["."]


def usual_mark(n_commas: int, n_points: int) -> str:
    """The decimal mark that the file's cells are certain of, by how many show a comma and a point; "" for none."""
    if n_commas > _FAR_MORE * n_points:
        return ","
    return "." if n_points > _FAR_MORE * n_commas else ""


def find(column: int, name: str, sample: Sequence[str], decimal: str, *, usual: str = "") -> FoundFormat:
    """The rule of one column. sample: cells as the file spells them. decimal: the file's mark. usual: the mark that
    other cells of the file are certain of, where that is known.
    """
    present = _present(sample)
    words = Counter(
        cell for cell in (cell.strip() for cell in sample) if cell and cell.lower() in cells.MISSING
    )
    if not present and not words:
        return FoundFormat(None, ())
    filled = {
        cell: n for cell, n in present.items() if _folded(cell) not in cell_patterns.MISSING_AMONG_NUMBERS
    }
    if (dates := date_columns.find(name, sample, filled)) is not None:
        return _of_dates(column, name, present, dates)
    unit = units.of(filled)
    found = {cell: numeral for cell in filled if (numeral := units.numeral(cell, unit)) is not None}
    loose = _loose(filled, found, decimal, unit)
    if _are_numbers(filled, {*found, *loose}):
        return _of_numbers(column, name, decimal, usual, present, filled, found, loose)
    return _of_texts(column, name, sample, present, filled, words)


def _are_numbers(filled: Mapping[str, int], found: Collection[str]) -> bool:
    """Whether nine in ten are numbers: of the different cells, or of all of them where there are enough numbers."""
    if not found or not filled:
        return False
    if len(found) >= LEAST_SHARE * len(filled):
        return True
    n_cells = sum(filled[cell] for cell in found)
    return len(found) >= _FEWEST_NUMBERS and n_cells >= LEAST_SHARE * sum(filled.values())


def _loose(
    filled: Mapping[str, int], found: Mapping[str, Numeral], decimal: str, unit: str
) -> dict[str, str]:
    """The cells that are nearly numbers, as they would be read with a decimal point."""
    plain = Spelling(decimal, "", unit)
    read = {cell: loose_numbers.loosely(cell, plain, ".") for cell in filled if cell not in found}
    return {cell: number for cell, number in read.items() if number is not None}


def _of_numbers(
    column: int,
    name: str,
    decimal: str,
    usual: str,
    present: Mapping[str, int],
    filled: Mapping[str, int],
    found: Mapping[str, Numeral],
    loose: Mapping[str, str],
) -> FoundFormat:
    missing = {text for text in map(_folded, present) if text in cell_patterns.MISSING_AMONG_NUMBERS}
    numbers = {cell: n for cell, n in filled.items() if cell in found}
    spelling, guesses = (
        number_columns.spelling_of(name, found, numbers, decimal, usual) if found else (None, [])
    )
    plain = spelling or Spelling(decimal)
    scale, about_scale = number_columns.scale_of(name, found, plain)
    guesses = about_scale or guesses
    if loose:
        guesses = number_columns.with_loose(name, guesses, filled, loose, plain, decimal)
    missing |= number_columns.sentinels(numbers, plain)
    guesses += number_columns.suspicion(name, numbers, plain, missing)
    if missing:
        guesses.append(_of_missing(name, missing, present, is_number=True))
    if spelling is None and not missing and not loose:
        return FoundFormat(None, tuple(guesses))
    plain = spelling or Spelling(decimal if loose else "")
    rule = ColumnRule(column, plain.decimal, plain.thousands, plain.mark, tuple(sorted(missing)))
    return FoundFormat(replace(rule, scale=scale, is_loose=bool(loose)), tuple(guesses))


def _of_dates(
    column: int, name: str, present: Mapping[str, int], dates: date_columns.FoundDates
) -> FoundFormat:
    """Dates, and which of the spellings of "no value" stand beside them."""
    missing = {text for text in map(_folded, present) if text in cell_patterns.MISSING_AMONG_NUMBERS}
    guesses = dates.guesses
    if missing:
        guesses += (_of_missing(name, missing, present, is_number=False),)
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
    among_numbers = {text for text in map(_folded, present) if text in cell_patterns.MISSING_AMONG_NUMBERS}
    guesses: list[Guess] = []
    missing = {text for text in among_numbers if text in cell_patterns.MISSING_ANYWHERE}
    values: dict[str, str] = {}
    if filled and dated >= LEAST_SHARE * len(filled):
        missing = among_numbers
    else:
        if _are_yes_and_no(filled):
            missing = among_numbers - missing_words.ANSWERS
            guesses += _about_answers(name, among_numbers - missing, present)
        n_blank = sum(1 for cell in sample if not cell.strip())
        values = missing_words.values_among(words, present, n_blank=n_blank)
    guesses += [_of_value(name, word, why, words) for word, why in values.items()]
    if missing:
        guesses.append(_of_missing(name, missing, present, is_number=False))
    if not missing and not values:
        return FoundFormat(None, tuple(guesses))
    rule = ColumnRule(column, missing=tuple(sorted(missing)), values=tuple(sorted(values)))
    return FoundFormat(rule, tuple(guesses))


def _about_answers(name: str, words: Collection[str], present: Mapping[str, int]) -> list[Guess]:
    found = []
    for word in sorted(words):
        n = sum(count for cell, count in present.items() if _folded(cell) == word)
        why = f"{word!r} appears in {counted(n, 'cell')} of a sample beside yes and no. It is read as a third value."
        found.append(Guess("missing", "", "guess", f"{why} It may stand for a missing value.", name, (word,)))
    return found


def _of_value(name: str, word: str, why: str, words: Mapping[str, int]) -> Guess:
    n = sum(count for cell, count in words.items() if _folded(cell) == word)
    spelled = next(cell for cell in words if _folded(cell) == word)
    said = f"{spelled!r} is read as a value in {counted(n, 'cell')} of a sample, because {why}."
    return Guess("missing", "", "likely", said, name, (word,))


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


def _of_missing(name: str, missing: set[str], present: Mapping[str, int], *, is_number: bool) -> Guess:
    n = sum(count for cell, count in present.items() if _folded(cell) in missing)
    words = ", ".join(repr(text) for text in sorted(missing))
    what = (
        "the other cells are numbers"
        if is_number
        else "next to the other cells, it can only stand for a missing value"
    )
    return Guess(
        "missing",
        ", ".join(sorted(missing)),
        "likely",
        f"{words}: {counted(n, 'cell')} in a sample; {what}.",
        name,
    )
