"""What only a person can say of a column before it is learned from: each question with its readings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from core.uploads.csv import cleaning, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.detect.guesses import Guess
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

_N_SHOWN: Final = 3
_SPELLED: Final = re.compile(r"1(?P<thousands>\D?)234(?P<decimal>[.,])5")


@dataclass(frozen=True)
class Answer:
    """One reading. label: what it does, in a few words. overrides: what is said of the columns for it. is_taken: it is
    how they are read now.
    """

    label: str
    overrides: ReadingOverrides
    is_taken: bool = False


@dataclass(frozen=True)
class ColumnQuestion:
    """key: names it on its page. columns: it is about. value: the cell that may mean "missing", "" where another thing
    is asked. is_number: whether that is a number. is_missing: whether it is read as missing now. why: a sentence, where
    another thing is asked. answers: each another reading.
    """

    key: str
    columns: tuple[str, ...]
    value: str
    is_number: bool
    is_missing: bool
    why: str
    answers: tuple[Answer, ...]


def of(found: Examination) -> list[ColumnQuestion]:
    """The questions that a file's examination leaves, those about missing values first."""
    names = [column.name for column in found.columns]
    rules = {names[rule.column]: rule for rule in found.dialect.rules}
    return [*_about_missing(found, rules), *_about_strays(found, rules), *_about_numbers(found, rules)]


def with_values(
    found: Examination, said: Mapping[str, ColumnOverrides], values: tuple[str, ...], *, only: str | None
) -> dict[str, ColumnOverrides]:
    """What was said of columns, with cells that are values: of one column, or of all in which they are missing now."""
    words = {value.lower() for value in values}
    rules = {rule.column: {*rule.missing, *dict(rule.words)} for rule in found.dialect.rules}
    held = [
        column.name
        for place, column in enumerate(found.columns)
        if words & {*rules.get(place, ()), *(word.lower() for word in column.missing)}
    ]
    columns = dict(said)
    for name in [only] if only else held:
        if values:
            columns[name] = replace(columns.get(name, ColumnOverrides()), values=values)
    return columns


def _about_missing(found: Examination, rules: Mapping[str, ColumnRule]) -> Iterator[ColumnQuestion]:
    """Values that may mean "missing", spellings of one number together."""
    alike: dict[tuple[float | str, bool], dict[str, list[str]]] = {}
    for guess in found.guesses:
        if guess.column is None or guess.about != "missing":
            continue
        likely = _sentinels(guess, rules.get(guess.column))
        for spelling, is_missing in (
            *((one, False) for one in guess.alternatives if guess.is_asked),
            *likely,
        ):
            same = alike.setdefault((_number(spelling, found.dialect.decimal), is_missing), {})
            same.setdefault(spelling, []).append(guess.column)
    for (_, is_missing), by_spelling in alike.items():
        spellings = tuple(by_spelling)
        columns = tuple(dict.fromkeys(column for columns in by_spelling.values() for column in columns))
        is_number = number_formats.of(spellings[0]) is not None
        missing = ReadingOverrides(
            columns={
                name: ColumnOverrides(missing=tuple(dict.fromkeys((*_missing(rules, name), *spellings))))
                for name in columns
            }
        )
        values = ReadingOverrides(columns={name: ColumnOverrides(values=spellings) for name in columns})
        value = spellings[0]
        answers = (
            Answer(f"Read {value} as missing", missing, is_missing),
            Answer(f"Keep {value} as a value", values, not is_missing),
        )
        yield ColumnQuestion(f"missing_{value}", columns, value, is_number, is_missing, "", answers)


def _sentinels(guess: Guess, rule: ColumnRule | None) -> list[tuple[str, bool]]:
    """Numbers that are read as missing by our choice."""
    if guess.confidence != "likely" or rule is None:
        return []
    return [(word, True) for word in rule.missing if number_formats.of(word) is not None]


def _about_strays(found: Examination, rules: Mapping[str, ColumnRule]) -> Iterator[ColumnQuestion]:
    for guess in found.guesses:
        if guess.about == "missing" and guess.confidence == "guess" and guess.value and guess.column:
            name = guess.column
            as_missing = ColumnOverrides(missing=_missing(rules, name))
            answers = (
                Answer("Read these as missing", ReadingOverrides(columns={name: as_missing}), is_taken=True),
                Answer("Read the column as text", _kind(name, "category")),
            )
            yield ColumnQuestion(f"strays_{name}", (name,), "", False, True, guess.why, answers)


def _about_numbers(found: Examination, rules: Mapping[str, ColumnRule]) -> Iterator[ColumnQuestion]:
    for guess in found.guesses:
        if guess.about != "numbers" or guess.confidence != "guess" or guess.column is None:
            continue
        name, rule = guess.column, rules.get(guess.column, ColumnRule(0))
        answers: tuple[Answer, ...] = ()
        if not guess.value:
            units = guess.alternatives
            number = f"Read as numbers in {units[0]}" if units else "Read as numbers"
            answers = (
                Answer(number, _kind(name, "number")),
                Answer("Keep as text", _kind(name, "category"), is_taken=True),
            )
        elif rule.scale:
            answers = tuple(
                _read_so(found, name, ColumnOverrides(scale=scale), rule, scale=scale)
                for scale in (rule.scale, "")
            )
        elif spelled := [one for one in (guess.value, *guess.alternatives[:1]) if _SPELLED.fullmatch(one)][
            :2
        ]:
            answers = tuple(_spelled_so(found, name, rule, example) for example in spelled)
        if len(answers) > 1:
            answers = tuple(
                replace(one, is_taken=one.is_taken or (bool(guess.value) and not place))
                for place, one in enumerate(answers)
            )
            yield ColumnQuestion(f"numbers_{name}", (name,), "", True, False, guess.why, answers)


def _spelled_so(found: Examination, name: str, rule: ColumnRule, example: str) -> Answer:
    marks = _SPELLED.fullmatch(example)
    assert marks is not None
    said = ColumnOverrides(decimal=marks["decimal"], thousands=marks["thousands"])
    return _read_so(found, name, said, rule, decimal=marks["decimal"], thousands=marks["thousands"])


def _read_so(
    found: Examination, name: str, said: ColumnOverrides, rule: ColumnRule, **changed: str
) -> Answer:
    """The answer, labelled with a column's first cells as they would be read."""
    place = [column.name for column in found.columns].index(name)
    shown = list(dict.fromkeys(row[place] for row in found.preview if row[place].strip()))[:_N_SHOWN]
    given = {"decimal": rule.decimal or found.dialect.decimal, **changed}
    as_said = ColumnRule(**{**vars(rule), **given})
    read = cleaning.cleaned(pa.array(shown, pa.string()), as_said, found.dialect.decimal).to_pylist()
    label = "Read as " + ", ".join(read)
    return Answer(label, ReadingOverrides(columns={name: said}))


def _kind(name: str, kind: str) -> ReadingOverrides:
    return ReadingOverrides(columns={name: ColumnOverrides(kind=kind)})


def _missing(rules: Mapping[str, ColumnRule], name: str) -> tuple[str, ...]:
    return rules[name].missing if name in rules else ()


def _number(spelling: str, decimal: str) -> float | str:
    """What tells spellings of one number from those of another; the spelling itself where it has marks of its own."""
    try:
        return float(spelling.replace(decimal, "."))
    except ValueError:
        return spelling
