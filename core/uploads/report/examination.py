"""What an examination of a file found: what it is written in, what it holds, what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.uploads.csv.dialect import Dialect
from core.uploads.detect.guesses import Guess
from core.uploads.detect.shape.other_tables import OtherTable
from core.uploads.report.overrides import ReadingOverrides
from core.uploads.report.profile import ColumnProfile
from core.uploads.report.receipt import CellChange, LineTreatment, SourceArchive


@dataclass(frozen=True)
class Examination:
    """What a file is written in and what it holds.

    columns: in the file's order. n_rows: records below the header that are rows. preview: the cells of the first
    PREVIEW_ROWS rows as the file spells them, long ones cut; changes: those of them that were rewritten.
    notes: sentences on what had to be found out about the file. guesses: each with how sure it is.
    samples: of each column of numbers that are not all whole, a few cells of different forms as the file spells them.
    treatment: what was done to its lines. overrides: what a user overruled. packed: what it came in; None if plain.
    other_tables: of the file, which are not read with this one.
    """

    dialect: Dialect
    columns: tuple[ColumnProfile, ...]
    n_rows: int
    preview: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    guesses: tuple[Guess, ...] = ()
    changes: tuple[CellChange, ...] = ()
    treatment: LineTreatment = field(default_factory=LineTreatment)
    overrides: ReadingOverrides = field(default_factory=ReadingOverrides)
    packed: SourceArchive | None = None
    samples: tuple[tuple[str, ...], ...] = ()
    other_tables: tuple[OtherTable, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to an equal examination."""
        return {
            "dialect": self.dialect.to_json(),
            "columns": [column.to_json() for column in self.columns],
            "n_rows": self.n_rows,
            "preview": [list(row) for row in self.preview],
            "notes": list(self.notes),
            "guesses": [guess.to_json() for guess in self.guesses],
            "changes": [asdict(change) for change in self.changes],
            "treatment": self.treatment.to_json(),
            "reading": self.overrides.to_json(),
            "packed": asdict(self.packed) if self.packed else None,
            "samples": [list(cells) for cells in self.samples],
            "other_tables": [table.to_json() for table in self.other_tables],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Examination:
        """The examination that `to_json` wrote, now or before there were guesses."""
        return cls(
            dialect=Dialect.from_json(data["dialect"]),
            columns=tuple(ColumnProfile.from_json(column) for column in data["columns"]),
            n_rows=data["n_rows"],
            preview=tuple(tuple(row) for row in data["preview"]),
            notes=tuple(data["notes"]),
            guesses=tuple(Guess.from_json(guess) for guess in data.get("guesses", ())),
            changes=tuple(CellChange(**change) for change in data.get("changes", ())),
            treatment=LineTreatment.from_json(data.get("treatment", {})),
            overrides=ReadingOverrides.from_json(data.get("reading", {})),
            packed=SourceArchive(**data["packed"]) if data.get("packed") else None,
            samples=tuple(map(tuple, data.get("samples", ()))),
            other_tables=tuple(OtherTable.from_json(table) for table in data.get("other_tables", ())),
        )
