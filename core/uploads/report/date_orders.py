"""The order of day and month in the dates of whole columns, where a sample of them does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from core.uploads.csv.dialect import Dialect
from core.uploads.dates.texts import DAY_FIRST, MONTH_FIRST
from core.uploads.detect.columns import date_columns
from core.uploads.detect.columns.column_formats import FoundFormat
from core.uploads.detect.guesses import Guess


class DateOrders:
    """Takes a file's rows in blocks and says at the end what they tell."""

    def __init__(self, dialect: Dialect) -> None:
        self._shown: dict[int, dict[str, str]] = {
            rule.column: {} for rule in dialect.rules if rule.date in (DAY_FIRST, MONTH_FIRST)
        }

    def add(self, table: pa.Table) -> None:
        """table: the next rows' cells as text, every column."""
        for column, shown in self._shown.items():
            if len(shown) < 2:
                shown.update(date_columns.shown_in(table.column(column)) | shown)

    def told(self, guesses: Sequence[Guess], dialect: Dialect, header: Sequence[str]) -> list[FoundFormat]:
        """For columns whose order is another, or surer or less sure, than a sample told. guesses: of that sample."""
        of_samples = {guess.column: guess for guess in guesses if guess.about == "dates"}
        found = []
        for rule in dialect.rules:
            guess, shown = of_samples.get(header[rule.column]), self._shown.get(rule.column, {})
            if guess is not None and (told := date_columns.told_by_all(guess, shown)) is not None:
                found.append(FoundFormat(replace(rule, date=told.order), told.guesses))
        return found
