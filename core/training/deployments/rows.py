"""Rows that somebody sends to a live app: checked against the model's columns, and made what its frame holds.

A date is sent as a file would spell it, and becomes the numbers that the model learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from core.models import date_parts
from core.models.schema import Feature, PartOfDate, Schema, order_of
from core.training.errors import RowsRefused, TooManyRows
from core.uploads.dates import texts

MOST_ROWS: Final = 1_000
LONGEST_TEXT: Final = 1_000
LARGEST: Final = 1e300


def checked(rows: Any, *, schema: Schema) -> list[dict[str, Any]]:
    """Each row with every input of the model; one that is absent, null or blank has no value there.

    Raises RowsRefused naming the row and the column, TooManyRows.
    """
    if not isinstance(rows, list) or not rows:
        raise RowsRefused(row=1, problem='There is none. Send {"rows": [{…}]}.')
    if len(rows) > MOST_ROWS:
        raise TooManyRows(limit=MOST_ROWS, n_rows=len(rows))
    known = {feature.name for feature in schema.features}
    return [_checked(number, row, schema.inputs, known) for number, row in enumerate(rows, start=1)]


def _checked(number: int, row: Any, inputs: Sequence[Feature], known: set[str]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise RowsRefused(row=number, problem="It is no object of columns and values.")
    if unknown := [name for name in row if name not in known]:
        raise RowsRefused(row=number, problem=f"The model has no column '{_short(unknown[0])}'.")
    found: dict[str, Any] = {}
    for one in inputs:
        if isinstance(one, PartOfDate):
            found[one.name] = _part(one, found[one.source])
        else:
            found[one.name] = _value(number, one, row.get(one.name))
    return found


def _part(one: PartOfDate, days: float | None) -> float | None:
    return None if days is None else float(date_parts.of(np.array([days]))[one.part][0])


def _value(number: int, feature: Feature, given: Any) -> float | str | None:
    if isinstance(given, str):
        given = given.strip()
    if given is None or given == "":
        return None
    if feature.kind == "category":
        text = _text(given)
        if text is None:
            raise RowsRefused(row=number, problem=f"'{feature.name}' is no text.")
        if len(text) > LONGEST_TEXT and text not in feature.categories:
            raise RowsRefused(
                row=number, problem=f"'{feature.name}' is longer than {LONGEST_TEXT:,} characters."
            )
        return text
    if feature.kind == "date":
        days = texts.read(given, order_of(feature)) if isinstance(given, str) else None
        if days is None:
            problem = f"'{feature.name}' is no date: {_short(str(given))!r}. Write it as 2024-07-12."
            raise RowsRefused(row=number, problem=problem)
        return days
    value = _number(given)
    if value is None:
        raise RowsRefused(row=number, problem=f"'{feature.name}' is no number: {_short(str(given))!r}.")
    return value


def _text(given: Any) -> str | None:
    """A category as a file spells it: 3 and 3.0 are "3", and no digit of 1234567.5 is lost; None for what is none."""
    if isinstance(given, str):
        is_whole = "\0" not in given and not any("\ud800" <= letter <= "\udfff" for letter in given)
        return given if is_whole else None
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    if isinstance(given, int):
        return str(given)
    return repr(given).removesuffix(".0") if math.isfinite(given) else None


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    if isinstance(given, str) and "_" in given:  # which Python takes, and no file means
        return None
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and abs(value) <= LARGEST else None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
