"""The different values of a target column: what each is as a text, as a number and as a class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.models import labels
from core.models.errors import TargetMissing
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule

CODE_SHARE = 0.05  # of the cells that name a number; so many that look like codes make all of them codes


@dataclass(frozen=True)
class TargetValues:
    """A column's cells, each different one once.

    places: (n,) of each row's cell in `spellings`, -1 where it is missing. counts, numbers: (m,) rows of each spelling,
    and the number that it names, NaN where it names none. kind: what a user said that the column is, else "".
    """

    name: str
    places: np.ndarray
    spellings: tuple[str, ...]
    counts: np.ndarray
    numbers: np.ndarray
    decimal: str
    kind: str

    @property
    def n_rows(self) -> int:
        """Those without a value too."""
        return len(self.places)

    @cached_property
    def n_known(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def n_bad(self) -> int:
        """How many cells name no number."""
        return int(self.counts[np.isnan(self.numbers)].sum())

    @cached_property
    def amounts(self) -> tuple[np.ndarray, np.ndarray]:
        """The different numbers, ascending, and how many rows have each: a number may come in several spellings."""
        is_number = ~np.isnan(self.numbers)
        distinct, which = np.unique(self.numbers[is_number], return_inverse=True)
        return distinct, np.bincount(which, weights=self.counts[is_number], minlength=len(distinct))

    @cached_property
    def are_codes(self) -> bool:
        """Whether its numbers only name things: some have leading zeros, or more digits than one counts with."""
        is_code = np.array([labels.is_code(spelling) for spelling in self.spellings], dtype=bool)
        return bool(self.counts[is_code].sum() > CODE_SHARE * self.n_known)


@dataclass(frozen=True)
class Classes:
    """The classes of a column. names: (m,) of each spelling, its class by its most frequent one, without blanks around
    it.

    sizes: rows by class. spellings: those that are a class's by more than their form → that class. notes: a sentence
    for each class with several spellings.
    """

    names: tuple[str, ...]
    sizes: dict[str, int]
    spellings: dict[str, str]
    notes: tuple[str, ...]


def of(table: pa.Table, *, target: str, decimal: str, rule: ColumnRule | None = None) -> TargetValues:
    """table: text cells. rule: how the column is read. Raises TargetMissing."""
    if target not in table.column_names:
        raise TargetMissing(target=target, columns=", ".join(table.column_names))
    rule = rule or ColumnRule(0)
    # What is asked of cells is asked of each spelling once: few rows of a long file differ.
    encoded = pc.fill_null(table.column(target).combine_chunks(), "").dictionary_encode()
    given = np.flatnonzero(~cells.is_missing(encoded.dictionary, rule.values))
    spellings = encoded.dictionary.take(pa.array(given))
    place_of = np.full(len(encoded.dictionary), -1, np.int64)
    place_of[given] = np.arange(len(given))
    places = place_of[encoded.indices.to_numpy()] if len(place_of) else np.empty(0, np.int64)
    numbers = cells.numbers(spellings, decimal)[0] if len(given) else np.empty(0)
    counts = np.bincount(places[places >= 0], minlength=len(given))
    return TargetValues(target, places, tuple(spellings.to_pylist()), counts, numbers, decimal, rule.kind)


def classes(values: TargetValues, *, merge_words: bool = True) -> Classes:
    """merge_words: several words for yes and no are two classes."""
    keys = labels.keys(values.spellings, values.decimal, merge_words=merge_words)
    by_key: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        by_key.setdefault(key, []).append(place)
    names, sizes, spellings, notes = list(values.spellings), dict[str, int](), dict[str, str](), list[str]()
    for same in by_key.values():
        rows = Counter[str]()
        for place in same:
            rows[values.spellings[place].strip()] += int(values.counts[place])
        best = max(rows, key=lambda spelling: (rows[spelling], spelling))
        for place in same:
            names[place] = best
        sizes[best] = rows.total()
        others = [one for place in same if (one := values.spellings[place]) != best] if len(same) > 1 else []
        spellings |= {
            one: best for one in others if labels.key(one, values.decimal) != labels.key(best, values.decimal)
        }
        if others:
            were = "was" if len(others) == 1 else "were"
            notes.append(f"In the target, {', '.join(map(repr, others))} {were} read as {best!r}.")
    return Classes(tuple(names), sizes, spellings, tuple(notes))
