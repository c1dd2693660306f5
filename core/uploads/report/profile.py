"""What a column holds, summed up block by block in memory that does not grow with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import cells, loose_numbers, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.dates import columns as dates
from core.uploads.dates.texts import CERTAIN
from core.uploads.detect.columns import cell_patterns, missing_words

Kind = Literal["number", "category", "text", "date", "boolean", "empty"]

_N_EXAMPLES = 5
_SHOWN_CHARACTERS = 80
_DISTINCT_CAP = 10_000
_DISTINCT_BUDGET = 400_000
_SURE_CATEGORIES = 20
_MOST_CATEGORIES = 1000
_ROWS_PER_CATEGORY = 5
ODD_SHARE = 0.1
"""Of a column's cells that hold something, as many may be no number in a column of numbers."""
_MOST_SPELLINGS = 20
_LARGEST_WHOLE = 1e15
_ODD_KEPT, _PLAIN_KEPT, _ODD_LOOKED_AT, _SPELLED_SHARE = 500, 100, 50, 0.8


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a file.

    n_distinct: different values, trimmed, missing ones apart; the count stopped there where distinct_capped.
    minimum, maximum: by value for numbers, else by spelling; None where every cell is missing.
    n_odd: cells that are no number in a column where nine in ten are, with the first of them.
    Or cells that are no date in a "date" column.
    n_coerced: cells that were rewritten to be read; n_declared_missing: those of them that became missing, n_about:
    those that name a number only nearly, such as "<0.5", with the first of them.
    missing: the usual spellings of "no value" among its cells, with their counts.
    """

    name: str
    kind: Kind
    n_missing: int
    n_distinct: int
    distinct_capped: bool
    minimum: str | None
    maximum: str | None
    examples: tuple[str, ...]
    n_odd: int = 0
    first_odd: str | None = None
    n_coerced: int = 0
    n_declared_missing: int = 0
    n_about: int = 0
    first_about: str | None = None
    missing: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to an equal profile."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnProfile:
        """The profile that `to_json` wrote."""
        return cls(**{**data, "examples": tuple(data["examples"])})


class ColumnSummary:
    """Takes a column's cells in blocks and gives its profile at the end."""

    def __init__(self, name: str, *, decimal: str, n_columns: int, rule: ColumnRule) -> None:
        """rule: by which its cells are read."""
        self._name = name
        self._values: Collection[str] = rule.values
        self._date, self._n_undated, self._first_undated = rule.date, 0, ""
        self._missing: Counter[str] = Counter()
        self._n_about, self._first_about = 0, ""
        self._decimal = decimal
        self._cap = max(100, min(_DISTINCT_CAP, _DISTINCT_BUDGET // n_columns))
        self._seen: set[int] = set()
        self._capped = False
        self._examples: list[str] = []
        self._n_rows = self._n_missing = self._n_bad = 0
        self._may_be_number = self._may_be_spelled = not rule.date and rule.kind != "category"
        self._may_be_date = rule.kind != "category"
        self._n_coerced = self._n_declared_missing = 0
        self._odd: list[str] = []
        self._plain: list[str] = []
        self._lowest, self._highest = np.inf, -np.inf
        self._first_bad: str | None = None
        self._first: str | None = None
        self._last: str | None = None

    def add(self, column: pa.ChunkedArray) -> None:
        """column: (n,) text cells of the next rows."""
        self._n_rows += len(column)
        if self._capped:
            values, weights = column, None
        else:
            counted = pc.value_counts(column)
            values, weights = counted.field("values"), counted.field("counts").to_numpy()
        is_open = self._may_be_number or self._may_be_spelled
        missing = self._numbers(values, weights) if is_open else cells.is_missing(values, self._values)
        self._n_missing += _total(missing, weights)
        self._note_missing(values, missing, weights)
        present = values.filter(pa.array(~missing)) if missing.any() else values
        if len(present):
            self._texts(present)
        if self._date or (self._may_be_date and not self._may_be_number):
            self._dates(values, weights)

    def add_coerced(self, n_cells: int, n_declared_missing: int, n_about: int, first_about: str) -> None:
        """Count cells that were rewritten before they were added, those of them that became missing, and those that
        name a number only nearly, the first as it is spelled.
        """
        self._n_coerced += n_cells
        self._n_declared_missing += n_declared_missing
        self._n_about += n_about
        self._first_about = self._first_about or first_about

    def _dates(self, values: pa.Array, weights: np.ndarray | None) -> None:
        column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        bad = dates.days(column, self._date or CERTAIN)[1]  # without a rule, as training looks at it
        if bad.any() and not self._first_undated:
            self._first_undated = column[int(bad.argmax())].as_py()
        self._n_undated += _total(bad, weights)

    def _note_missing(self, values: pa.Array, missing: np.ndarray, weights: np.ndarray | None) -> None:
        """Count the usual spellings of "no value", blank cells apart."""
        if not missing.any() or len(self._missing) >= _MOST_SPELLINGS:
            return
        places = np.flatnonzero(missing)
        found = pc.value_counts(pc.utf8_trim_whitespace(values.take(pa.array(places))))
        if weights is not None:
            for place in places:
                self._missing[values[int(place)].as_py().strip()] += int(weights[place])
        else:
            self._missing.update({one["values"].as_py(): one["counts"].as_py() for one in found})
        del self._missing[""]

    @property
    def odd(self) -> list[str]:
        """Different cells that are no plain number, and a few that are, where a spelling may explain all of them."""
        return self._odd + self._plain if self._may_be_spelled and self._odd else []

    def profile(self) -> ColumnProfile:
        """The profile of all rows added so far."""
        kind = self._kind()
        minimum, maximum = self._first, self._last
        n_odd = self._n_bad if self._may_be_number else self._n_undated if kind == "date" else 0
        first_odd = self._first_undated if kind == "date" else self._first_bad if self._may_be_number else ""
        if kind == "number":
            minimum, maximum = _spelled(self._lowest), _spelled(self._highest)
        return ColumnProfile(
            name=self._name,
            kind=kind,
            n_missing=self._n_missing,
            n_distinct=min(len(self._seen), self._cap),
            distinct_capped=self._capped,
            minimum=minimum if minimum is None else shortened(minimum),
            maximum=maximum if maximum is None else shortened(maximum),
            examples=tuple(shortened(example) for example in self._examples),
            n_odd=n_odd,
            first_odd=shortened(first_odd) if first_odd else None,
            n_coerced=self._n_coerced,
            n_declared_missing=self._n_declared_missing,
            n_about=self._n_about,
            first_about=shortened(self._first_about) if self._first_about else None,
            missing=dict(self._missing),
        )

    def _numbers(self, values: pa.Array, weights: np.ndarray | None) -> np.ndarray:
        found, bad = cells.numbers(values, self._decimal)
        blank = np.isnan(found)
        missing: np.ndarray = blank & ~bad
        if self._values and missing.any():
            kept = missing & ~cells.is_missing(values, self._values)
            missing, bad = missing & ~kept, bad | kept
        if not blank.all():
            self._lowest = min(self._lowest, float(np.nanmin(found)))
            self._highest = max(self._highest, float(np.nanmax(found)))
        self._n_bad += _total(bad, weights)
        if self._first_bad is None and bad.any():
            self._first_bad = values[int(bad.argmax())].as_py()
        n_present = self._n_rows - self._n_missing - _total(missing, weights)
        self._may_be_number = self._may_be_number and self._n_bad <= ODD_SHARE * n_present
        if self._may_be_spelled:
            self._look_at_odd(values, bad, ~bad & ~missing)
        return missing

    def _look_at_odd(self, values: pa.Array, bad: np.ndarray, plain: np.ndarray) -> None:
        """Keep some cells that are no number as they stand, as long as most could be one in another spelling."""
        for kept, is_so, most in ((self._odd, bad, _ODD_KEPT), (self._plain, plain, _PLAIN_KEPT)):
            if len(kept) < most and is_so.any():
                kept += values.take(pa.array(np.flatnonzero(is_so)[: most - len(kept)])).to_pylist()
        spelled = sum(
            number_formats.of(cell) is not None
            or missing_words.is_none(cell)
            or loose_numbers.taken(cell) is not None
            for cell in self._odd[:_ODD_LOOKED_AT]
        )
        self._may_be_spelled = spelled >= _SPELLED_SHARE * len(self._odd[:_ODD_LOOKED_AT])

    def _texts(self, present: pa.Array) -> None:
        ends = pc.min_max(present)
        first, last = ends["min"].as_py().strip(), ends["max"].as_py().strip()
        self._first = first if self._first is None else min(first, self._first)
        self._last = last if self._last is None else max(last, self._last)
        if not self._capped:
            distinct = pc.utf8_trim_whitespace(present).to_pylist()
            self._examples += list(dict.fromkeys(distinct))[:_N_EXAMPLES] if not self._examples else []
            self._seen.update(map(hash, distinct))
            self._capped = len(self._seen) > self._cap
        if self._date:
            return
        if self._may_be_date and not cell_patterns.is_date(first):
            self._may_be_date = False
        if self._may_be_date:
            matched = pc.match_substring_regex(pc.utf8_trim_whitespace(present), cell_patterns.DATE)
            self._may_be_date = bool(pc.all(matched).as_py())

    def _kind(self) -> Kind:
        n_present = self._n_rows - self._n_missing
        if not n_present:
            return "empty"
        if self._may_be_number:
            return "number"
        if (self._date or self._may_be_date) and self._n_undated <= ODD_SHARE * n_present:
            return "date"
        if any({value.lower() for value in self._examples} <= pair for pair in cell_patterns.PAIRS):
            return "boolean"
        few = len(self._seen) <= _SURE_CATEGORIES
        shared = len(self._seen) <= _MOST_CATEGORIES and len(self._seen) * _ROWS_PER_CATEGORY <= n_present
        return "category" if not self._capped and (few or shared) else "text"


def _total(cells_found: np.ndarray, weights: np.ndarray | None) -> int:
    return int(cells_found.sum() if weights is None else weights[cells_found].sum())


def shortened(text: str, n_characters: int = _SHOWN_CHARACTERS) -> str:
    """The text, or its beginning and an ellipsis where it is longer than n_characters."""
    return text if len(text) <= n_characters else text[: n_characters - 1] + "…"


def _spelled(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < _LARGEST_WHOLE else repr(value)
