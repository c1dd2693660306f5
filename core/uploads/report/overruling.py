"""What a user's overrides change of what was detected: columns' rules, and the guesses that are none any more."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Invalid
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Spelling
from core.uploads.detect.columns import missing_words
from core.uploads.detect.detected import Detected
from core.uploads.detect.guesses import About, Guess
from core.uploads.errors import ColumnUnknown
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides, folded


def applied(overrides: ReadingOverrides, detected: Detected) -> Detected:
    """What was detected, with what a user said in place of what was guessed.

    Raises ColumnUnknown, and Invalid for a decimal mark that ends a cell.
    """
    dialect = detected.dialect
    if dialect.decimal == dialect.delimiter and not dialect.quotechar:
        raise Invalid(
            problem=f"'{dialect.decimal}' can't be both the delimiter and the decimal mark without quotes.",
            remedy="Choose another delimiter, another decimal mark, or a quote character.",
        )
    names = dialect.names
    if lacking := [name for name in overrides.columns if name not in names]:
        raise ColumnUnknown(column=lacking[0][:80])
    if overrides.keep_lines:
        dialect = replace(dialect, not_rows=())
    found = {rule.column: rule for rule in dialect.rules}
    chosen: list[Guess] = []
    is_of_all = overrides.missing is not None or overrides.thousands is not None
    for column, name in enumerate(names):
        if not is_of_all and not overrides.mentions(name):
            continue
        rule, said = found.get(column, ColumnRule(column)), overrides.columns.get(name, ColumnOverrides())
        is_turned = said.kind == "number" and not rule.is_number
        as_said = detected.as_numbers.get(column, rule) if is_turned else rule
        changed = _rule(overrides, replace(as_said, column=column), said, dialect.decimal)
        if changed != rule or said != ColumnOverrides():
            chosen += _guesses_of(name, rule, changed, said)
            found[column] = changed
    rules = tuple(rule for _, rule in sorted(found.items()) if rule != ColumnRule(rule.column))
    overruled = {(guess.about, guess.column) for guess in chosen}
    kept = tuple(guess for guess in detected.guesses if (guess.about, guess.column) not in overruled)
    if overrides.keep_lines:
        kept = tuple(guess for guess in kept if guess.about != "not_rows")
        kept += (Guess("not_rows", "0", "chosen", "You chose to keep these lines as rows."),)
    return replace(detected, dialect=replace(dialect, rules=rules), guesses=kept + tuple(chosen))


def _rule(overrides: ReadingOverrides, rule: ColumnRule, column: ColumnOverrides, decimal: str) -> ColumnRule:
    """A column's rule with what was said of the file and of it. decimal: the file's mark."""
    if column.kind == "category" and rule.is_number:  # words that are missing among numbers only
        rule = replace(rule, missing=tuple(filter(missing_words.is_anywhere, rule.missing)))
    rule = _with_missing(
        rule, overrides.missing if column.missing is None else column.missing, more=overrides.missing
    )
    if column.values is not None:
        rule = _with_values(rule, folded(column.values))
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
        rule = replace(
            rule, decimal="", thousands="", mark="", scale="", is_loose=False, suffixes=(), words=()
        )
        if rule.date:
            return rule
    thousands = overrides.thousands if column.thousands is None and rule.is_number else column.thousands
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


def _with_missing(
    rule: ColumnRule, said: tuple[str, ...] | None, *, more: tuple[str, ...] | None
) -> ColumnRule:
    """The rule with the spellings of "no value" that were said of its column. more: those said of every column."""
    if said is None:
        return rule
    usual = cells.MISSING - {""}
    words = {*folded(said)}
    are_all = names_all(said)
    if said is more and not are_all:
        words |= {*rule.missing}  # said of every column, beside what was found in this one
    elif more and not are_all:
        words |= {*folded(more)}
    return replace(
        rule,
        missing=tuple(sorted(words - usual)),
        values=tuple(sorted(usual - words)) if are_all else tuple(sorted({*rule.values} - words)),
    )


def names_all(said: tuple[str, ...]) -> bool:
    """Whether spellings of "no value" that a user said are all there are, and not some beside those that were found."""
    words = folded(said)
    return not words or not cells.MISSING.isdisjoint(words)


def _with_values(rule: ColumnRule, values: tuple[str, ...]) -> ColumnRule:
    """The rule with cells that are values and stand for nothing else."""
    usual = {word for word in values if word in cells.MISSING}
    return replace(
        rule,
        missing=tuple(word for word in rule.missing if word not in values),
        values=tuple(sorted({*rule.values, *usual})),
        words=tuple((word, number) for word, number in rule.words if word not in values),
    )


def _guesses_of(name: str, before: ColumnRule, after: ColumnRule, said: ColumnOverrides) -> list[Guess]:
    """What was chosen of a column: what it changed, and what was said though it was read so anyway."""
    found: list[tuple[About, str, str]] = []
    spelled = (before.decimal, before.thousands, before.mark, before.scale)
    is_spelled = {said.decimal, said.thousands, said.mark, said.scale} != {None}
    if spelled != (after.decimal, after.thousands, after.mark, after.scale) or is_spelled:
        found.append(("numbers", _spelled(after), _spelled(before)))
    is_said = said.missing is not None or said.values is not None
    if (before.missing, before.values) != (after.missing, after.values) or is_said:
        found.append(("missing", ", ".join(after.missing), ", ".join(before.missing)))
    if before.date != after.date:
        found.append(("dates", after.date, before.date))
    if before.kind != after.kind or said.kind is not None:
        found.append(("kind", after.kind, before.kind))
    return [
        Guess(about, value, "chosen", "You chose this.", name, (old,) if old and old != value else ())
        for about, value, old in found
    ]


def _spelled(rule: ColumnRule) -> str:
    return Spelling(rule.decimal, rule.thousands, rule.mark).example if rule.is_number else ""
