"""What was done to a file on the way to its table: counts, and the first cells before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import cells
from core.uploads.report.profile import shortened

CHANGES_KEPT = 40
_CHARACTERS = 200


@dataclass(frozen=True)
class CellChange:
    """A cell of the first rows that was rewritten. row: from 1, below the header."""

    row: int
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class LineTreatment:
    """How often the lines of a file were not rows as they stood.

    n_blank: blank lines left out. n_inner_breaks: line breaks inside quoted cells. n_not_rows: repeated headers, totals
    and notes left out. n_short: rows filled up, the first in line first_short; n_long: rows with empty cells behind the
    last column, the first in line first_long.
    """

    n_blank: int = 0
    n_inner_breaks: int = 0
    n_not_rows: int = 0
    n_short: int = 0
    first_short: int | None = None
    n_long: int = 0
    first_long: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As a plain dict."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LineTreatment:
        """The treatment that `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True)
class SourceArchive:
    """What a file came in. kind: "gzip" or "zip". file_name, size_bytes: of the archive. n_others: files that were in
    it too and were not read.
    """

    kind: str
    file_name: str
    size_bytes: int
    n_others: int = 0


def changes(given: pa.Table, clean: pa.Table, *, n_kept: int) -> list[CellChange]:
    """The cells that differ in the first rows, at most n_kept. given, clean: the same rows and columns of text."""
    found: list[CellChange] = []
    for name, before, after in zip(given.column_names, given.columns, clean.columns, strict=True):
        for row, (old, new) in enumerate(zip(before.to_pylist(), after.to_pylist(), strict=True), 1):
            if old != new:
                found.append(CellChange(row, name, shortened(old, _CHARACTERS), shortened(new, _CHARACTERS)))
    return sorted(found, key=lambda change: change.row)[:n_kept]


def coerced(given: pa.ChunkedArray, clean: pa.ChunkedArray) -> tuple[int, int, int, str]:
    """How many cells of a column were rewritten, how many of these became missing, how many name a number only nearly,
    and the first such cell as it is spelled.
    """
    if given is clean:
        return 0, 0, 0, ""
    differs: np.ndarray = pc.not_equal(given, clean).to_numpy()
    emptied: np.ndarray = pc.equal(clean, "").to_numpy()
    is_about = cells.is_about(clean)
    first = given[int(is_about.argmax())].as_py() if is_about.any() else ""
    return int(differs.sum()), int((differs & emptied).sum()), int(is_about.sum()), first
