"""What detection is told of a file and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.uploads.csv.dialect import Dialect
from core.uploads.detect.columns.column_formats import FoundFormat
from core.uploads.detect.guesses import Guess
from core.uploads.detect.shape.other_tables import OtherTable


@dataclass(frozen=True)
class Detected:
    """A dialect, what was guessed to come by it, and tables of the file that it leaves out. is_edged: last columns that
    seem to hold nothing are left out too. samples: as `column_formats.samples` gives, of each column.
    """

    dialect: Dialect
    guesses: tuple[Guess, ...]
    others: tuple[OtherTable, ...] = ()
    is_edged: bool = False
    samples: tuple[tuple[str, ...], ...] = ()

    def with_formats(self, found: Sequence[FoundFormat]) -> Detected:
        """With these rules and what is to be said of them in place of what was found of the same columns before."""
        more = tuple(one.rule for one in found if one.rule is not None)
        guesses = tuple(guess for one in found for guess in one.guesses)
        ruled = {rule.column for rule in more}
        anew = {(guess.about, guess.column) for guess in guesses}
        rules = tuple(rule for rule in self.dialect.rules if rule.column not in ruled) + more
        before = tuple(guess for guess in self.guesses if (guess.about, guess.column) not in anew)
        return replace(self, dialect=replace(self.dialect, rules=rules), guesses=before + guesses)


@dataclass(frozen=True)
class DetectionOverrides:
    """What a user said of a file; None where that is left to be found. header_line: 0 for none.

    is_one_table: all lines belong to one table. keeps_edges: last columns stay that seem to hold nothing.
    """

    delimiter: str | None = None
    quotechar: str | None = None
    escapechar: str | None = None
    decimal: str | None = None
    header_line: int | None = None
    is_one_table: bool = False
    keeps_edges: bool = False
