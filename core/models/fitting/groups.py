"""A column that says whose row each is: its values repeat, and with each come nearly the same rows.

Two rows of one value are compared with two rows at large, column by column, as Cohen's kappa does: 0 is no more alike
than any two rows, 1 the same.  Numbers also count as alike by how near they are to each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.models.fitting import times
from core.models.fitting.copies import is_measured
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule

Numbers = npt.NDArray[np.int64]

MIN_GROUPS: Final = 10
MIN_REPEATED: Final = 0.7  # share of the rows whose value comes again
MOST_IN_ONE: Final = 0.2  # share of the rows
N_PAIRS: Final = 4_000
COUNTS_THEM: Final = (
    -0.05
)  # a column less alike than at large counts a group's rows, as visits do, and is left aside
MIN_COMPARED: Final = 3  # columns that vary
MOST_COMMON: Final = 0.95  # two rows at large that agree, from which on a column says nothing
# How alike rows of a group are at least, on the mean of the columns: of a column whose name says whose they are, of
# texts, of numbers
LEAST_NAMED, LEAST_TEXT, LEAST_NUMBER = 0.4, 0.7, 0.85
SAME_ORDER: Final = (
    0.9  # rank correlation with the column itself, from which on another one of numbers says the same
)
# fmt: off
WHOSE: Final = frozenset((
    "id", "ids", "uuid", "guid", "key", "pid", "sid", "subject", "patient", "person", "participant", "respondent",
    "customer", "client", "user", "member", "student", "employee", "household", "family", "animal", "case", "session",
    "device", "machine", "sensor", "patientid", "userid", "customerid", "subjectid", "personid", "kunde", "patientin",
))
# fmt: on


@dataclass(frozen=True)
class GroupColumn:
    """The column, and (n,) the group of each row; a row without a value is a group of its own."""

    name: str
    groups: Numbers


def of_column(column: pa.Array | pa.ChunkedArray, kept: Collection[str] = ()) -> Numbers:
    """(n,) which rows have the same cell, blanks around it left out; a missing cell is like no other. kept: values."""
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    trimmed = pc.utf8_trim_whitespace(one)
    codes: Numbers = pc.fill_null(trimmed.dictionary_encode().indices, -1).to_numpy().astype(np.int64)
    missing = np.flatnonzero(cells.is_missing(one, kept) | (codes < 0))
    codes[missing] = len(codes) + missing
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def find(
    table: pa.Table,
    features: pd.DataFrame,
    *,
    target: str,
    decimal: str,
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
) -> GroupColumn | None:
    """The column whose groups' rows are most alike, if they are alike enough.

    table: (n,) rows of text cells.  features: their frame, of the columns that may be learnt from.  rules: how a column
    was read, where it needed a rule.
    """
    found: list[tuple[float, str, Numbers]] = []
    for name in table.column_names:
        is_date = name in rules and bool(rules[name].date)
        if name == target or is_date or (name in features and is_measured(features[name])):
            continue
        groups = of_column(table.column(name))
        if not _are_groups(groups) or (least := _least(name, table.column(name), decimal)) is None:
            continue
        alike = _alikeness(groups, features.drop(columns=_told_by(name, features)))
        found += [(alike, name, groups)] if alike >= least else []
    if not found:
        return None
    _, name, groups = max(found, key=lambda one: one[0])
    return GroupColumn(name, groups)


def _least(name: str, column: pa.ChunkedArray, decimal: str) -> float | None:
    """How alike its groups have to be; None for a column that can't say whose rows they are: measures, and times."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    is_named = bool(words) and words[-1].casefold() in WHOSE
    numbers, bad = cells.numbers(column, decimal)
    if bad.any():
        if not is_named and times.dates(column) is not None:
            return None
        return LEAST_NAMED if is_named else LEAST_TEXT
    seen = numbers[~np.isnan(numbers)]
    if not len(seen) or bool((seen != np.floor(seen)).any()):
        return None
    return LEAST_NAMED if is_named else LEAST_NUMBER


def _told_by(name: str, features: pd.DataFrame) -> list[str]:
    """The column itself, and those of numbers in nearly its order, such as a group of ages beside the age."""
    if name not in features:
        return []
    if features[name].dtype == object:
        return [name]
    some = features.select_dtypes("number")
    some = some.sample(N_PAIRS, random_state=0) if len(some) > N_PAIRS else some
    ranks = some.rank()
    alike = ranks.corrwith(ranks[name]).abs() >= SAME_ORDER
    return [name, *(other for other in alike.index[alike] if other != name)]


def _are_groups(groups: Numbers) -> bool:
    """Whether most rows have others of their group, and the groups are many and none is large."""
    sizes = np.bincount(groups)
    n_repeated = int(sizes[sizes > 1].sum())
    return (
        int((sizes > 1).sum()) >= MIN_GROUPS
        and n_repeated >= MIN_REPEATED * len(groups)
        and sizes.max() <= MOST_IN_ONE * len(groups)
    )


def _alikeness(groups: Numbers, features: pd.DataFrame) -> float:
    """The mean over the columns that vary, 0 where these are too few."""
    draw = np.random.default_rng(0)
    shuffled = draw.permutation(len(groups))
    in_order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    is_pair = groups[in_order[1:]] == groups[in_order[:-1]]
    one, two = in_order[:-1][is_pair], in_order[1:][is_pair]
    if len(one) > N_PAIRS:
        some = draw.choice(len(one), N_PAIRS, replace=False)
        one, two = one[some], two[some]
    compared = np.concatenate([one, two, *draw.integers(0, len(groups), (2, N_PAIRS))])
    parts = np.cumsum([len(one), len(two), N_PAIRS])
    found = []
    for name in features.columns:
        column = features[name].iloc[compared]
        values = pd.factorize(column)[0] if column.dtype == object else column.to_numpy(np.float64)
        alike = _kappa(*np.split(values, parts))
        found += [] if alike is None or alike < COUNTS_THEM else [alike]
    return float(np.mean(found)) if len(found) >= MIN_COMPARED else 0.0


def _kappa(one: np.ndarray, two: np.ndarray, any_one: np.ndarray, any_two: np.ndarray) -> float | None:
    """How much more alike the pairs of groups are than any; None for a column in which nearly all are."""
    at_large = float(_same(any_one, any_two).mean())
    if at_large > MOST_COMMON:
        return None
    equal = (float(_same(one, two).mean()) - at_large) / (1 - at_large)
    if one.dtype != np.float64:
        return equal
    usual = float(np.nanmean(np.abs(any_one - any_two))) if not np.isnan(any_one - any_two).all() else 0.0
    apart = np.abs(one - two)
    if usual == 0.0 or np.isnan(apart).all():
        return equal
    return max(equal, 1 - float(np.nanmean(apart)) / usual)


def _same(one: np.ndarray, two: np.ndarray) -> npt.NDArray[np.bool_]:
    if one.dtype != np.float64:
        return np.asarray(one == two)
    return np.asarray((one == two) | (np.isnan(one) & np.isnan(two)))
