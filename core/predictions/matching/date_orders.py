"""In which order a file's dates are read for a model: as in its training, unless the file's own cells show another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from core.models import date_parts
from core.models.schema import Schema
from core.uploads.csv.dialect import ColumnRule
from core.uploads.dates import columns as dates
from core.uploads.dates import texts
from core.uploads.dates.texts import DAY_FIRST, MONTH_FIRST
from core.uploads.detect.columns import date_columns
from core.uploads.detect.guesses import Guess
from core.uploads.report.examination import Examination

WHY: Final = "The training data had dates that begin with the year."
TWO_FORMS: Final = "In this file, some dates have the day first and others the month."


def of_dates_alone(
    rules: Sequence[ColumnRule], names: Sequence[str], schema: Schema
) -> dict[int, ColumnRule]:
    """A file's rules by column, of dates only those that are dates to the model.

    names: the model's, of the file's columns. To a model that was trained before dates were features, they are numbers
    or categories.
    """
    dated = {index for index, name in enumerate(names) if name in schema.dates}
    return {
        rule.column: rule if rule.column in dated else replace(rule, date="")
        for rule in rules
        if rule.column in dated or rule != ColumnRule(rule.column, date=rule.date)
    }


def guess_of(found: Examination, column: str) -> Guess | None:
    """What the file's examination says of a column's dates."""
    return next((one for one in found.guesses if (one.about, one.column) == ("dates", column)), None)


def has_two_forms(guess: Guess | None, shown: Sequence[str]) -> bool:
    """Whether some of a column's dates can only have the day first, others only the month, and nobody has chosen.

    guess: of the file's column, None where too few of its cells are dates to say. shown: its first cells.
    """
    if guess is not None:
        return guess.confidence == "guess" and guess.why.startswith(date_columns.TWO_FORMS)
    ways = [texts.plausible(cell.strip()) for cell in shown]
    return {DAY_FIRST, MONTH_FIRST} <= {order for found in ways if len(found) == 1 for order in found}


def differing(shown: Sequence[str], orders: Sequence[str]) -> tuple[str, ...]:
    """The cells that mean another day in each order."""
    ways = [told(shown, order).to_pylist() for order in orders]
    return tuple(cell for cell, *days in zip(shown, *ways, strict=True) if len(set(days)) > 1)


def of_two_forms(training: ColumnRule, guess: Guess | None) -> tuple[str, ...]:
    """Both orders of a column of two forms, first the one that counts: training's, where it is one of them."""
    both = (guess.value, *guess.alternatives)[:2] if guess is not None else (DAY_FIRST, MONTH_FIRST)
    return tuple(sorted(both, key=lambda order: order != training.date))


def possible(training: ColumnRule, own: ColumnRule, guess: Guess | None) -> tuple[str, ...]:
    """The order that counts, or two that nobody has chosen between. own, guess: of the file's column."""
    if not own.date or own.date == training.date or guess is None:
        return (training.date,)
    if guess.confidence == "certain":
        return (own.date,)
    if training.date in (DAY_FIRST, MONTH_FIRST):
        return (training.date,)
    return tuple(dict.fromkeys((own.date, *guess.alternatives)))[:2]


def told(shown: Sequence[str], order: str) -> pa.Array:
    """Cells as the dates that they are read as; what is none as it stands."""
    days = dates.days(pa.array(shown, pa.string()), order)[0]
    texts = [cell if np.isnan(day) else date_parts.text(day) for cell, day in zip(shown, days, strict=True)]
    return pa.array(texts, pa.string())
