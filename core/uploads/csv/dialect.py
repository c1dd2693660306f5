"""How a CSV is written: everything that a reader must know to turn its bytes into a table of clean text cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.uploads.csv.repairs import Repair
from core.uploads.csv.rewriting import Rewriting

DELIMITER_NAMES = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "^": "caret", "~": "tilde", ":": "colon",
    " ": "space", "\x1f": "unit separator", "\x01": "U+0001 mark",
}  # fmt: skip


def delimiter_name(mark: str) -> str:
    """As a person says it: "semicolon"; the mark itself, in quotes, where it has no name."""
    return DELIMITER_NAMES.get(mark, repr(mark))


@dataclass(frozen=True)
class ColumnRule:
    """How one column's cells become clean ones; a column without a rule is read as it stands.

    column: its place, from 0.  decimal, thousands, mark: how its numbers are spelled: their decimal mark ("" where
    it needs no care), what groups their digits ("" nothing, " " any blank, "'" any apostrophe), and what stands
    before or behind them: "%", a money sign or a unit.  missing: spellings of "no value", trimmed and in lower case.
    values: of the usual spellings of "no value" (`cells.MISSING`) those that are values here, likewise.
    kind: "number" or "category" where a user said what the column is, else "".
    scale: what is done to a percentage. "fractions": numbers without the sign are parts of one, times 100;
    "hundredths": numbers with the sign are hundredths, in a column of parts of one. "": the sign is left out.
    is_loose: cells that are nearly numbers, such as "<0.5" and "575K", are read as the numbers that they name.
    date: how its dates are written, one of `core.uploads.dates.texts.FORMS`; "" where it holds none, or none but those
    that can be read in one way only. Their cells stay as they are spelled.
    """

    column: int
    decimal: str = ""
    thousands: str = ""
    mark: str = ""
    missing: tuple[str, ...] = ()
    kind: str = ""
    values: tuple[str, ...] = ()
    scale: str = ""
    is_loose: bool = False
    date: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnRule:
        """The rule that `asdict` gave, now or before it knew as much as today."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in data.items() if name in known}
        for name in ("missing", "values"):
            given[name] = tuple(given.get(name, ()))
        return cls(**given)

    @property
    def is_number(self) -> bool:
        """Whether the rule says how numbers are spelled."""
        return bool(self.decimal)

    @property
    def is_of_dates_alone(self) -> bool:
        """Whether it says no more than how dates are written, so that cells are clean as they stand."""
        return self == ColumnRule(self.column, date=self.date)


@dataclass(frozen=True)
class Dialect:
    """How to read and how to go on writing a file.

    encoding: a Python codec for the text behind the BOM, so it never writes one. has_bom: the file begins with one.
    quotechar: "" where quotes mean nothing. escapechar: a backslash where it takes the next mark's meaning away, or "".
    decimal: "." or ",", of what is written and of clean cells. line_end: the most frequent; a reader takes all three.
    skip_lines: lines above the header, as an editor counts them. has_header: otherwise the first record is a row.
    names: of the columns, clean; () takes the header's cells as they are, and refuses rows of another width.
    index_column: the header lacks the first column's name, as R writes it.
    not_rows: the texts of records that are no rows wherever they stand (repeated headers, totals, notes); delimiters
    may follow them.
    is_ragged: rows shorter than `names` are filled up, empty cells beyond it left out; otherwise rows have one width.
    rules: of columns that need one. rewriting: how text is read that is not read as it stands; None for most files.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str = '"'
    decimal: str = "."
    line_end: str = "\n"
    has_bom: bool = False
    escapechar: str = ""
    skip_lines: int = 0
    has_header: bool = True
    names: tuple[str, ...] = ()
    index_column: bool = False
    not_rows: tuple[str, ...] = ()
    is_ragged: bool = False
    rules: tuple[ColumnRule, ...] = ()
    rewriting: Rewriting | None = None

    def of_results(self, last_line: int = 0) -> Dialect:
        """How a result is read, which holds a file that was laid out so. last_line: of its rows; 0 for all."""
        if self.rewriting is None:
            return self
        kept = Rewriting(repairs=self.repairs, last_line=last_line)
        return replace(self, rewriting=kept if kept != Rewriting() else None)

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What is done to cells once they are cut."""
        return self.rewriting.repairs if self.rewriting else ()

    @property
    def is_laid_out(self) -> bool:
        """Whether its reader, and a result, has the cells otherwise than they stand in the file."""
        return self.rewriting is not None and self.rewriting.lays_out

    @property
    def is_in_place(self) -> bool:
        """Whether its reader sees the file's own bytes, all of them, each in its place."""
        return self.rewriting is None or not (self.rewriting.lays_out or self.rewriting.has_range)

    @property
    def verbatim(self) -> Dialect:
        """The same, but cells are read as the file spells them."""
        return replace(self, rules=())

    @property
    def is_regular(self) -> bool:
        """Whether every record below the header is a row of the header's width."""
        return not self.is_ragged and not self.not_rows

    @property
    def is_plain(self) -> bool:
        """Whether records below the header are rows of one width, in double quotes or none, and clean as they stand."""
        are_clean = all(rule.is_of_dates_alone for rule in self.rules)
        return self.is_regular and are_clean and self.quotechar == '"' and not self.escapechar

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads it back to an equal dialect."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dialect:
        """The dialect that `to_json` wrote, now or before it knew as much as today."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in data.items() if name in known}
        rules = tuple(map(ColumnRule.from_json, given.pop("rules", ())))
        for name in ("names", "not_rows"):
            given[name] = tuple(given.get(name, ()))
        if given.get("rewriting") is not None:
            given["rewriting"] = Rewriting.from_json(given["rewriting"])
        return cls(**given, rules=rules)
