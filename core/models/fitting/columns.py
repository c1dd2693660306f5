"""Which columns a model may learn from: the kind of each, and those set aside with the reason why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from core.errors import counted
from core.models import date_parts
from core.models.schema import CATEGORIES_KEPT, Feature, categories
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule
from core.uploads.dates import columns as dates
from core.uploads.dates.texts import YEAR_FIRST
from core.uploads.report.profile import ODD_SHARE

NUMBER_SHARE = 1 - ODD_SHARE  # of the cells that are filled; the rest are typing errors and become missing
NEARLY_DISTINCT = 0.95
REPEATED_OFTEN = 5
NAMED = 8  # columns in one sentence
MIN_REPEATED_SHARE = 0.2
MIN_FILLED, MIN_FILLED_SHARE = 20, 0.001  # below, a fold may hold no value at all
ID_WORDS = frozenset(("id", "ids", "uuid", "guid", "key", "index", "idx", "unnamed", "ssn", "iban", "email"))


@dataclass(frozen=True)
class DroppedColumn:
    """A column that was set aside, and the sentence that says why."""

    column: str
    reason: str


@dataclass(frozen=True)
class Features:
    """The columns left to learn from, in the file's order, and what was set aside."""

    kept: tuple[Feature, ...]
    dropped: tuple[DroppedColumn, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class OddCells:
    """A column with some cells that are not of its kind: "number" or "date"."""

    column: str
    n: int
    kind: str


def _about(found: Sequence[OddCells]) -> Iterator[str]:
    """A sentence for one column, one for all columns of a kind where they are several."""
    for kind in ("number", "date"):
        alike = [one for one in found if one.kind == kind]
        if len(alike) == 1:
            cells_are = counted(
                alike[0].n, f"cell is not a {kind} and counts|cells are not {kind}s and count"
            )
            yield f"In '{alike[0].column}', {cells_are} as missing."
        elif alike:
            named = ", ".join(f"'{one.column}' ({one.n:,})" for one in alike[:NAMED])
            more = f" and {len(alike) - NAMED:,} more" if len(alike) > NAMED else ""
            yield f"In {len(alike):,} columns, cells that are not {kind}s count as missing: {named}{more}."


def examine(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    keep: Collection[str] = (),
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
) -> Features:
    """Sort the columns of a table of text cells, target apart, into features and those set aside.

    Set aside: columns without a value, with one value only, that name the row (identifiers), or whose texts
    seldom repeat. keep: columns never set aside as identifiers. rules: how a column was read, by its name, where
    it needed a rule.
    """
    kept, dropped, warnings = [], [], list[OddCells]()
    for name in table.column_names:
        if name == target:
            continue
        column = table.column(name).combine_chunks()
        rule = rules.get(name, ColumnRule(0))
        found = _examine_column(name, column, decimal, rule, may_name=name not in keep)
        if isinstance(found, DroppedColumn):
            dropped.append(found)
            continue
        feature, warning = found
        kept.append(feature)
        warnings += [warning] if warning else []
    return Features(tuple(kept), tuple(dropped), tuple(_about(warnings)))


def _examine_column(
    name: str, column: pa.Array, decimal: str, rule: ColumnRule, *, may_name: bool
) -> DroppedColumn | tuple[Feature, OddCells | None]:
    missing, kind = cells.is_missing(column, rule.values), rule.kind
    n_filled = int(len(column) - missing.sum())
    if n_filled == 0:
        return DroppedColumn(name, f"'{name}' is empty in every row.")
    if n_filled < max(MIN_FILLED, MIN_FILLED_SHARE * len(column)):
        return DroppedColumn(name, f"'{name}' has a value in only {n_filled:,} of {len(column):,} rows.")
    if rule.date:
        return _date(name, column, rule)
    numbers, bad = cells.numbers(column, decimal)
    is_text = int(bad.sum()) > (1 - NUMBER_SHARE) * n_filled and kind != "number"
    if is_text and not kind and dates.are_dates(column, least_share=NUMBER_SHARE):
        return _date(name, column, rule)
    if is_text or kind == "category" or np.isnan(numbers).all():
        return _category(name, column, rule.values, may_name=may_name)
    seen = numbers[~np.isnan(numbers)]
    distinct = np.unique(seen)
    if len(distinct) == 1 and n_filled == len(column):
        return DroppedColumn(name, f"'{name}' has the same value in every row.")
    whole = bool(np.all(distinct == np.floor(distinct)))
    if may_name and whole and _names_rows(name, seen, distinct):
        return DroppedColumn(
            name, f"'{name}' looks like an identifier: it numbers the rows and says nothing about them."
        )
    warning = None
    if n_bad := int(bad.sum()):
        warning = OddCells(name, n_bad, "number")
    middle = float(np.partition(seen, (len(seen) - 1) // 2)[(len(seen) - 1) // 2])
    return (
        Feature(name, "number", minimum=float(distinct[0]), maximum=float(distinct[-1]), median=middle),
        warning,
    )


def _date(name: str, column: pa.Array, rule: ColumnRule) -> DroppedColumn | tuple[Feature, OddCells | None]:
    """Dates are learnt from however many differ: they say more than which row it is."""
    days, bad = dates.days(column, rule.date)
    seen = days[~np.isnan(days)]
    if len(seen) < MIN_FILLED:
        return DroppedColumn(name, f"'{name}' has a date in only {len(seen):,} of {len(column):,} rows.")
    if seen.min() == seen.max() and len(seen) == len(column):
        return DroppedColumn(name, f"'{name}' has the same date in every row.")
    warning = None
    if n_bad := int(bad.sum()):
        warning = OddCells(name, n_bad, "date")
    found = Feature(
        name,
        "date",
        minimum=float(seen.min()),
        maximum=float(seen.max()),
        median=float(np.partition(seen, (len(seen) - 1) // 2)[(len(seen) - 1) // 2]),
        reading=replace(rule, date=rule.date or YEAR_FIRST),
        parts=date_parts.seen(seen),
    )
    return found, warning


def _category(
    name: str, column: pa.Array, kept: Collection[str], *, may_name: bool
) -> DroppedColumn | tuple[Feature, OddCells | None]:
    values = categories(column, values=kept)
    counts = Counter(value for value in values.tolist() if value is not None)
    n_filled = counts.total()
    if len(counts) == 1 and n_filled == len(values):
        return DroppedColumn(name, f"'{name}' has the same value in every row.")
    least_distinct = 0.5 if _is_id_like(name) else NEARLY_DISTINCT
    if may_name and len(counts) >= least_distinct * n_filled:
        return DroppedColumn(
            name, f"'{name}' looks like an identifier or free text: its values rarely repeat."
        )
    n_repeated = sum(count for count in counts.values() if count >= REPEATED_OFTEN)
    if len(counts) > CATEGORIES_KEPT or n_repeated < MIN_REPEATED_SHARE * n_filled:
        return DroppedColumn(
            name,
            f"'{name}' has {len(counts):,} different values, too many to learn a pattern from.",
        )
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    return Feature(name, "category", categories=tuple(ordered)), None


def _names_rows(name: str, seen: np.ndarray, distinct: np.ndarray) -> bool:
    """Whether whole numbers name rows: they seldom repeat and are called an id, or count up without gaps."""
    if _is_id_like(name) and len(distinct) >= len(seen) / 2:
        return True
    without_gaps = distinct[-1] - distinct[0] < 1.05 * len(distinct)
    return bool(len(distinct) >= NEARLY_DISTINCT * len(seen) and without_gaps)


def _is_id_like(name: str) -> bool:
    """Whether a column's name ends like an identifier's: customer_id, customerID, RowNumber, 'Unnamed: 0'."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    lowered = [word.casefold() for word in words]
    if not lowered:
        return name.strip() == ""
    return lowered[-1] in ID_WORDS or lowered[-2:] in (["row", "number"], ["account", "number"])
