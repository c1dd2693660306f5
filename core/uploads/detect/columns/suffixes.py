"""What the words behind a column's numbers mean: a sign, a flag, a multiplier, one unit or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.uploads.csv import multipliers
from core.uploads.csv.loose_numbers import FLAG, NEGATIVE, POSITIVE, Suffixes, Taken
from core.uploads.detect.columns import units

_CLEAR_SIDES: Final = ({"cr"}, {"dr"})
_PAIRS: Final = tuple(
    frozenset(pair.split("/"))
    for pair in (
        "cr/dr",
        "c/d",
        "credit/debit",
        "kredit/debet",
        "k/d",
        "h/s",
        "haben/soll",
        "bij/af",
        "n/s",
        "e/w",
        "o/w",
    )
)
_NEGATIVE: Final = frozenset(("dr", "d", "debit", "debet", "s", "soll", "af", "w"))
_FLAG_WORDS: Final = frozenset(
    (
        "est", "prov", "prel", "rev", "adj", "provisional", "estimated", "estimate", "revised", "preliminary",
        "suspect", "vorläufig", "geschätzt", "berichtigt", "provisoire", "estimé", "révisé",
        "estimado", "revisado", "provvisorio", "stimato", "wstępne", "szacunek",
    )
)  # fmt: skip
_LONGEST_FLAG, _MOST_FLAGS, _FEW_FLAGS = 3, 12, 2
_COMPASS: Final = frozenset("nsew")
_STREET_LETTERS: Final = frozenset("abcdef")
_SOME, _HALF, _MOST = 0.1, 0.5, 0.9


@dataclass(frozen=True)
class WordMeanings:
    """unit: that of most cells, "" for none. suffixes: what the other words mean. mixed: units of which none is the
    column's; conversion: with which they become numbers in the first of them, () where they can't.
    """

    unit: str = ""
    suffixes: Suffixes = ()
    mixed: tuple[str, ...] = ()
    conversion: Suffixes = ()


def of(taken: Mapping[str, Taken], filled: Mapping[str, int]) -> WordMeanings:
    """taken: the parts of the cells that hold a number. filled: cells that hold something, with counts."""
    words: Counter[str] = Counter()
    for cell, parts in taken.items():
        for word in {unit for _, unit in parts.pairs} or ({parts.word} if parts.word else set()):
            words[word] += filled[cell]
    if not words:
        return WordMeanings()
    n_cells = sum(filled[cell] for cell in taken)
    n_bare = sum(filled[cell] for cell, parts in taken.items() if not parts.word and not parts.pairs)
    if signs := _signs(words, n_cells - n_bare, n_cells):
        return WordMeanings(suffixes=signs)
    has_pairs = any(parts.pairs for parts in taken.values())
    if not has_pairs and (unit := units.of(filled)):
        others = [word for word in words if word != unit]
        known = {word: units.factors([word], unit) or {} for word in others}
        same = {word: "1" for word in others if units.is_same(word, unit)}
        factors = {word: factor for word, found in known.items() for factor in found.values()} | same
        return WordMeanings(unit, tuple(sorted(factors.items())))
    is_scaled = len(words) > 1 or any(parts.places for parts in taken.values())
    if all(map(multipliers.is_one, words)) and is_scaled and not has_pairs:
        return WordMeanings(suffixes=_multipliers(words))
    if (has_pairs or len(words) > 1) and all(map(units.is_unit, words)) and n_bare < _HALF * n_cells:
        named = tuple(sorted(words, key=lambda word: (-words[word], word)))
        conversion = units.factors(named, named[0]) or {}
        return WordMeanings(mixed=named, conversion=tuple(sorted(conversion.items())))
    return WordMeanings(suffixes=_flags(taken, filled, words, n_bare, n_cells))


def _signs(words: Mapping[str, int], n_signed: int, n_cells: int) -> Suffixes:
    """CR and DR, or the like in other languages, where nearly all numbers have one."""
    folded = {word.casefold().strip(".") for word in words}
    is_pair = any(folded == pair for pair in _PAIRS) or folded in _CLEAR_SIDES
    if not is_pair or n_signed < _MOST * n_cells:
        return ()
    return tuple(
        (word, NEGATIVE if word.casefold().strip(".") in _NEGATIVE else POSITIVE) for word in sorted(words)
    )


def _multipliers(words: Mapping[str, int]) -> Suffixes:
    """What "m" and "b" are where other multipliers stand in the column, so that they are no metres or bytes."""
    scales = {multipliers.places(word) for word in words}
    return (
        tuple((word, f"1{'0' * multipliers.places(word)}") for word in sorted(words))
        if len(scales) > 1
        else ()
    )


def _flags(
    taken: Mapping[str, Taken], filled: Mapping[str, int], words: Mapping[str, int], n_bare: int, n_cells: int
) -> Suffixes:
    """Letters such as the "p" of provisional figures, where the numbers show that they are no part of a code."""
    flags = {word for word in words if _is_flag(word) and not units.is_same(word, "%")}
    if not flags or len(flags) > _MOST_FLAGS or {word.casefold() for word in flags} <= _COMPASS:
        return ()
    attached = {
        parts.word
        for cell, parts in taken.items()
        if parts.word in flags and not cell.strip().removesuffix(parts.word)[-1:].isspace()
    }
    n_flagged = sum(words[word] for word in flags)
    n_marked = sum(filled[cell] for cell, parts in taken.items() if set(parts.numeral.number) & set(".,"))
    are_measured = n_marked >= _HALF * n_cells
    is_street = {word.casefold() for word in attached} <= _STREET_LETTERS and "a" in attached
    are_parts = n_bare < _HALF * n_cells or bool(attached and (is_street or len(attached) > _FEW_FLAGS))
    if n_flagged > _SOME * n_cells and not are_measured and are_parts:
        return ()
    return tuple((word, FLAG) for word in sorted(flags))


def _is_flag(word: str) -> bool:
    letters = word.casefold().rstrip(".")
    if letters in _FLAG_WORDS:
        return True
    return (
        letters.isalpha()
        and letters.isascii()
        and len(letters) <= _LONGEST_FLAG
        and letters not in ("st", "nd", "rd", "th")
    )
