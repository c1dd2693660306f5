"""One column of a file beside the feature that is read from it: what its cells show, and rules to read them by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

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
OTHER_MARK: Final = {".": ",", ",": "."}


def _merged(
    training: tuple[tuple[str, str], ...], own: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Words with their meanings: those of training, and of the file those that training did not know."""
    return tuple(sorted({**dict(own), **dict(training)}.items()))


class FileColumn:
    """One column of the file that the model reads.

    own: the file's own rule. training: training's, at this place. said: of what somebody chose, as guesses are about.
    cells: different ones, as the file spells them; first: the first few of these. others_mark: the decimal mark to
    which the file's other columns changed, set once all are known; None where they did not. is_outcome: it holds the
    outcomes.
    """

    def __init__(self, found: Examination, index: int, feature: Feature, *, is_outcome: bool = False) -> None:
        assert feature.reading is not None
        self.index, self.feature, self.is_outcome = index, feature, is_outcome
        rules = {rule.column: rule for rule in found.dialect.rules}
        self.own = rules.get(index, ColumnRule(index))
        self.file_decimal = found.dialect.decimal
        self.profile = found.columns[index]
        name = self.profile.name
        chosen = [guess for guess in found.guesses if guess.confidence == "chosen"]
        self.said = {guess.about for guess in chosen if guess.column == name}
        self._chosen_mark = next((guess.value for guess in chosen if guess.about == "decimal"), "")
        self.training = replace(feature.reading, column=index)
        self._missing = {*self.training.missing}
        if "missing" in self.said:
            self.training = replace(self.training, values=self.own.values)
            said = found.overrides.columns.get(name, ColumnOverrides())
            words = found.overrides.missing if said.missing is None else said.missing
            if words is not None and overruling.names_all(words):
                self._missing.clear()
            self._missing = (self._missing | {*self.own.missing}) - {*folded(said.values or ())}
        self.dates = date_orders.guess_of(found, name)
        shown = [row[index] for row in found.preview if row[index].strip()]
        self.first = tuple(shown[:N_SHOWN])
        samples = found.samples[index] if index < len(found.samples) else ()
        self.cells = samples or tuple(dict.fromkeys(shown))
        numerals = [numeral for cell in self.cells if (numeral := number_formats.of(cell)) is not None]
        self._marks = [number_formats.decimal_of(numeral.number) for numeral in numerals]
        self.is_ambiguous = any(
            mark is None and any(sign in numeral.number for sign in ".,")
            for mark, numeral in zip(self._marks, numerals, strict=True)
        )
        self.n_percent = sum(numeral.mark == "%" for numeral in numerals)
        self.n_numerals = len(numerals)
        self.others_mark: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every cell is a plain number in the file's own decimal mark, or missing."""
        return self.profile.kind in ("number", "empty") and not self.own.is_number

    @property
    def is_number(self) -> bool:
        """Whether its cells are read as numbers, and nobody has said how."""
        return self.feature.kind == "number" and self.said.isdisjoint(("kind", "numbers"))

    @property
    def is_date(self) -> bool:
        return self.feature.kind == "date"

    @property
    def shows_training(self) -> bool:
        """Whether a cell can be read with training's decimal mark only."""
        return self.training.decimal in self._marks

    @property
    def is_switched(self) -> bool:
        """Whether cells can be read with the other mark only, or a user said that it is the file's, and none with
        training's.
        """
        other = OTHER_MARK[self.training.decimal]
        return not self.shows_training and (other in self._marks or other == self._chosen_mark)

    @property
    def decimal(self) -> str:
        """The mark of its numbers, as far as its own cells tell."""
        return OTHER_MARK[self.training.decimal] if self.is_switched else self.training.decimal

    @cached_property
    def as_number(self) -> ColumnRule:
        """How its numbers are read where nothing is in doubt."""
        return self.number(self.decimal)

    def number(self, decimal: str) -> ColumnRule:
        """Its numbers read with this mark."""
        training, own = self.training, self.own
        mark = training.mark or own.mark
        ways = [
            Spelling(rule.decimal, rule.thousands, mark)
            for rule in (training, own)
            if rule.decimal == decimal
        ]
        ways += [way for way in number_formats.spellings(decimal, mark) if way.decimal == decimal]
        best = max(ways, key=lambda way: (sum(map(way.admits, self.cells)), -ways.index(way)))
        words = {word for word in own.missing if missing_words.is_none(word)}
        missing = {one for word in self.with_missing(words) for one in sentinels.spellings(word, decimal)}
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

    def with_missing(self, words: Iterable[str]) -> tuple[str, ...]:
        """The spellings of "no value": those of training, or what a user said, and of the file these words, unless the
        user did.
        """
        return tuple(sorted(self._missing if "missing" in self.said else {*self._missing, *words}))

    def read(self, shown: Sequence[str], rule: ColumnRule) -> pa.Array:
        """Cells as a rule reads them. shown: as the file spells them."""
        if rule.date:
            return date_orders.told(shown, rule.date)
        return cleaning.cleaned(pa.array(shown, pa.string()), rule, self.file_decimal)

    def differing(self, one: ColumnRule, other: ColumnRule) -> tuple[str, ...]:
        """The first few cells that both rules read differently; the first ones of all where there are none."""
        if one.date or other.date:
            return self.first
        shown = tuple(dict.fromkeys((*self.first, *self.cells)))
        pairs = zip(shown, self.numbers(shown, one), self.numbers(shown, other), strict=True)
        return (
            tuple(cell for cell, a, b in pairs if not (a == b or (np.isnan(a) and np.isnan(b))))[:N_SHOWN]
            or self.first
        )

    def numbers(self, shown: Sequence[str], rule: ColumnRule) -> np.ndarray:
        """(n,) likewise, as numbers, NaN for none."""
        return cells.numbers(self.read(shown, rule), self.file_decimal)[0]
