"""Tables of a file that are not read with it, where they stand, and what an upload of their own is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class OtherTable:
    """A table that was left out.

    first_line, last_line: as an editor counts, its titles included; 0 for the file's last. title: what stands above
    it, or its names. n_rows, n_columns: about how large it is.
    """

    first_line: int
    last_line: int
    title: str
    n_rows: int
    n_columns: int

    @property
    def lines(self) -> str:
        """As a person says them: "lines 9 to 14"."""
        return (
            f"lines {self.first_line:,} to {self.last_line:,}"
            if self.last_line
            else f"lines {self.first_line:,} to the end"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain dict; `from_json` reads it back to an equal table."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OtherTable:
        """The table that `to_json` wrote."""
        return cls(**data)
