"""What Claude is told of a file: names, kinds and counts of its columns; values only where their owner says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.db.tables.uploads import UploadRow
from core.uploads import uploads
from core.uploads.report.profile import ColumnProfile

MOST_COLUMNS: Final = 300


@dataclass(frozen=True)
class Outline:
    """n_rows: of the file. columns: all of it, the target among them."""

    n_rows: int
    target: str
    columns: Sequence[ColumnProfile]

    @classmethod
    def of(cls, upload: UploadRow, *, target: str) -> Outline:
        """upload: with its receipt."""
        return cls(upload.n_rows, target, uploads.examination_of(upload).columns)

    def text(self, *, with_values: bool) -> str:
        """A line of JSON for the file, and one for each column; of more than MOST_COLUMNS how many there are."""
        told: list[dict[str, Any]] = [
            {"rows": self.n_rows, "target": self.target, "columns": len(self.columns)}
        ]
        shown = [column for column in self.columns if column.name == self.target]
        shown += [column for column in self.columns if column.name != self.target][: MOST_COLUMNS - 1]
        for column in shown:
            about: dict[str, Any] = {
                "column": column.name,
                "kind": column.kind,
                "missing": column.n_missing,
                "distinct": f"at least {column.n_distinct}" if column.distinct_capped else column.n_distinct,
            }
            if with_values and column.examples:
                about |= {"examples": list(column.examples), "from": column.minimum, "to": column.maximum}
            told.append(about)
        return "\n".join(json.dumps(one, ensure_ascii=False) for one in told)
