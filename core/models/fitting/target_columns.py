"""Which column of a file may be its target, as far as the columns' profiles tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import AppError
from core.models.errors import (
    NothingRepeats,
    OneClassOnly,
    TargetEmpty,
    TargetOfDates,
    TooFewRows,
    TooManyClasses,
)
from core.models.fitting.questions import MAX_CLASSES, MAX_NUMERIC_CLASSES, MOST_SPELLINGS
from core.models.fitting.targets import MIN_ROWS

if TYPE_CHECKING:
    from core.uploads.report.profile import ColumnProfile

TARGET_NAMES: Final = (  # most telling first
    "target", "label", "outcome", "churn", "churned", "attrition", "exited", "y", "class", "default",
    "defaulted", "fraud", "is_fraud", "response", "converted", "conversion", "survived", "price",
    "charges", "subscribed", "purchased", "cancelled", "canceled", "deposit",
)  # fmt: skip
_UNNAMED: Final = re.compile(r"(unnamed[:_ ]*\d*(_level_\d+)?|\.\.\.\d+|\s*)", re.IGNORECASE)


def refusal(column: ColumnProfile, *, n_rows: int) -> AppError | None:
    """What a training would raise for a column, as far as its profile tells: dates, too few outcomes, all the same, or
    texts of which hardly one is like another.
    """
    n_known = n_rows - column.n_missing
    if column.kind == "date":
        return TargetOfDates(target=column.name)
    if n_known == 0:
        return TargetEmpty(target=column.name)
    if n_known < MIN_ROWS:
        return TooFewRows(target=column.name, n_rows=n_known, minimum=MIN_ROWS)
    if column.n_distinct == 1:
        return OneClassOnly(target=column.name, label=next(iter(column.examples), ""))
    is_measured = column.kind == "number" or column.n_odd > 0  # a few cells that are no number are left out
    if is_measured:
        return None
    if column.n_distinct == n_known and not column.distinct_capped:
        return NothingRepeats(target=column.name)
    if column.n_distinct > MOST_SPELLINGS:
        return TooManyClasses(target=column.name, n_classes=column.n_distinct, maximum=MAX_CLASSES)
    return None


def guess(columns: Sequence[ColumnProfile], *, n_rows: int) -> str | None:
    """The column most likely meant as the target: by its name, else the last one if its values are few.

    Of a column that the file gave no name, that is mostly empty or can't be learnt, nobody asks what it will be.
    """
    worth_it = [
        column
        for number, column in enumerate(columns, 1)
        if not _is_unnamed(column.name, number)
        and 2 * column.n_missing <= n_rows
        and refusal(column, n_rows=n_rows) is None
    ]
    by_name: dict[str, str] = {}
    for column in worth_it:
        by_name.setdefault(column.name.strip().casefold().replace(" ", "_").replace("-", "_"), column.name)
    for name in TARGET_NAMES:
        if name in by_name:
            return by_name[name]
    if worth_it and worth_it[-1] is columns[-1] and columns[-1].n_distinct <= MAX_NUMERIC_CLASSES:
        return str(columns[-1].name)
    return None


def _is_unnamed(name: str, number: int) -> bool:
    """Whether the file gave the column no name: `core.uploads.csv.header` names it by its place, other programs
    write "Unnamed: 3" or "...3".
    """
    return re.fullmatch(rf"column_{number}(_\d+)?", name) is not None or _UNNAMED.fullmatch(name) is not None
