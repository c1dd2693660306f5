"""How a file's cells are read for a model: as in its training, unless the cells themselves show another way.

The decimal mark is decided first, a column at a time. A cell such as "1,5" or "1.234,50" can be read with one mark
only; where cells of a column show the other mark than training's, and none shows training's, the file is written
differently and its own rule counts. A cell such as "1.500" shows nothing, so training's mark decides. What then groups
digits, and what stands beside them, need no deciding: every spelling with that mark reads a cell alike or not at all.

The order of day and month in dates is decided likewise: where a day above 12 shows another order than training's, the
file's counts.

Three things can't be told apart by cells: whether "0.905" means 90.5 where training had percent signs, or the other way
round; "1.500" where other columns of the file have changed their mark; and "03/04/2024" where training's dates had
their year in front. These are asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.types import json_member
from core.errors import Invalid
from core.models.schema import Feature, Schema
from core.predictions.matching import date_orders
from core.predictions.matching.header import as_read
from core.predictions.states import Status
from core.uploads.csv import cells, cleaning, number_formats
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.csv.number_formats import Spelling
from core.uploads.report.examination import Examination

OPTION: Final = "reading"
"""Its name in a prediction's options."""
N_SHOWN: Final = 3
_OTHER: Final = {".": ",", ",": "."}


@dataclass(frozen=True)
class ReadingOption:
    """One way to read a column. key: as it is chosen and kept. values: the cells of the question, read so."""

    key: str
    values: tuple[str, ...]
    rule: ColumnRule


@dataclass(frozen=True)
class ReadingQuestion:
    """A column that can be read in two ways.

    name: the model's. column: the file's. cells: its first few as the file spells them. options: the one that is taken
    unless somebody chooses first. chosen: its key, "" where nobody did. why: a sentence.
    """

    name: str
    column: str
    cells: tuple[str, ...]
    options: tuple[ReadingOption, ReadingOption]
    chosen: str
    why: str

    @property
    def taken(self) -> ReadingOption:
        """The option that counts."""
        return next((one for one in self.options if one.key == self.chosen), self.options[0])


@dataclass(frozen=True)
class ModelReading:
    """dialect: the file's, with the rules by which its cells are read for the model. questions: what was doubtful."""

    dialect: Dialect
    questions: tuple[ReadingQuestion, ...] = ()

    @property
    def unsure(self) -> frozenset[str]:
        """The model's names of columns that were read by a guess, as nobody chose."""
        return frozenset(one.name for one in self.questions if not one.chosen)

    @property
    def choices(self) -> dict[str, str]:
        """What was chosen, as it is kept with a prediction."""
        return {one.name: one.chosen for one in self.questions if one.chosen}


def chosen_in(prediction: PredictionRow) -> dict[str, str]:
    """What was chosen for a prediction: feature → the key of an option."""
    return dict((prediction.options or {}).get(OPTION, {}))


def remembered(session: Session, *, model_name: str) -> dict[str, str]:
    """What the user's newest completed prediction with a choice was made with, of any version of a model."""
    rows = (
        sa.select(PredictionRow.options[OPTION])
        .join(ModelRow, PredictionRow.model_id == ModelRow.id)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.status == Status.COMPLETED,
            json_member(PredictionRow.options, OPTION).is_not(None),
            ModelRow.name == model_name,
        )
        .order_by(PredictionRow.created_at.desc())
    )
    return dict(session.execute(rows.limit(1)).scalar_one_or_none() or {})


def of(
    found: Examination,
    schema: Schema,
    *,
    mapping: Mapping[str, str],
    choices: Mapping[str, str] | None = None,
) -> ModelReading:
    """The reading of a file. found: what its examination found. choices: feature → the key of an option.

    A choice for a column of which nothing is asked any more is left out. Raises Invalid for a key that is none.
    """
    names = as_read([column.name for column in found.columns], schema, mapping)
    columns = [
        _Column(found, names.index(feature.name), feature)
        for feature in (*schema.features, *_target(schema))
        if feature.name in names and feature.reading is not None
    ]
    marks = [column.decimal for column in columns if column.is_number]
    switched = {column.decimal for column in columns if column.is_number and column.is_switched}
    is_mixed = any(column.shows_training for column in columns if column.is_number) or len(switched) != 1
    other = None if is_mixed or not marks else next(iter(switched))
    rules = date_orders.of_dates_alone(found.dialect.rules, names, schema)
    questions = []
    for column in columns:
        rule, question = column.read(other, (choices or {}).get(column.feature.name, ""))
        rules[column.index] = rule
        questions += [question] if question else []
    plain = {column.index for column in columns if column.is_plain}
    plain |= {column.index for column in columns if column.is_date}
    needed = [_needed(rule, found.dialect.decimal, is_plain=rule.column in plain) for rule in rules.values()]
    kept = tuple(sorted((rule for rule in needed if rule is not None), key=lambda rule: rule.column))
    return ModelReading(replace(found.dialect, rules=kept), tuple(questions))


def _target(schema: Schema) -> list[Feature]:
    """The column of outcomes, as if it were one that is learnt from."""
    kind = "number" if schema.task == "regression" else "category"
    return [Feature(schema.target, kind, categories=schema.labels, reading=schema.target_reading)]  # type: ignore[arg-type]  # one of the two


def _needed(rule: ColumnRule, decimal: str, *, is_plain: bool) -> ColumnRule | None:
    """The rule, or None where a column is read like that anyway. is_plain: its cells are plain as they stand."""
    is_plain = is_plain or not rule.is_number
    is_plain = (
        is_plain
        and rule.decimal in ("", decimal)
        and not (rule.thousands or rule.mark or rule.scale or rule.is_loose)
    )
    if is_plain and not rule.kind and not rule.missing and not rule.values and not rule.date:
        return None
    return replace(rule, decimal="") if is_plain else rule


class _Column:
    """One column of the file that the model reads."""

    def __init__(self, found: Examination, index: int, feature: Feature) -> None:
        assert feature.reading is not None
        self.index, self.feature = index, feature
        self._training = replace(feature.reading, column=index)
        rules = {rule.column: rule for rule in found.dialect.rules}
        self._own = rules.get(index, ColumnRule(index))
        self._decimal = found.dialect.decimal
        self._profile = found.columns[index]
        self._is_chosen = any(
            guess.confidence == "chosen" and guess.column == self._profile.name for guess in found.guesses
        )
        self._dates = date_orders.guess_of(found, self._profile.name)
        shown = [row[index] for row in found.preview if row[index].strip()]
        self._first = tuple(shown[:N_SHOWN])
        samples = found.samples[index] if index < len(found.samples) else ()
        self._cells = samples or tuple(dict.fromkeys(shown))
        numerals = [numeral for cell in self._cells if (numeral := number_formats.of(cell)) is not None]
        self._marks = [number_formats.decimal_of(numeral.number) for numeral in numerals]
        self._is_ambiguous = any(
            mark is None and any(sign in numeral.number for sign in ".,")
            for mark, numeral in zip(self._marks, numerals, strict=True)
        )
        self._n_percent = sum(numeral.mark == "%" for numeral in numerals)
        self._n_numerals = len(numerals)

    @property
    def is_plain(self) -> bool:
        """Whether every cell is a plain number in the file's own decimal mark, or missing."""
        return self._profile.kind in ("number", "empty") and not self._own.is_number

    @property
    def is_number(self) -> bool:
        return self.feature.kind == "number" and not self._is_chosen

    @property
    def is_date(self) -> bool:
        return self.feature.kind == "date"

    @property
    def shows_training(self) -> bool:
        """Whether a cell can be read with training's decimal mark only."""
        return self._training.decimal in self._marks

    @property
    def is_switched(self) -> bool:
        """Whether cells can be read with the other mark only, and none with training's."""
        return not self.shows_training and _OTHER[self._training.decimal] in self._marks

    @property
    def decimal(self) -> str:
        return _OTHER[self._training.decimal] if self.is_switched else self._training.decimal

    def read(self, other: str | None, chosen: str) -> tuple[ColumnRule, ReadingQuestion | None]:
        """The rule, and the question where there is one. other: the mark to which the file's other columns changed."""
        if self._is_chosen:
            return self._own, None
        if self.is_date:
            return self._date(chosen)
        if not self.is_number:
            return self._category(), None
        rule = self._number(self.decimal)
        if question := self._about_percent(rule, chosen):
            return question.taken.rule, question
        if (
            other is not None
            and self._is_ambiguous
            and not self.is_switched
            and other != self._training.decimal
        ):
            why = "Other columns of this file have another decimal mark than the training data."
            question = self._question(chosen, why, {other: self._number(other), self.decimal: rule})
            return question.taken.rule, question
        return rule, None

    def _date(self, chosen: str) -> tuple[ColumnRule, ReadingQuestion | None]:
        orders = date_orders.possible(self._training, self._own, self._dates)
        missing = tuple(sorted({*self._training.missing, *self._own.missing}))
        ways = {order: replace(self._training, missing=missing, date=order) for order in orders}
        if len(ways) == 1:
            return ways[orders[0]], None
        question = self._question(chosen, date_orders.WHY, ways)
        return question.taken.rule, question

    def _category(self) -> ColumnRule:
        """As in training; what means nothing in any column stays missing."""
        training, known = self._training, {one.casefold() for one in self.feature.categories}
        words = {word for word in self._own.missing if number_formats.of(word) is None and word not in known}
        return replace(training, missing=tuple(sorted({*training.missing, *words})))

    def _number(self, decimal: str) -> ColumnRule:
        training, own = self._training, self._own
        mark = training.mark or own.mark
        ways = [
            Spelling(rule.decimal, rule.thousands, mark)
            for rule in (training, own)
            if rule.decimal == decimal
        ]
        ways += [way for way in number_formats.spellings(decimal, mark) if way.decimal == decimal]
        best = max(ways, key=lambda way: (sum(map(way.admits, self._cells)), -ways.index(way)))
        words = {word for word in own.missing if number_formats.of(word) is None}
        return replace(
            training,
            decimal=decimal,
            thousands=best.thousands,
            mark=mark,
            missing=tuple(sorted({*training.missing, *words})),
            is_loose=training.is_loose or own.is_loose,
        )

    def _about_percent(self, rule: ColumnRule, chosen: str) -> ReadingQuestion | None:
        """Training had percent signs and this file has none, or the other way round."""
        training = self._training
        if not self._n_numerals or training.scale:
            return None
        if training.mark == "%" and not self._n_percent:
            if not self._is_within_one():
                return None
            ways = {"fractions": replace(rule, scale="fractions"), "percent": rule}
            why = "The training data had percent signs, this file has none."
        elif training.mark != "%" and self._n_percent:
            ways = {
                "hundredths": replace(rule, mark="%", scale="hundredths"),
                "as_written": replace(rule, mark="%"),
            }
            if max(abs(self.feature.minimum or 0.0), abs(self.feature.maximum or 0.0)) > 1:
                ways = dict(reversed(ways.items()))
            why = "This file has percent signs, the training data had none."
        else:
            return None
        return self._question(chosen, why, ways)

    def _is_within_one(self) -> bool:
        """Whether every number of the file lies between -1 and 1, while training's did not."""
        profile = self._profile
        if profile.kind == "number" and profile.minimum is not None and profile.maximum is not None:
            ends = float(profile.minimum), float(profile.maximum)
        else:
            values = cells.numbers(self._values(self._number(self.decimal), self._cells), self._decimal)[0]
            ends = float(min(values, default=0.0)), float(max(values, default=0.0))
        beyond = max(abs(self.feature.minimum or 0.0), abs(self.feature.maximum or 0.0))
        return all(abs(end) <= 1 for end in ends) and beyond > 1

    def _question(self, chosen: str, why: str, ways: Mapping[str, ColumnRule]) -> ReadingQuestion:
        if chosen and chosen not in ways:
            keys = " or ".join(map(repr, ways))
            raise Invalid(
                problem=f"'{self.feature.name}' can't be read as {chosen[:20]!r}.", remedy=f"Choose {keys}."
            )
        first, second = (
            ReadingOption(key, tuple(self._values(rule, self._first).to_pylist()), rule)
            for key, rule in ways.items()
        )
        return ReadingQuestion(
            self.feature.name, self._profile.name, self._first, (first, second), chosen, why
        )

    def _values(self, rule: ColumnRule, shown: Sequence[str]) -> pa.Array:
        if rule.date:
            return date_orders.told(shown, rule.date)
        return cleaning.cleaned(pa.array(shown, pa.string()), rule, self._decimal)
