"""How the numbers of a column are written: their marks, their scale, their units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.errors import counted
from core.uploads.csv import cells, loose_numbers, number_formats
from core.uploads.csv.loose_numbers import Suffixes
from core.uploads.csv.number_formats import Numeral, Spelling
from core.uploads.detect.guesses import Confidence, Guess

LEAST_SHARE = 0.9  # of a column's cells, for it to be one of numbers
MOSTLY = 0.5
_FEWEST_DOUBTFUL, _GROUP = 3, 3
_EXAMPLES = 3
_CURRENCIES = {
    "US$": "$", "USD": "$", "EUR": "€", "Euro": "€", "GBP": "£", "Kč": "CZK", "zł": "PLN", "Ft": "HUF", "Rs": "₹",
    "Rs.": "₹", "INR": "₹", "TL": "TRY", "₺": "TRY", "SFr": "CHF", "SFr.": "CHF", "Fr.": "CHF", "R$": "BRL",
    "kr": "kr.", "Kr": "kr.", "Kr.": "kr.", "SEK": "kr.", "NOK": "kr.", "DKK": "kr.", "₽": "RUB",
    "руб": "RUB", "руб.": "RUB", "р.": "RUB", "円": "JPY", "元": "CNY", "RMB": "CNY",
    "원": "KRW", "₩": "KRW", "lei": "RON",
}  # fmt: skip


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
    values = values_of((*signed, *bare), spelling)
    sizes = {cell: abs(values.get(cell, 0.0)) for cell in (*signed, *bare)}
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


def of_several_units(name: str, named: Sequence[str], example: Sequence[str]) -> Guess:
    """That numbers of several units stand in one column, so that none of them is comparable as it stands."""
    listed = ", ".join(named)
    cells = " and ".join(repr(cell) for cell in example)
    why = f"Its numbers have different units ({listed}), such as {cells}. It is read as text."
    return Guess("numbers", "", "guess", why, name, tuple(named))


def currencies(found: Collection[Numeral]) -> Counter[str]:
    """How many numbers have each currency, by one name where several are in use."""
    return Counter(
        _CURRENCIES.get(numeral.mark, numeral.mark)
        for numeral in found
        if numeral.mark and numeral.mark not in "%‰"
    )


def of_words(name: str, words: Suffixes, present: Mapping[str, int]) -> Guess:
    """That cells such as "T" are read as numbers that they stand for. words: in lower case, each with its number."""
    known = dict(words)
    spelled = {cell: n for cell, n in present.items() if cell.strip().lower() in known}
    listed = ", ".join(f"{cell!r} as {known[cell.strip().lower()]}" for cell in list(spelled)[:_EXAMPLES])
    why = f"{counted(sum(spelled.values()), 'cell')} in a sample read as a number: {listed or 'a dash as 0'}."
    return Guess("numbers", "0", "likely", why, name)


def with_lost_digits(name: str, guesses: Sequence[Guess], cell: str, plain: Spelling) -> list[Guess]:
    """What is said of a column's numbers, with that their last digits were lost in scientific notation."""
    why = f"Its cells are in scientific notation, as {cell!r} is, so their last digits are lost. If they are codes, "
    why += "export the file again with this column as text."
    return [Guess("numbers", plain.example, "guess", why, name), *guesses]


def values_of(numbers: Collection[str], spelling: Spelling, suffixes: Suffixes = ()) -> dict[str, float]:
    """What each cell is as a number in this spelling; those that are none are left out."""
    read = {cell: loose_numbers.loosely(cell, spelling, ".", suffixes) for cell in numbers}
    return {cell: float(text.removeprefix(cells.ABOUT)) for cell, text in read.items() if text is not None}


def _doubt(name: str, found: Mapping[str, Numeral], decimal: str) -> list[Guess]:
    """That decimals may be groups of three digits, where no number of the file tells: "1.250" throughout."""
    marked = [cell for cell, numeral in found.items() if decimal in numeral.number]
    is_either = all(found[cell].decimal is None for cell in marked)
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
    return {mark for numeral in found.values() if (mark := numeral.decimal)}


def _differs(way: Spelling, spelling: Spelling, found: Mapping[str, Numeral]) -> bool:
    return (
        any(mark in numeral.number for numeral in found.values() for mark in ".,")
        and way.decimal != spelling.decimal
    )


def _example(found: Mapping[str, Numeral], spelling: Spelling) -> str:
    return max(found, key=lambda cell: (spelling.admits(cell), len(found[cell].number), cell))
