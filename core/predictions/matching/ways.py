"""The ways in which a column can be read for a model, most particular first: the first one that applies counts.

Each looks at one thing that a file can have done to a column since training. It says how the column is read then, or
names two readings where its cells don't tell which is meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from core.predictions.matching import date_orders
from core.predictions.matching.file_column import N_SHOWN, OTHER_MARK, FileColumn
from core.uploads.csv import number_formats
from core.uploads.csv.dialect import ColumnRule


@dataclass(frozen=True)
class Doubt:
    """Two readings of a column. why: a sentence. rules: by key, first the one that counts unless somebody chooses.

    shown: the cells to ask with, as the file spells them; where none are given, the first that both read differently.
    """

    why: str
    rules: Mapping[str, ColumnRule]
    shown: tuple[str, ...] = ()


_MOST: Final = 0.5
_LARGEST_PERCENT: Final = 200.0
_SLACK: Final = 1.25  # outcomes of a file may lie a little beyond those of training
_SURE: Final = 7  # so many outcomes are all on one side of the median by chance in one file of 128
Found = ColumnRule | Doubt | None
Way = Callable[[FileColumn], Found]


def read(column: FileColumn) -> ColumnRule | Doubt:
    """How a column is read."""
    found = next((found for way in WAYS if (found := way(column)) is not None), None)
    return column.as_number if found is None else found


def _said_to_be_something_else(column: FileColumn) -> Found:
    is_said = "kind" in column.said or ("dates" in column.said and not column.is_date)
    return column.own if is_said else None


def _numbers_as_said(column: FileColumn) -> Found:
    if "numbers" not in column.said:
        return None
    return replace(column.own, missing=column.with_missing(column.own.missing))


def _dates_as_said(column: FileColumn) -> Found:
    if not column.is_date or "dates" not in column.said:
        return None
    missing = column.with_missing(column.own.missing)
    return replace(column.training, missing=missing, date=column.own.date)


def _dates_of_two_forms(column: FileColumn) -> Found:
    if not column.is_date or not date_orders.has_two_forms(column.dates, column.cells):
        return None
    orders = date_orders.of_two_forms(column.training, column.dates)
    shown = date_orders.differing(column.cells, orders)[:N_SHOWN]
    return _in_order(column, orders, date_orders.TWO_FORMS, shown)


def _dates(column: FileColumn) -> Found:
    if not column.is_date:
        return None
    orders = date_orders.possible(column.training, column.own, column.dates)
    return _in_order(column, orders, date_orders.WHY)


def _in_order(
    column: FileColumn, orders: tuple[str, ...], why: str, shown: tuple[str, ...] = ()
) -> ColumnRule | Doubt:
    missing = column.with_missing(column.own.missing)
    rules = {order: replace(column.training, missing=missing, date=order) for order in orders}
    return Doubt(why, rules, shown) if len(rules) > 1 else rules[orders[0]]


def _category(column: FileColumn) -> Found:
    """As in training; what means nothing in any column stays missing."""
    if column.is_number:
        return None
    known = {one.casefold() for one in column.feature.categories}
    words = {word for word in column.own.missing if number_formats.of(word) is None and word not in known}
    return replace(column.training, missing=column.with_missing(words))


def _has_percent(column: FileColumn) -> bool:
    """Whether percent signs can be in doubt: training has not decided already what cells without one are."""
    return column.n_numerals > 0 and not column.training.scale


def _some_percent_signs(column: FileColumn) -> Found:
    """The file itself takes its cells without a sign for parts of one."""
    is_usual = column.training.mark == "%" or _farthest(column) > 1
    if not _has_percent(column) or column.own.scale != "fractions" or not is_usual:
        return None
    rule = column.as_number
    rules = {"fractions": replace(rule, mark="%", scale="fractions"), "percent": replace(rule, mark="%")}
    why = "Some cells of this file have percent signs, the others are parts of one without a sign."
    return Doubt(why, rules)


def _percent_signs_gone(column: FileColumn) -> Found:
    if not _has_percent(column) or column.training.mark != "%" or column.n_percent:
        return None
    if not (_is_within_one(column) and _farthest(column) > 1):
        return None
    rule = column.as_number
    why = "The training data had percent signs, this file has none."
    return Doubt(why, {"fractions": replace(rule, scale="fractions"), "percent": rule})


def _percent_signs_new(column: FileColumn) -> Found:
    if not _has_percent(column) or column.training.mark == "%" or not column.n_percent:
        return None
    rule = column.as_number
    rules = {"hundredths": replace(rule, mark="%", scale="hundredths"), "as_written": replace(rule, mark="%")}
    if _farthest(column) > 1:
        rules = dict(reversed(rules.items()))
    return Doubt("This file has percent signs, the training data had none.", rules)


def _outcomes_in_another_scale(column: FileColumn) -> Found:
    """Outcomes without a sign that would be like training's a hundred times as large, or as hundredths."""
    feature, rule = column.feature, column.as_number
    if not column.is_outcome or column.n_percent or column.training.scale or rule.mark not in ("", "%"):
        return None
    if feature.minimum is None or feature.maximum is None or feature.median is None:
        return None
    values = column.numbers(column.cells, rule)
    values = values[~np.isnan(values)]
    is_beyond = (
        np.mean((values < feature.minimum) | (values > feature.maximum)) > _MOST if len(values) else False
    )
    farthest, known = max(map(abs, _ends(column))), _farthest(column)
    if farthest <= 1 < abs(feature.median) and known <= _LARGEST_PERCENT:
        if 100 * farthest > _SLACK * known or not np.any(np.mod(values, 1)):
            return None
        key, scaled = "fractions", replace(rule, mark="%", scale="fractions")
        is_likely = is_beyond or column.profile.n_distinct >= _SURE
        why = "The outcomes in the training data were mostly beyond 1, those of this file are not."
    elif known <= 1 and is_beyond and farthest <= 100 * _SLACK * known:
        key, scaled, is_likely = "hundredths", replace(rule, mark="", scale="hundredths"), True
        why = "The outcomes in the training data were parts of one, those of this file are mostly larger."
    else:
        return None
    rules = {key: scaled, "as_written": rule}
    return Doubt(why, rules if is_likely else dict(reversed(rules.items())))


def _changed_with_others(column: FileColumn) -> Found:
    """Nothing shows the column's own mark, and other columns show that the file has another one than training."""
    others_mark = column.others_mark
    is_open = column.is_ambiguous and not column.is_switched
    if others_mark is None or not is_open or others_mark == column.training.decimal:
        return None
    why = "Other columns of this file have another decimal mark than the training data."
    return Doubt(why, {others_mark: column.number(others_mark), column.decimal: column.as_number})


def _marks_that_group(column: FileColumn) -> Found:
    """Training had whole numbers alone, and every mark of this file may group digits: "2.822" beside "991"."""
    seen = column.feature.minimum, column.feature.median, column.feature.maximum
    is_whole = all(number is not None and number.is_integer() for number in seen)
    if not is_whole or not column.is_ambiguous or column.shows_training or column.is_switched:
        return None
    if bool(np.all(np.mod(column.numbers(column.cells, column.as_number), 1) == 0)):
        return None
    other = OTHER_MARK[column.decimal]
    why = "The training data had whole numbers, and the marks in this file may group digits."
    return Doubt(why, {other: column.number(other), column.decimal: column.as_number})


def _farthest(column: FileColumn) -> float:
    """How far training's numbers went from 0; infinite where nobody knows."""
    ends = column.feature.minimum, column.feature.maximum
    return max(math.inf if end is None else abs(end) for end in ends)


def _is_within_one(column: FileColumn) -> bool:
    """Whether every number of the file lies between -1 and 1."""
    return all(abs(end) <= 1 for end in _ends(column))


def _ends(column: FileColumn) -> tuple[float, float]:
    """The least and the largest number of the file; of cells that are no plain numbers, of the first ones."""
    profile = column.profile
    if profile.kind == "number" and profile.minimum is not None and profile.maximum is not None:
        return float(profile.minimum), float(profile.maximum)
    values = column.numbers(column.cells, column.as_number)
    return float(min(values, default=0.0)), float(max(values, default=0.0))


WAYS: Final[tuple[Way, ...]] = (
    _said_to_be_something_else,
    _numbers_as_said,
    _dates_as_said,
    _dates_of_two_forms,
    _dates,
    _category,
    _some_percent_signs,
    _percent_signs_gone,
    _percent_signs_new,
    _outcomes_in_another_scale,
    _changed_with_others,
    _marks_that_group,
)
