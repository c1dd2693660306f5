"""How each column is to be read: the spelling of its numbers and of its missing cells, found in a sample of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.errors import counted
from core.uploads.csv import cells, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Numeral, Spelling
from core.uploads.detect import cell_patterns
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
    if not present:
        return FoundFormat(None, ())
    anywhere = {text for text in map(_folded, present) if text in cell_patterns.MISSING_ANYWHERE}
    filled = {
        cell: n for cell, n in present.items() if _folded(cell) not in cell_patterns.MISSING_AMONG_NUMBERS
    }
    found = {cell: numeral for cell in filled if (numeral := number_formats.of(cell)) is not None}
    is_number = bool(found) and len(found) >= _NUMBERS * len(filled)
    dated = sum(cell_patterns.is_measure(cell) for cell in filled) if not is_number else 0
    is_measured = is_number or (filled and dated >= _NUMBERS * len(filled)) or _are_yes_and_no(filled)
    missing = (
        {text for text in map(_folded, present) if text in cell_patterns.MISSING_AMONG_NUMBERS}
        if is_measured
        else anywhere
    )
    guesses: list[Guess] = []
    spelling = None
    if is_number:
        spelling, spelling_guesses = _spelling(name, found, filled, decimal, usual)
        guesses += spelling_guesses
        plain = spelling or Spelling(decimal)
        missing |= _sentinels(filled, plain)
        guesses += _suspicion(name, filled, plain, missing)
    if missing:
        guesses.append(_of_missing(name, missing, present, is_number=is_number))
    if spelling is None and not missing:
        return FoundFormat(None, tuple(guesses))
    plain = spelling or Spelling("")
    rule = ColumnRule(column, plain.decimal, plain.thousands, plain.mark, tuple(sorted(missing)))
    return FoundFormat(rule, tuple(guesses))


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
    """A negative number that repeats while no other comes near may stand for "no value": said, but not acted upon."""
    values = {cell: value for cell in filled if (value := _value_of(cell, spelling)) is not None}
    lowest = min(values, key=lambda cell: values[cell], default="")
    if not lowest or lowest in missing or values[lowest] > _LEAST_SUSPICIOUS:
        return []
    others = [value for cell, value in values.items() if cell != lowest]
    n, total = filled[lowest], sum(filled.values())
    if (
        n < max(_FEWEST_SENTINELS, _SENTINEL_SHARE * total)
        or not others
        or min(others) <= _NEAR * values[lowest]
    ):
        return []
    why = f"{lowest} appears {n:,} times in a sample of {total:,} cells, and no other number is close to it."
    return [Guess("missing", "", "guess", f"{why} It may stand for a missing value.", name, (lowest,))]


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
