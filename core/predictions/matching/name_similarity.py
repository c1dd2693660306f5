"""How alike the names of columns are: the nearest to a name that is missing, and whether it is near enough to guess."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

ALIKE = 0.55  # from here on a name is worth showing as the nearest
SURE, AHEAD = 0.88, 0.1  # from here on, and so far ahead of any other, it is worth choosing
SAME_BUT_FOR_BRACKETS, MOST_OF_OTHERS = 0.95, 0.99

_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Similarities = npt.NDArray[np.float64]


class NameIndex:
    """Column names to be compared with, prepared once."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._folded = np.array([folded(name) for name in names], object)
        self._bare = np.array([_bare(name) for name in names], object)
        self._words = [_words(name) for name in names]

    def similarities(self, name: str) -> Similarities:
        """(n,) in [0, 1]: 1 where the names are the same but for case, blanks and marks, less elsewhere.

        Where they are the same but for what stands in brackets, a unit for one, it is SAME_BUT_FOR_BRACKETS; elsewhere
        the share of letters that stay when one is edited into the other (rapidfuzz's `ratio`), whatever the order of
        their words.
        """
        wanted = folded(name)
        letters = process.cdist([wanted], self._folded, scorer=fuzz.ratio)[0]
        words = process.cdist([_words(name)], self._words, scorer=fuzz.token_sort_ratio)[0]
        found: Similarities = np.minimum(np.maximum(letters, words).astype(np.float64) / 100, MOST_OF_OTHERS)
        found[self._bare == _bare(name)] = SAME_BUT_FOR_BRACKETS
        found[self._folded == wanted] = 1.0
        return found

    def ranked(self, name: str, *, most: int) -> list[str]:
        """The names nearest first, at most so many; equals in their own order."""
        order = np.argsort(-self.similarities(name), kind="stable")[:most]
        return [self.names[index] for index in order]


def nearest(wanted: Sequence[str], offered: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """By wanted name the offered one that is nearest, and whether it may be taken for it unless somebody objects.

    It may where it is nearly the same, or the same but for case and marks, its numbers are the same, no other
    offered name is about as near to it, and it is about as near to no other wanted one. Names without any that is
    alike are absent.
    """
    if not wanted or not offered:
        return {}
    names = NameIndex(offered)
    best: dict[str, int] = {}
    sure: dict[str, float] = {}
    claims: dict[int, list[float]] = defaultdict(list)
    for name in wanted:
        similarity = names.similarities(name)
        index = int(similarity.argmax())
        if similarity[index] < ALIKE:
            continue
        best[name] = index
        claims[index].append(float(similarity[index]))
        first, similarity[index] = float(similarity[index]), 0.0
        if _is_ahead(first, float(similarity.max())) and _digits(name) == _digits(offered[index]):
            sure[name] = first
    return {
        name: (offered[index], name in sure and _is_first(sure[name], claims[index]))
        for name, index in best.items()
    }


def folded(name: str) -> str:
    """The name's letters and digits in lower case; the name itself where it has none."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or name


def _bare(name: str) -> str:
    return folded(re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", name).strip() or name)


def _words(name: str) -> str:
    """The name's words in lower case, blanks between them: "Monthly_ChargesEUR" as "monthly charges eur"."""
    apart = _WORD_BEGINS.sub(" ", unicodedata.normalize("NFKC", name))
    return " ".join(re.findall(r"[^\W_]+", apart)).casefold() or name


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _is_ahead(first: float, second: float) -> bool:
    return first >= SURE and (second < 1.0 if first == 1.0 else second <= first - AHEAD)


def _is_first(mine: float, claims: Sequence[float]) -> bool:
    others = sorted(claims)[:-1]
    return mine == max(claims) and all(_is_ahead(mine, other) for other in others)
