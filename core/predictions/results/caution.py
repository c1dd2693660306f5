"""Which cells make a row's answer less sure, and the words in which each row says so.

A category that training never saw, a number or date outside the range that it saw, text where one is due, which was
taken as missing, a cell that names its number only nearly, and one that was read by a guess. Rows are
kept column by column, so that what a row says and what is counted are the same thing. Columns have the model's names
here, also where a mapping reads another column of the file in their place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.models.schema import RowIndices, Schema
from core.predictions.results import cell_encoding
from core.uploads.csv.dialect import Dialect
from core.uploads.dates import columns as dates

NAMED = 3
"""Columns that one row names at most; further ones are counted."""
UNSEEN, OUTSIDE, BAD, NO_DATE = "unseen", "out of range", "not a number", "not a date"
ABOUT, GUESSED = "not exactly a number", "read by a guess"


@dataclass(frozen=True)
class Cautions:
    """The rows of a block that call for caution: column → (m,) ascending places of its rows, from 0.

    Columns are in the model's order; one without such rows is absent. A cell is in one of the first three at most.
    dates: the columns that hold dates.
    """

    unseen: Mapping[str, RowIndices]
    outside: Mapping[str, RowIndices]
    bad: Mapping[str, RowIndices]
    about: Mapping[str, RowIndices] = field(default_factory=dict)
    guessed: Mapping[str, RowIndices] = field(default_factory=dict)
    dates: Collection[str] = ()

    @cached_property
    def _all(self) -> list[tuple[str, str, RowIndices]]:
        """(kind, column, rows), in the order in which a row names them."""
        kinds = (
            (UNSEEN, self.unseen),
            (OUTSIDE, self.outside),
            (BAD, {name: rows for name, rows in self.bad.items() if name not in self.dates}),
            (NO_DATE, {name: rows for name, rows in self.bad.items() if name in self.dates}),
            (ABOUT, self.about),
            (GUESSED, self.guessed),
        )
        return [(kind, name, rows) for kind, columns in kinds for name, rows in columns.items()]

    @cached_property
    def n_rows(self) -> int:
        """How many rows call for caution."""
        return len(np.unique(np.concatenate([rows for *_, rows in self._all]))) if self._all else 0

    def equals(self, other: Cautions) -> bool:
        """Whether both name the same rows of the same columns."""
        mine, theirs = self._all, other._all
        return [part[:2] for part in mine] == [part[:2] for part in theirs] and all(
            np.array_equal(one[2], two[2]) for one, two in zip(mine, theirs, strict=True)
        )

    def cells(self, n: int, dialect: Dialect) -> pa.Array:
        """(n,) binary cells: a row's words, or nothing."""
        codes = np.zeros(n, np.int64)
        texts = [""]
        if self._all:
            rows, patterns, which = self._patterns()
            codes[rows] = which + 1
            texts += [self._said(*pattern) for pattern in patterns]
        return cell_encoding.cells(pa.array(texts, pa.string()), dialect).take(pa.array(codes))

    def _patterns(self) -> tuple[RowIndices, list[tuple[list[int], int]], npt.NDArray[np.int64]]:
        """The rows, the different things that they say, and which of these each says.

        What is said: the places in `_all` of the first NAMED columns, and how many columns in all.
        """
        found = self._all
        rows = np.concatenate([rows for *_, rows in found])
        column = np.repeat(np.arange(len(found)), [len(rows) for *_, rows in found])
        in_order = np.argsort(rows, kind="stable")
        rows, column = rows[in_order], column[in_order]
        first = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        counts = np.diff(np.append(first, len(rows)))
        base, key = len(found) + 1, counts
        for rank in range(NAMED):
            named = np.where(counts > rank, column[np.minimum(first + rank, len(rows) - 1)], len(found))
            key = key * base + named
        _, example, which = np.unique(key, return_index=True, return_inverse=True)
        patterns = [
            (column[first[i] : first[i] + min(NAMED, counts[i])].tolist(), int(counts[i])) for i in example
        ]
        return rows[first], patterns, which

    def _said(self, columns: list[int], n_columns: int) -> str:
        by_kind: dict[str, list[str]] = {}
        for kind, name, _ in (self._all[column] for column in columns):
            by_kind.setdefault(kind, []).append(cell_encoding.folded(name))
        parts = [f"{kind}: {', '.join(names)}" for kind, names in by_kind.items()]
        if n_columns > NAMED:
            parts.append(f"{n_columns - NAMED} more")
        return "; ".join(parts)


def counted(columns: Mapping[str, RowIndices]) -> dict[str, int]:
    """How many rows each column has."""
    return {name: len(rows) for name, rows in columns.items()}


def outside_of_training(numbers: Mapping[str, Any] | pd.DataFrame, schema: Schema) -> dict[str, RowIndices]:
    """The rows of each column whose number lies beyond the least or the largest of training.

    numbers: (n,) float64 for each number feature, NaN for missing.
    """
    found = {}
    for feature in schema.features:
        if feature.minimum is not None and feature.maximum is not None:
            values = np.asarray(numbers[feature.name])
            below, above = values < feature.minimum, values > feature.maximum
            if below.any() or above.any():
                found[feature.name] = np.flatnonzero(below | above)
    return found


def doubtful(table: pa.Table, schema: Schema, unsure: Collection[str]) -> dict[str, npt.NDArray[np.bool_]]:
    """Of each column that nobody has said how to read, (n,) which of its cells can be two values.

    table: (n,) rows of text cells; beside a column of numbers, the one that `doubt_of` names says so.
    """
    found = {}
    for name in sorted(unsure):
        if name in schema.dates:
            found[name] = dates.are_doubtful(table.column(name).combine_chunks())
        elif doubt_of(name) in table.column_names:
            found[name] = table.column(doubt_of(name)).to_numpy()
        else:
            found[name] = np.ones(table.num_rows, dtype=bool)
    return found


def doubt_of(name: str) -> str:
    """What a column that says which cells of another one are in doubt is called: no file has such a name."""
    return f"\0{name}"


def read_by_guess(
    numbers: Mapping[str, Any] | pd.DataFrame, in_doubt: Mapping[str, npt.NDArray[np.bool_]]
) -> dict[str, RowIndices]:
    """The rows of each column that hold a value by a guess. numbers: as above. in_doubt: as `doubtful` says."""
    found = {}
    for name, cells in in_doubt.items():
        is_guess = cells & ~np.isnan(np.asarray(numbers[name]))
        if is_guess.any():
            found[name] = np.flatnonzero(is_guess)
    return found
