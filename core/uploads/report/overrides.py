"""What a user said of a file: kept with the upload. What that changes is in `overruling`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from core.errors import Invalid
from core.uploads.dates import texts
from core.uploads.detect.detected import DetectionOverrides
from core.uploads.errors import MarksClash

KINDS = ("number", "category")
THOUSANDS = ("", ",", ".", " ", "'")
DECIMALS = (".", ",")
SCALES = ("", "fractions", "hundredths")
DATES = ("", *texts.FORMS)
QUOTES = ('"', "'", "")
ESCAPES = ("", "\\")
MARKS = (",", ";", "\t", "|", "^", "~", ":", " ")
_MOST_MISSING = 50


@dataclass(frozen=True)
class ColumnOverrides:
    """What was said of one column; None where nothing was.

    kind: "number" or "category". decimal, thousands, mark: how its numbers are spelled. scale: as ColumnRule has it.
    date: likewise, and "" for a column that holds no dates.
    missing: spellings of "no value": all there are where it is empty or names a usual one, else beside the usual ones.
    values: cells that are values, though they were or may be taken for "no value".
    """

    kind: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    mark: str | None = None
    missing: tuple[str, ...] | None = None
    scale: str | None = None
    values: tuple[str, ...] | None = None
    date: str | None = None


@dataclass(frozen=True)
class ReadingOverrides:
    """What was said of a file; None, and what is not named, is found as always.

    header_line: the line the header stands in, as an editor counts; 0 for none. thousands: of every number column
    with a spelling of its own. missing: spellings of "no value" in every column of which nothing else was said, as in
    ColumnOverrides. keep_lines: lines taken for totals, notes and repeated headers are rows, and so are those of other
    tables. columns: by name.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quotechar: str | None = None
    escapechar: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    header_line: int | None = None
    missing: tuple[str, ...] | None = None
    keep_lines: bool | None = None
    columns: Mapping[str, ColumnOverrides] = field(default_factory=dict)

    @property
    def for_detection(self) -> DetectionOverrides:
        """What detection must keep to."""
        return DetectionOverrides(
            self.delimiter,
            self.quotechar,
            self.escapechar,
            self.decimal,
            self.header_line,
            is_one_table=bool(self.keep_lines),
        )

    def mentions(self, column: str) -> bool:
        """Whether something was said of a column."""
        return column in self.columns

    def checked(self) -> ReadingOverrides:
        """Itself. Raises Invalid, MarksClash for what no file can be read with."""
        _require("delimiter", self.delimiter, MARKS)
        _require("quotechar", self.quotechar, QUOTES)
        _require("escapechar", self.escapechar, ESCAPES)
        spelled = [
            (self.decimal, self.thousands),
            *((one.decimal, one.thousands) for one in self.columns.values()),
        ]
        for decimal, thousands in spelled:
            _require("decimal", decimal, DECIMALS)
            _require("thousands", thousands, THOUSANDS)
            if decimal and decimal == thousands:
                raise MarksClash(mark=decimal)
        for one in self.columns.values():
            _require("kind", one.kind, KINDS)
            _require("scale", one.scale, SCALES)
            _require("date", one.date, DATES)
        of_columns = (said for one in self.columns.values() for said in (one.missing, one.values))
        for spellings in (self.missing, *of_columns):
            if spellings is not None and len(spellings) > _MOST_MISSING:
                raise Invalid(
                    problem=f"There are {len(spellings)} values that stand for a missing cell, or for none.",
                    remedy=f"Give at most {_MOST_MISSING}.",
                )
        if self.header_line is not None and self.header_line < 0:
            raise Invalid(
                problem="The line of the header can't be negative.",
                remedy="Count lines from 1, or give 0 for no header.",
            )
        return self

    def updated(self, other: ReadingOverrides) -> ReadingOverrides:
        """These overrides with those of the other in their place."""
        given = {one.name: getattr(other, one.name) for one in fields(other) if one.name != "columns"}
        columns = dict(self.columns)
        for name, column in other.columns.items():
            columns[name] = _updated(columns.get(name, ColumnOverrides()), column)
        return replace(
            self, **{key: value for key, value in given.items() if value is not None}, columns=columns
        )

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts, what was not said left out; `from_json` reads them back to equal overrides."""
        columns = {name: _given(asdict(column)) for name, column in self.columns.items()}
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "columns"}
        return _given({**plain, "columns": columns or None})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReadingOverrides:
        """The overrides that `to_json` wrote."""
        columns = {
            name: ColumnOverrides(
                **{**column, **{key: _tuple(column.get(key)) for key in ("missing", "values")}}
            )
            for name, column in data.get("columns", {}).items()
        }
        return cls(**{**data, "missing": _tuple(data.get("missing")), "columns": columns})


def _require(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        listed = ", ".join(repr(one) for one in known)
        raise Invalid(problem=f"{name} can't be {value[:20]!r}.", remedy=f"Use one of {listed}.")


def _updated(before: ColumnOverrides, said: ColumnOverrides) -> ColumnOverrides:
    """What was said of a column before and now; of a cell that was missing and is a value now, the latter counts."""
    more = {key: value for key, value in vars(said).items() if value is not None}
    if said.kind is not None:
        more.setdefault("date", "")  # a type that was said last is no date that was said before
    found = replace(before, **more)
    if said.missing is not None and said.values is None and before.values is not None:
        words = folded(said.missing)
        found = replace(found, values=tuple(one for one in before.values if folded((one,))[0] not in words))
    if said.values is not None and said.missing is None:
        words = folded(said.values)
        kept = before.missing and tuple(one for one in before.missing if one.strip().lower() not in words)
        both = (*(one for one in before.values or () if one not in said.values), *said.values)
        found = replace(found, missing=kept or None, values=both)
    return found


def folded(spellings: tuple[str, ...]) -> tuple[str, ...]:
    """Spellings as rules keep them: trimmed, in lower case, blank ones left out."""
    return tuple(spelling.strip().lower() for spelling in spellings if spelling.strip())


def _tuple(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in data.items()
        if value is not None
    }
