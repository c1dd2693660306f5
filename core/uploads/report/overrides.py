"""What a user said of a file, overruling what was guessed: kept with the upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from core.errors import Invalid
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Spelling
from core.uploads.dates import texts
from core.uploads.detect.detected import Detected, DetectionOverrides
from core.uploads.detect.guesses import About, Guess
from core.uploads.errors import ColumnUnknown, MarksClash

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
    """

    kind: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    mark: str | None = None
    missing: tuple[str, ...] | None = None
    scale: str | None = None
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
        for spellings in (self.missing, *(one.missing for one in self.columns.values())):
            if spellings is not None and len(spellings) > _MOST_MISSING:
                raise Invalid(
                    problem=f"There are {len(spellings)} values that stand for a missing cell.",
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
            more = {key: value for key, value in vars(column).items() if value is not None}
            if column.kind is not None:
                more.setdefault("date", "")  # a type that was said last is no date that was said before
            columns[name] = replace(columns.get(name, ColumnOverrides()), **more)
        return replace(
            self, **{key: value for key, value in given.items() if value is not None}, columns=columns
        )

    def applied(self, detected: Detected) -> Detected:
        """The dialect with these rules for its columns. Raises ColumnUnknown, and Invalid for a decimal mark that ends
        a cell.
        """
        dialect = detected.dialect
        if dialect.decimal == dialect.delimiter and not dialect.quotechar:
            raise Invalid(
                problem=f"'{dialect.decimal}' can't be both the delimiter and the decimal mark without quotes.",
                remedy="Choose another delimiter, another decimal mark, or a quote character.",
            )
        names = dialect.names
        if lacking := [name for name in self.columns if name not in names]:
            raise ColumnUnknown(column=lacking[0][:80])
        if self.keep_lines:
            dialect = replace(dialect, not_rows=())
        found = {rule.column: rule for rule in dialect.rules}
        chosen: list[Guess] = []
        for column, name in enumerate(names):
            rule = found.get(column, ColumnRule(column))
            changed = self._rule(rule, self.columns.get(name, ColumnOverrides()), dialect.decimal)
            if changed != rule:
                chosen += _guesses_of(name, rule, changed)
                found[column] = changed
        rules = tuple(rule for _, rule in sorted(found.items()) if rule != ColumnRule(rule.column))
        overruled = {(guess.about, guess.column) for guess in chosen}
        kept = tuple(guess for guess in detected.guesses if (guess.about, guess.column) not in overruled)
        if self.keep_lines:
            kept = tuple(guess for guess in kept if guess.about != "not_rows")
            kept += (Guess("not_rows", "0", "chosen", "You chose to keep these lines as rows."),)
        return replace(detected, dialect=replace(dialect, rules=rules), guesses=kept + tuple(chosen))

    def _rule(self, rule: ColumnRule, column: ColumnOverrides, decimal: str) -> ColumnRule:
        rule = _with_missing(
            rule, self.missing if column.missing is None else column.missing, more=self.missing
        )
        if column.scale is not None:
            rule = replace(rule, scale=column.scale)
        if column.kind is not None:
            rule = replace(rule, kind=column.kind)
        if column.date is not None:
            rule = replace(rule, date=column.date)
        elif column.kind is not None or column.decimal is not None:
            rule = replace(rule, date="")
        if column.date:
            rule = replace(rule, kind="")
        if rule.kind == "category" or rule.date:
            rule = replace(rule, decimal="", thousands="", mark="", scale="", is_loose=False)
            if rule.date:
                return rule
        thousands = self.thousands if column.thousands is None and rule.is_number else column.thousands
        if column.decimal is not None or thousands is not None or column.mark is not None:
            thousands = rule.thousands if thousands is None else thousands
            point = column.decimal or rule.decimal or decimal
            if point == thousands:
                point = "," if thousands == "." else "."
            rule = replace(
                rule,
                decimal=point,
                thousands=thousands,
                mark=column.mark if column.mark is not None else rule.mark,
            )
        return rule

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts, what was not said left out; `from_json` reads them back to equal overrides."""
        columns = {name: _given(asdict(column)) for name, column in self.columns.items()}
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "columns"}
        return _given({**plain, "columns": columns or None})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReadingOverrides:
        """The overrides that `to_json` wrote."""
        columns = {
            name: ColumnOverrides(**{**column, "missing": _tuple(column.get("missing"))})
            for name, column in data.get("columns", {}).items()
        }
        return cls(**{**data, "missing": _tuple(data.get("missing")), "columns": columns})


def _with_missing(
    rule: ColumnRule, said: tuple[str, ...] | None, *, more: tuple[str, ...] | None
) -> ColumnRule:
    """The rule with the spellings of "no value" that were said of its column. more: those said of every column."""
    if said is None:
        return rule
    usual = cells.MISSING - {""}
    words = {*_folded(said)}
    are_all = not words or words & usual
    if said is more and not are_all:
        words |= {*rule.missing}  # said of every column, beside what was found in this one
    elif more and not are_all:
        words |= {*_folded(more)}
    return replace(
        rule,
        missing=tuple(sorted(words - usual)),
        values=tuple(sorted(usual - words)) if are_all else tuple(sorted({*rule.values} - words)),
    )


def _require(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        listed = ", ".join(repr(one) for one in known)
        raise Invalid(problem=f"{name} can't be {value[:20]!r}.", remedy=f"Use one of {listed}.")


def _guesses_of(name: str, before: ColumnRule, after: ColumnRule) -> list[Guess]:
    found: list[tuple[About, str, str]] = []
    spelled = (before.decimal, before.thousands, before.mark, before.scale)
    if spelled != (after.decimal, after.thousands, after.mark, after.scale):
        found.append(("numbers", _spelled(after), _spelled(before)))
    if (before.missing, before.values) != (after.missing, after.values):
        found.append(("missing", ", ".join(after.missing), ", ".join(before.missing)))
    if before.date != after.date:
        found.append(("dates", after.date, before.date))
    if before.kind != after.kind:
        found.append(("kind", after.kind, before.kind))
    return [
        Guess(about, value, "chosen", "You chose this.", name, (old,) if old else ())
        for about, value, old in found
    ]


def _spelled(rule: ColumnRule) -> str:
    return Spelling(rule.decimal, rule.thousands, rule.mark).example if rule.is_number else ""


def _folded(spellings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(spelling.strip().lower() for spelling in spellings if spelling.strip())


def _tuple(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in data.items()
        if value is not None
    }
