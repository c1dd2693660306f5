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
from core.uploads.detect import cell_patterns, missing_words, units
from core.uploads.detect.guesses import Confidence, Guess

MOST_CELLS = 500
_NUMBERS = 0.9
_MARKED = 0.5
_FAR_MORE = 10
_FEWEST_DOUBTFUL, _GROUP = 3, 3
_FEWEST_SENTINELS = 3
_SENTINEL_SHARE = 0.01
_NEAR = 0.5
_LEAST_SUSPICIOUS = -9.0
_FEWEST_NUMBERS = 10
_EXAMPLES = 3
_MOST_SAMPLES = 12
_LARGEST_CODES = frozenset(("99", "999", "9999", "99999", "999999", "9999999"))


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
        if len(found) < _MARKED * len(present):
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
    if len(found) >= _NUMBERS * len(filled):
        return True
    n_cells = sum(filled[cell] for cell in found)
    return len(found) >= _FEWEST_NUMBERS and n_cells >= _NUMBERS * sum(filled.values())


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
    spelling, guesses = _spelling(name, found, numbers, decimal, usual) if found else (None, [])
    plain = spelling or Spelling(decimal)
    scale, about_scale = _scale(name, found, plain)
    guesses = about_scale or guesses
    if loose:
        guesses = _with_loose(name, guesses, filled, loose, plain, decimal)
    missing |= _sentinels(numbers, plain)
    guesses += _suspicion(name, numbers, plain, missing)
    if missing:
        guesses.append(_of_missing(name, missing, present, is_number=True))
    if spelling is None and not missing and not loose:
        return FoundFormat(None, tuple(guesses))
    plain = spelling or Spelling(decimal if loose else "")
    rule = ColumnRule(column, plain.decimal, plain.thousands, plain.mark, tuple(sorted(missing)))
    return FoundFormat(replace(rule, scale=scale, is_loose=bool(loose)), tuple(guesses))


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
    if filled and dated >= _NUMBERS * len(filled):
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


def _scale(name: str, found: Mapping[str, Numeral], spelling: Spelling) -> tuple[str, list[Guess]]:
    """Where some percentages have their sign and others are parts of one, both on one scale; a guess that is asked."""
    if spelling.mark != "%":
        return "", []
    signed = [cell for cell, numeral in found.items() if numeral.mark == "%"]
    bare = [cell for cell, numeral in found.items() if not numeral.mark]
    if not signed or not bare:
        return "", []
    sizes = {cell: abs(_value_of(cell, spelling) or 0.0) for cell in (*signed, *bare)}
    is_split = max(sizes[cell] for cell in bare) <= 1 < max(sizes[cell] for cell in signed)
    bare_example, signed_example = max(bare, key=len), max(signed, key=len)
    why = f"{len(signed):,} different values have a percent sign, as {signed_example!r} does; {len(bare):,} have none,"
    if is_split:
        why += f" such as {bare_example!r}. Those are read as parts of one, times 100."
        return "fractions", [Guess("numbers", spelling.example, "guess", why, name)]
    why += f" such as {bare_example!r}. Those are read as percentages too."
    return "", [Guess("numbers", spelling.example, "likely", why, name)]


def _with_loose(
    name: str,
    guesses: Sequence[Guess],
    filled: Mapping[str, int],
    loose: Mapping[str, str],
    plain: Spelling,
    decimal: str,
) -> list[Guess]:
    """What is said of a column's numbers, with how those cells are read that are only nearly numbers."""
    n = sum(filled[cell] for cell in loose)
    examples = [f"{cell!r} as {loose[cell].replace('.', decimal)}" for cell in list(loose)[:_EXAMPLES]]
    said = f"{counted(n, 'cell')} in a sample {'is' if n == 1 else 'are'} nearly a number: {', '.join(examples)}."
    if not guesses:
        return [Guess("numbers", plain.example, "likely", said, name)]
    first, *rest = guesses
    confidence: Confidence = "likely" if first.confidence == "certain" else first.confidence
    return [replace(first, why=f"{first.why} {said}", confidence=confidence), *rest]


def samples(sample: Sequence[str]) -> tuple[str, ...]:
    """A few cells of a column of numbers, one of each form, for telling later how the file writes them.

    Nothing where all of them are whole numbers.
    """
    found: dict[str, str] = {}
    for cell in sample:
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


def _spelling(
    name: str, found: Mapping[str, Numeral], filled: Mapping[str, int], decimal: str, usual: str
) -> tuple[Spelling | None, list[Guess]]:
    """The spelling that most of the numbers have, None where they are plain, and how sure that is."""
    if all(numeral.is_plain(decimal) for numeral in found.values()) and len(found) == len(filled):
        return None, [] if usual else _doubt(name, found, decimal)
    marks = Counter(numeral.mark for numeral in found.values())
    mark = next((mark for mark, n in marks.most_common() if mark and n >= _MARKED * len(found)), "")
    if not mark and set(marks) == {"", "%"}:
        mark = "%"
    ways = number_formats.spellings(decimal, mark)
    admitted = {way: sum(map(way.admits, found)) for way in ways}
    best = max(ways, key=lambda way: (admitted[way], -ways.index(way)))
    if admitted[best] < _NUMBERS * len(filled):
        return None, []
    simplest = next(way for way in ways if admitted[way] == admitted[best])
    spelling, confidence = _weighed(simplest, admitted, found, decimal)
    as_others = Spelling(usual, "", mark) if usual else spelling
    is_as_others = spelling != as_others and admitted[as_others] >= admitted[spelling] and not _shown(found)
    if is_as_others:
        spelling, confidence = as_others, "likely"
    if spelling == Spelling(decimal) and not any(numeral.is_signed_oddly for numeral in found.values()):
        return None, []
    others = [
        way
        for way in ways
        if admitted[way] == admitted[spelling] and way != spelling and _differs(way, spelling, found)
    ]
    why = f"{admitted[spelling]:,} of {len(filled):,} different values are written like {_example(found, spelling)!r}."
    if confidence == "guess":
        why += " The mark could also be a decimal mark instead of a thousands mark."
    if is_as_others:
        named = "comma" if usual == "," else "point"
        why += f" Other columns' numbers can only have a decimal {named}, so these were read with one too."
    alternatives = tuple(way.example for way in others[:3])
    return spelling, [Guess("numbers", spelling.example, confidence, why, name, alternatives)]


def _doubt(name: str, found: Mapping[str, Numeral], decimal: str) -> list[Guess]:
    """That decimals may be groups of three digits, where no number of the file tells: "1.250" throughout."""
    marked = [cell for cell, numeral in found.items() if decimal in numeral.number]
    is_either = all(number_formats.decimal_of(found[cell].number) is None for cell in marked)
    longest = max((len(found[cell].number) for cell in found if cell not in marked), default=0)
    if len(marked) < max(_FEWEST_DOUBTFUL, _MARKED * len(found)) or not is_either or longest > _GROUP:
        return []
    grouped = Spelling("," if decimal == "." else ".", decimal)
    why = f"Every number like {marked[0]!r} has three decimals. The mark could also separate thousands."
    return [Guess("numbers", Spelling(decimal).example, "guess", why, name, (grouped.example,))]


def _weighed(
    simplest: Spelling,
    admitted: Mapping[Spelling, int],
    found: Mapping[str, Numeral],
    decimal: str,
) -> tuple[Spelling, Confidence]:
    """Between decimals and groups of three digits, where both could be meant: the other mark than the file's groups."""
    shown = _shown(found)
    marked = any(mark in numeral.number for numeral in found.values() for mark in ".,")
    if shown or not marked:
        return simplest, "certain" if len(shown) <= 1 else "likely"
    grouped = Spelling(decimal, "," if decimal == "." else ".", simplest.mark)
    if admitted[grouped] >= admitted[simplest] and simplest.decimal != decimal:
        return grouped, "guess"
    return simplest, "likely"


def _shown(found: Mapping[str, Numeral]) -> set[str]:
    """The marks that can only be decimal ones in some cell."""
    return {mark for numeral in found.values() if (mark := number_formats.decimal_of(numeral.number))}


def _differs(way: Spelling, spelling: Spelling, found: Mapping[str, Numeral]) -> bool:
    return (
        any(mark in numeral.number for numeral in found.values() for mark in ".,")
        and way.decimal != spelling.decimal
    )


def _example(found: Mapping[str, Numeral], spelling: Spelling) -> str:
    return max(found, key=lambda cell: (spelling.admits(cell), len(found[cell].number), cell))


def _sentinels(filled: Mapping[str, int], spelling: Spelling) -> set[str]:
    """Numbers like -999 that stand for "no value": they repeat, and no other comes near."""
    total = sum(filled.values())
    likely = [cell for cell in filled if cell.replace(",", ".") in cell_patterns.SENTINELS]
    if not likely:
        return set()
    others = [
        value for cell in filled if cell not in likely and (value := _value_of(cell, spelling)) is not None
    ]
    return {
        cell.lower()
        for cell in likely
        if filled[cell] >= max(_FEWEST_SENTINELS, _SENTINEL_SHARE * total)
        and others
        and min(others) > _NEAR * float(cell.replace(",", "."))
    }


def _suspicion(
    name: str, filled: Mapping[str, int], spelling: Spelling, missing: Collection[str]
) -> list[Guess]:
    """A number that repeats while no other comes near may stand for "no value": said, but not acted upon.

    The lowest where it is negative; the highest where it is made of nines.
    """
    values = {cell: value for cell in filled if (value := _value_of(cell, spelling)) is not None}
    ordered = sorted(values, key=lambda cell: values[cell])
    total = sum(filled.values())
    found = []
    for cell, others in ((ordered[:1], ordered[1:2]), (ordered[-1:], ordered[-2:-1])):
        if not cell or not others or cell[0] in missing:
            continue
        value, next_to = values[cell[0]], values[others[0]]
        is_code = re.sub(r"[.,]0+$", "", cell[0].strip()) in _LARGEST_CODES
        is_low = cell == ordered[:1] and value <= _LEAST_SUSPICIOUS and next_to > _NEAR * value
        is_high = cell == ordered[-1:] and is_code and next_to < _NEAR * value
        if (is_low or is_high) and filled[cell[0]] >= max(_FEWEST_SENTINELS, _SENTINEL_SHARE * total):
            why = f"{cell[0]} appears {filled[cell[0]]:,} times in a sample of {total:,} cells, and no other number is "
            why += "close to it. It may stand for a missing value."
            found.append(Guess("missing", "", "guess", why, name, (cell[0],)))
    return found[:1]


def _value_of(cell: str, spelling: Spelling) -> float | None:
    digits = "".join(mark for mark in cell if mark.isdigit() or mark in f"-{spelling.decimal}")
    try:
        return float(digits.replace(spelling.decimal, ".")) if digits else None
    except ValueError:
        return None


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
