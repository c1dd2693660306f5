"""How the numbers of a column are written: marks, scale, and numbers that stand for "no value"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.errors import counted
from core.uploads.csv import number_formats
from core.uploads.csv.number_formats import Numeral, Spelling
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.guesses import Confidence, Guess

LEAST_SHARE = 0.9  # of a column's cells, for it to be one of numbers
MOSTLY = 0.5
_FEWEST_DOUBTFUL, _GROUP = 3, 3
_FEWEST_SENTINELS = 3
_SENTINEL_SHARE = 0.01
_NEAR = 0.5
_LEAST_SUSPICIOUS = -9.0
_EXAMPLES = 3
_LARGEST_CODES = frozenset(("99", "999", "9999", "99999", "999999", "9999999"))


def spelling_of(
    name: str, found: Mapping[str, Numeral], filled: Mapping[str, int], decimal: str, usual: str
) -> tuple[Spelling | None, list[Guess]]:
    """The spelling that most of the numbers have, None where they are plain, and how sure that is."""
    if all(numeral.is_plain(decimal) for numeral in found.values()) and len(found) == len(filled):
        return None, [] if usual else _doubt(name, found, decimal)
    marks = Counter(numeral.mark for numeral in found.values())
    mark = next((mark for mark, n in marks.most_common() if mark and n >= MOSTLY * len(found)), "")
    if not mark and set(marks) == {"", "%"}:
        mark = "%"
    ways = number_formats.spellings(decimal, mark)
    admitted = {way: sum(map(way.admits, found)) for way in ways}
    best = max(ways, key=lambda way: (admitted[way], -ways.index(way)))
    if admitted[best] < LEAST_SHARE * len(filled):
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


def scale_of(name: str, found: Mapping[str, Numeral], spelling: Spelling) -> tuple[str, list[Guess]]:
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


def with_loose(
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


def sentinels(filled: Mapping[str, int], spelling: Spelling) -> set[str]:
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


def suspicion(
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


def _doubt(name: str, found: Mapping[str, Numeral], decimal: str) -> list[Guess]:
    """That decimals may be groups of three digits, where no number of the file tells: "1.250" throughout."""
    marked = [cell for cell, numeral in found.items() if decimal in numeral.number]
    is_either = all(number_formats.decimal_of(found[cell].number) is None for cell in marked)
    longest = max((len(found[cell].number) for cell in found if cell not in marked), default=0)
    if len(marked) < max(_FEWEST_DOUBTFUL, MOSTLY * len(found)) or not is_either or longest > _GROUP:
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


def _value_of(cell: str, spelling: Spelling) -> float | None:
    digits = "".join(mark for mark in cell if mark.isdigit() or mark in f"-{spelling.decimal}")
    try:
        return float(digits.replace(spelling.decimal, ".")) if digits else None
    except ValueError:
        return None
