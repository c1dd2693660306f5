"""How one column of a file is read for a model, and the question where its cells can be read in two ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from core.errors import Invalid
from core.models.schema import Feature
from core.predictions.matching import date_orders
from core.uploads.csv import cells, cleaning, number_formats
from core.uploads.csv.dialect import ColumnRule
from core.uploads.csv.number_formats import Spelling
from core.uploads.detect.columns import missing_words, sentinels
from core.uploads.report import overruling
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, folded

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
    unless somebody chooses first. chosen: its key, "" where nobody did. why: a sentence. is_outcome: the column holds
    the outcomes, so that metrics hang on it and no row's answer does.
    """

    name: str
    column: str
    cells: tuple[str, ...]
    options: tuple[ReadingOption, ReadingOption]
    chosen: str
    why: str
    is_outcome: bool = False

    @property
    def taken(self) -> ReadingOption:
        """The option that counts."""
        return next((one for one in self.options if one.key == self.chosen), self.options[0])


def _merged(
    training: tuple[tuple[str, str], ...], own: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Words with their meanings: those of training, and of the file those that training did not know."""
    return tuple(sorted({**dict(own), **dict(training)}.items()))


class ReadColumn:
    """One column of the file that the model reads."""

    def __init__(self, found: Examination, index: int, feature: Feature) -> None:
        assert feature.reading is not None
        self.index, self.feature = index, feature
        rules = {rule.column: rule for rule in found.dialect.rules}
        self._own = rules.get(index, ColumnRule(index))
        self._decimal = found.dialect.decimal
        self._profile = found.columns[index]
        name = self._profile.name
        chosen = [guess for guess in found.guesses if guess.confidence == "chosen"]
        self._chosen = {guess.about for guess in chosen if guess.column == name}
        self._chosen_mark = next((guess.value for guess in chosen if guess.about == "decimal"), "")
        self._training = replace(feature.reading, column=index)
        self._missing = {*self._training.missing}
        if "missing" in self._chosen:
            self._training = replace(self._training, values=self._own.values)
            said = found.overrides.columns.get(name, ColumnOverrides())
            words = found.overrides.missing if said.missing is None else said.missing
            if words is not None and overruling.names_all(words):
                self._missing.clear()
            self._missing = (self._missing | {*self._own.missing}) - {*folded(said.values or ())}
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
        """Whether its cells are read as numbers, and nobody has said how."""
        return self.feature.kind == "number" and self._chosen.isdisjoint(("kind", "numbers"))

    @property
    def is_date(self) -> bool:
        return self.feature.kind == "date"

    @property
    def shows_training(self) -> bool:
        """Whether a cell can be read with training's decimal mark only."""
        return self._training.decimal in self._marks

    @property
    def is_switched(self) -> bool:
        """Whether cells can be read with the other mark only, or a user said that it is the file's, and none with
        training's.
        """
        other = _OTHER[self._training.decimal]
        return not self.shows_training and (other in self._marks or other == self._chosen_mark)

    @property
    def decimal(self) -> str:
        return _OTHER[self._training.decimal] if self.is_switched else self._training.decimal

    def read(self, other: str | None, chosen: str) -> tuple[ColumnRule, ReadingQuestion | None]:
        """The rule, and the question where there is one. other: the mark to which the file's other columns changed."""
        if "kind" in self._chosen or ("dates" in self._chosen and not self.is_date):
            return self._own, None
        if "numbers" in self._chosen:
            return replace(self._own, missing=self._with(self._own.missing)), None
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
        if question := self._about_groups(rule, chosen):
            return question.taken.rule, question
        return rule, None

    def _date(self, chosen: str) -> tuple[ColumnRule, ReadingQuestion | None]:
        if "dates" in self._chosen:
            missing = self._with(self._own.missing)
            return replace(self._training, missing=missing, date=self._own.date), None
        orders = date_orders.possible(self._training, self._own, self._dates)
        why, shown = date_orders.WHY, self._first
        if date_orders.has_two_forms(self._dates, self._cells):
            orders = date_orders.of_two_forms(self._training, self._dates)
            why, shown = date_orders.TWO_FORMS, date_orders.differing(self._cells, orders)[:N_SHOWN]
        missing = self._with(self._own.missing)
        ways = {order: replace(self._training, missing=missing, date=order) for order in orders}
        if len(ways) == 1:
            return ways[orders[0]], None
        question = self._question(chosen, why, ways, shown)
        return question.taken.rule, question

    def _category(self) -> ColumnRule:
        """As in training; what means nothing in any column stays missing."""
        training, known = self._training, {one.casefold() for one in self.feature.categories}
        words = {word for word in self._own.missing if number_formats.of(word) is None and word not in known}
        return replace(training, missing=self._with(words))

    def _with(self, words: Iterable[str]) -> tuple[str, ...]:
        """The spellings of "no value": those of training, or what a user said, and of the file these words, unless the
        user did.
        """
        return tuple(sorted(self._missing if "missing" in self._chosen else {*self._missing, *words}))

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
        words = {word for word in own.missing if missing_words.is_none(word)}
        missing = {one for word in self._with(words) for one in sentinels.spellings(word, decimal)}
        return replace(
            training,
            decimal=decimal,
            thousands=best.thousands,
            mark=mark,
            missing=tuple(sorted(missing)),
            is_loose=training.is_loose or own.is_loose,
            suffixes=_merged(training.suffixes, own.suffixes),
            words=_merged(training.words, own.words),
        )

    def _about_percent(self, rule: ColumnRule, chosen: str) -> ReadingQuestion | None:
        """Training had percent signs and this file has none, or the other way round, or in some of its cells only."""
        training = self._training
        if not self._n_numerals or training.scale:
            return None
        if self._own.scale == "fractions" and (training.mark == "%" or self._farthest > 1):
            ways = {
                "fractions": replace(rule, mark="%", scale="fractions"),
                "percent": replace(rule, mark="%"),
            }
            why = "Some cells of this file have percent signs, the others are parts of one without a sign."
            bare = tuple(cell for cell in self._cells if "%" not in cell)
            return self._question(chosen, why, ways, bare[:N_SHOWN])
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
            if self._farthest > 1:
                ways = dict(reversed(ways.items()))
            why = "This file has percent signs, the training data had none."
        else:
            return None
        return self._question(chosen, why, ways)

    def _about_groups(self, rule: ColumnRule, chosen: str) -> ReadingQuestion | None:
        """Training had whole numbers alone, and every mark of this file may group digits: "2.822" beside "991"."""
        seen = self.feature.minimum, self.feature.median, self.feature.maximum
        is_whole = all(number is not None and number.is_integer() for number in seen)
        if not is_whole or not self._is_ambiguous or self.shows_training or self.is_switched:
            return None
        if bool(np.all(np.mod(cells.numbers(self._values(rule, self._cells), self._decimal)[0], 1) == 0)):
            return None
        other = _OTHER[self.decimal]
        why = "The training data had whole numbers, and the marks in this file may group digits."
        return self._question(chosen, why, {other: self._number(other), self.decimal: rule})

    @property
    def _farthest(self) -> float:
        """How far training's numbers went from 0; of outcomes nobody knows, so that they are taken as they stand."""
        ends = self.feature.minimum, self.feature.maximum
        return max(math.inf if end is None else abs(end) for end in ends)

    def _is_within_one(self) -> bool:
        """Whether every number of the file lies between -1 and 1, while training's did not."""
        profile = self._profile
        if profile.kind == "number" and profile.minimum is not None and profile.maximum is not None:
            ends = float(profile.minimum), float(profile.maximum)
        else:
            values = cells.numbers(self._values(self._number(self.decimal), self._cells), self._decimal)[0]
            ends = float(min(values, default=0.0)), float(max(values, default=0.0))
        return all(abs(end) <= 1 for end in ends) and self._farthest > 1

    def _question(
        self, chosen: str, why: str, ways: Mapping[str, ColumnRule], shown: tuple[str, ...] = ()
    ) -> ReadingQuestion:
        """shown: its cells; the first ones where none are given."""
        shown = shown or self._first
        if chosen and chosen not in ways:
            keys = " or ".join(map(repr, ways))
            raise Invalid(
                problem=f"'{self.feature.name}' can't be read as {chosen[:20]!r}.", remedy=f"Choose {keys}."
            )
        first, second = (
            ReadingOption(key, tuple(self._values(rule, shown).to_pylist()), rule)
            for key, rule in ways.items()
        )
        return ReadingQuestion(self.feature.name, self._profile.name, shown, (first, second), chosen, why)

    def _values(self, rule: ColumnRule, shown: Sequence[str]) -> pa.Array:
        if rule.date:
            return date_orders.told(shown, rule.date)
        return cleaning.cleaned(pa.array(shown, pa.string()), rule, self._decimal)
