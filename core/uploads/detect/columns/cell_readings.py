"""What each cell of a column is: a number, nearly one, a word for "no value", or a word of which nobody knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from core.uploads.csv import loose_numbers, number_formats
from core.uploads.csv.cells import ABOUT
from core.uploads.csv.loose_numbers import Suffixes, Taken
from core.uploads.csv.number_formats import Numeral, Spelling
from core.uploads.detect.columns import codes, missing_words, number_columns, suffixes, units
from core.uploads.detect.columns.number_columns import LEAST_SHARE, MOSTLY
from core.uploads.detect.columns.suffixes import WordMeanings

_FEWEST_NUMBERS, _FEWEST_MARKED, _FEWEST_LARGE, _FEW_DIGITS, _MANY = 10, 3, 5, 2, 0.75
_MOST_WORDS, _LONGEST_WORD, _FEW_OF_A_WORD, _FEWEST_TO_TELL_BY, _FEW_CELLS = 4, 20, 2, 3, 20
_DASH_OF_MONEY: Final = re.compile(
    r"(?:[^\w\s()+.,-]{1,3}|[A-Z]{2,3}\$?|kr\.?|Kč|zł|Ft) ?-{1,2}"
    r"|-{1,2} ?(?:[^\w\s()+.,-]{1,3}|[A-Z]{3}|kr\.?|Kč|zł|Ft)"
)
_PADDED_DASH: Final = re.compile(r"\s+-\s{2,}")
_PADDED: Final = re.compile(r"\s+\S.*\s|\s+\(.*\)")
_WORDY_NOTE: Final = re.compile(r"[(\[][^()\[\]]*[^\W\d_]{3}")


@dataclass(frozen=True)
class CellReadings:
    """present: different cells that hold something, trimmed, with counts. filled: those without words for "no value".
    taken: of those that hold a number, its parts. missing: the words for "no value", in lower case. dashes: cells that
    stand for a zero of money, as "$ -" does. decimal: the file's mark.
    """

    present: Mapping[str, int]
    filled: Mapping[str, int]
    taken: Mapping[str, Taken]
    missing: frozenset[str]
    dashes: frozenset[str]
    decimal: str
    meanings: WordMeanings = field(default_factory=WordMeanings)

    @cached_property
    def found(self) -> dict[str, Numeral]:
        """The cells that are numbers as they stand, with the column's unit or without."""
        numerals = {cell: units.numeral(cell, self.meanings.unit) for cell in self.taken}
        return {cell: numeral for cell, numeral in numerals.items() if numeral is not None}

    @cached_property
    def _mark(self) -> str:
        """What stands beside most numbers: a unit, a currency or a percent sign."""
        marks = Counter(parts.numeral.mark for parts in self.taken.values())
        mark = next((mark for mark, n in marks.most_common() if mark and 2 * n >= len(self.taken)), "")
        return self.meanings.unit or mark or ("%" if set(marks) == {"", "%"} else "")

    @cached_property
    def _nearly(self) -> dict[str, str]:
        return self._loosely(
            [cell for cell in self.taken if cell not in self.found],
            Spelling(self.decimal, "", self._mark),
        )

    def _loosely(self, cells: Sequence[str], spelling: Spelling) -> dict[str, str]:
        read = {cell: loose_numbers.loosely(cell, spelling, ".", self.meanings.suffixes) for cell in cells}
        return {cell: number for cell, number in read.items() if number is not None}

    def loose(self, spelling: Spelling) -> dict[str, str]:
        """The cells that are nearly numbers beside those of this spelling, as they are read with a decimal point."""
        others = [cell for cell in self.found if not spelling.admits(cell)]
        return self._loosely([*others, *self._nearly], spelling)

    @property
    def basis(self) -> tuple[dict[str, Numeral], dict[str, int]]:
        """What shows how the numbers are spelled, and its counts: the cells that are numbers, and the numbers of those
        that are nearly.
        """
        numerals, counts = dict(self.found), {cell: self.filled[cell] for cell in self.found}
        for cell in self._nearly:
            parts = self.taken[cell]
            if not parts.value and not parts.pairs and parts.core not in numerals:
                numerals[parts.core] = parts.numeral
                counts[parts.core] = self.filled[cell]
        return numerals, counts

    @cached_property
    def strays(self) -> list[str]:
        """The cells of which nobody knows what they mean."""
        known = {*self.found, *self._nearly}
        return [cell for cell in self.filled if cell not in known]

    @cached_property
    def mixed(self) -> tuple[str, ...]:
        """Units, or currencies, of which no one is that of nearly all numbers."""
        n_numbers = sum(self.filled[cell] for cell in self.taken)
        if not n_numbers or n_numbers < LEAST_SHARE * sum(self.filled.values()):
            return ()
        if self.meanings.mixed:
            return self.meanings.mixed
        money = number_columns.currencies([parts.numeral for parts in self.taken.values()])
        shown = tuple(mark for mark, _ in money.most_common())
        return shown if len(shown) > 1 and money[shown[0]] < LEAST_SHARE * money.total() else ()

    def has_unit(self, cell: str, unit: str) -> bool:
        """Whether a cell's number has this unit or currency."""
        parts = self.taken.get(cell)
        if parts is None:
            return False
        own = {parts.word, *(one for _, one in parts.pairs)}
        return unit in own or unit in number_columns.currencies([parts.numeral])

    @cached_property
    def are_numbers(self) -> bool:
        """Whether the column is one of numbers."""
        numbers = {*self.found, *self._nearly}
        if not numbers or self.mixed or self._are_limits or self._are_fractions:
            return False
        n_cells, n_all = sum(self.filled[cell] for cell in numbers), sum(self.filled.values())
        if len(numbers) >= LEAST_SHARE * len(self.filled):
            return True
        if len(numbers) >= _FEWEST_NUMBERS and n_cells >= LEAST_SHARE * n_all:
            return True
        if n_cells < MOSTLY * n_all or not self._are_measured(numbers) or not self._are_few_words:
            return False
        return n_cells >= _MANY * n_all or n_all - n_cells >= _FEW_OF_A_WORD * len(self.strays)

    @property
    def are_some_numbers(self) -> bool:
        """Whether at least half of the cells are numbers that measure something, or may do so where cells are few, and
        the others are words of which nobody knows what they mean; in a column that is none of numbers.
        """
        if not self.strays or self.mixed or self._are_limits or self._are_fractions:
            return False
        numbers = {*self.found, *self._nearly}
        n_cells, n_all = sum(self.filled[cell] for cell in numbers), sum(self.filled.values())
        n_coded = sum(any(map(str.isdigit, cell)) for cell in self.strays)
        if not numbers or n_cells < MOSTLY * n_all or n_coded > MOSTLY * len(self.strays):
            return False
        return self._are_measured(numbers) or (len(numbers) < _FEWEST_TO_TELL_BY and n_all <= _FEW_CELLS)

    def _are_measured(self, numbers: set[str]) -> bool:
        """Whether numbers measure or count something: they are many, have decimals, or are several and large."""
        shown = [self.taken[cell].numeral.number for cell in numbers]
        n_marked = sum(bool(set(number) & set(".,")) for number in shown)
        n_large = sum(len(number) > _FEW_DIGITS for number in shown)
        return len(numbers) >= _FEWEST_NUMBERS or n_marked >= _FEWEST_MARKED or n_large >= _FEWEST_LARGE

    @property
    def _are_few_words(self) -> bool:
        """Whether the other cells are a few short words."""
        words = self.strays
        are_short = all(len(word) <= _LONGEST_WORD and not any(map(str.isdigit, word)) for word in words)
        return are_short and len(words) <= _MOST_WORDS

    @property
    def _are_limits(self) -> bool:
        """Whether most of the different cells are limits or labels with their number, as "<18" and "18+" are."""
        parts = [self.taken[cell] for cell in (*self.found, *self._nearly)]
        n_limits = sum(one.is_limit for one in parts)
        if 2 * n_limits > len(parts) and len(parts) - n_limits < _FEWEST_MARKED:
            return True
        wordy = [cell for cell in self._nearly if _WORDY_NOTE.search(cell)]
        return 2 * len(wordy) > len(parts)

    @property
    def _are_fractions(self) -> bool:
        """Whether cells such as "1/2" are all there is: dates or scores as likely as parts of one."""
        fractions = [cell for cell in self._nearly if "/" in cell]
        mixed = [cell for cell in fractions if " " in cell.strip()]
        return bool(fractions) and not mixed and 2 * len(fractions) > len(self.taken)

    @property
    def why_codes(self) -> str:
        """Why the column's cells are labels, where those that are no numbers show it; else ""."""
        whole = [cell for cell in self.found if cell.isascii() and cell.isdigit()]
        lettered = [cell for cell in self._nearly if self.taken[cell].word and cell.isalnum()] + self.strays
        if lettered and 2 * len(whole) > len(self.found) and codes.are_numbered_labels(lettered, whole):
            return f"some have letters among as many digits, as {lettered[0]!r} does"
        return ""

    def zeros(self, sample: Sequence[str], *, least: float) -> Suffixes:
        """The cells that stand for a number, in lower case, each with it: traces of what is measured, dashes of money.

        sample: the cells as they stand. least: the lowest number of the column.
        """
        zeros = {cell.lower(): "0" for cell in self.dashes}
        if least >= 0:
            zeros |= {cell.lower(): f"{ABOUT}0" for cell in self.present if missing_words.is_trace(cell)}
        padded = [cell for cell in sample if _PADDED.fullmatch(cell)]
        if 2 * len(padded) > len(sample) and any(map(_PADDED_DASH.fullmatch, sample)):
            zeros["-"] = "0"
        return tuple(sorted(zeros.items()))


def of(present: Mapping[str, int], decimal: str, none_words: Collection[str] = ()) -> CellReadings:
    """present: cells that hold something, trimmed, with counts. decimal: the file's mark. none_words: what stands for
    "no value" in other columns of the file, in lower case.
    """
    parts = {cell: loose_numbers.taken(cell) for cell in present}
    is_sparse = sum(present[cell] for cell in present if parts[cell] is not None) < _FEWEST_TO_TELL_BY
    dashes = frozenset(cell for cell in present if _DASH_OF_MONEY.fullmatch(cell))
    missing = {
        cell
        for cell in present
        if number_formats.of(cell) is None
        and (
            missing_words.is_none(cell, is_surely=is_sparse) or (cell.lower() in none_words and not is_sparse)
        )
    } - dashes
    traces = {cell for cell in present if not is_sparse and missing_words.is_trace(cell)}
    filled = {cell: n for cell, n in present.items() if cell not in (missing | dashes | traces)}
    taken = {cell: one for cell, one in parts.items() if one is not None and cell in filled}
    units_shown = {one.word for one in taken.values() if one.word}
    missing |= {cell for cell in filled if cell not in taken and _is_none_with_unit(cell, units_shown)}
    filled = {cell: n for cell, n in filled.items() if cell not in missing}
    words = frozenset(cell.lower() for cell in missing | traces)
    meanings = suffixes.of(taken, filled) if taken else WordMeanings()
    return CellReadings(present, filled, taken, words, dashes, decimal, meanings)


def _is_none_with_unit(cell: str, shown: Collection[str]) -> bool:
    """Whether it is a word for "no value" with one of the units that the numbers have: "null kg"."""
    word, _, unit = cell.rpartition(" ")
    return unit in shown and missing_words.is_none(word)
