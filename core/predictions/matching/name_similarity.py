"""How alike the names of columns are: the nearest to a name that is missing, and whether it is near enough to guess."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

ALIKE = 0.5  # from here on a name is worth showing as the nearest
SURE, AHEAD = 0.84, 0.1  # from here on, and so far ahead of any other, it is worth choosing
BARE = 0.95
_EDGES = "\x02", "\x03"

Similarities = npt.NDArray[np.float64]


class NameIndex:
    """Column names to be compared with; it takes them apart once."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._same: dict[str, list[int]] = defaultdict(list)
        self._bare: dict[str, list[int]] = defaultdict(list)
        holders: dict[str, list[int]] = defaultdict(list)
        n_parts = []
        for index, name in enumerate(names):
            self._same[folded(name)].append(index)
            self._bare[_bare(name)].append(index)
            parts = _parts(folded(name))
            n_parts.append(len(parts))
            for part in parts:
                holders[part].append(index)
        self._n_parts = np.array(n_parts, np.int64)
        self._holders = {part: np.array(indexes, np.int64) for part, indexes in holders.items()}

    def similarities(self, name: str) -> Similarities:
        """(n,) in [0, 1]: 1 where the names are the same but for case, blanks and marks, less elsewhere.

        Where they are the same but for what stands in brackets, a unit for one, it is BARE; elsewhere the share of
        letters and of pairs of letters that both have. Source: Dice 1945, Ecology 26(3); on pairs of letters Adamson
        and Boreham 1974, Information Storage and Retrieval 10.
        """
        wanted = folded(name)
        parts = _parts(wanted)
        found = [self._holders[part] for part in parts if part in self._holders]
        shared = np.bincount(np.concatenate(found), minlength=len(self.names)) if found else 0
        similarity: Similarities = np.minimum(2.0 * shared / (self._n_parts + len(parts)), 0.99)
        similarity[self._bare.get(_bare(name), [])] = BARE
        similarity[self._same.get(wanted, [])] = 1.0
        return similarity

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


def sure_matches(found: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
    """What `nearest` found, where it may be taken."""
    return {name: column for name, (column, is_sure) in found.items() if is_sure}


def folded(name: str) -> str:
    """The name's letters and digits in lower case; the name itself where it has none."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or name


def _bare(name: str) -> str:
    return folded(re.sub(r"\([^)]*\)|\[[^\]]*\]", "", name).strip() or name)


def _parts(name: str) -> set[str]:
    framed = f"{_EDGES[0]}{name}{_EDGES[1]}"
    return {*name, *(framed[i : i + 2] for i in range(len(framed) - 1))}


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _is_ahead(first: float, second: float) -> bool:
    return first >= SURE and (second < 1.0 if first == 1.0 else second <= first - AHEAD)


def _is_first(mine: float, claims: Sequence[float]) -> bool:
    others = sorted(claims)[:-1]
    return mine == max(claims) and all(_is_ahead(mine, other) for other in others)
