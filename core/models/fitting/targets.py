"""The target: what kind of question it asks, how its classes are spelled, and which one is looked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import AppError
from core.models.errors import (
    OneClassOnly,
    PositiveLabelUnknown,
    RareClass,
    TargetEmpty,
    TargetMissing,
    TargetOfDates,
    TargetTooLarge,
    TooFewRows,
    TooManyClasses,
)
from core.models.schema import Task
from core.uploads.csv import cells

if TYPE_CHECKING:
    from core.uploads.report.profile import ColumnProfile

MIN_ROWS = 50
MIN_ROWS_A_CLASS = 5  # one for each fold of the cross-validation
MAX_CLASSES = 50
MOST_SPELLINGS = (
    10 * MAX_CLASSES
)  # of text; where a profile counts more, no merging of spellings leaves so few classes
MAX_NUMERIC_CLASSES = 20
LARGEST = 1e100  # of a target's numbers: the sums of their squares have to be finite
MAX_BAD_SHARE = 0.1  # of the filled cells of a target of numbers

# fmt: off
POSITIVE_WORDS = frozenset((
    "yes", "y", "true", "t", "positive", "pos", "churn", "churned", "left", "lost", "gone", "exited",
    "cancelled", "canceled", "attrited", "bad", "default", "defaulted", "fraud", "fraudulent", "spam",
    "late", "failed", "failure", "converted", "bought", "subscribed", "clicked", "survived",
))
TARGET_NAMES = (  # most telling first
    "target", "label", "outcome", "churn", "churned", "attrition", "exited", "y", "class", "default",
    "defaulted", "fraud", "is_fraud", "response", "converted", "conversion", "survived", "price",
    "charges", "subscribed", "purchased", "cancelled", "canceled", "deposit",
)
# fmt: on


@dataclass(frozen=True)
class Target:
    """The outcome of each row that has one.

    rows: (n,) ints, the file's rows that have an outcome.  values: (n,) int32 places in `labels`, or float64 for
    regression.  labels: the classes, sorted as scikit-learn sorts `classes_`; empty for regression.
    """

    name: str
    task: Task
    rows: np.ndarray
    values: np.ndarray
    labels: tuple[str, ...]
    positive_label: str | None
    warnings: tuple[str, ...]

    def answers(self, drawn: np.ndarray) -> np.ndarray:
        """(m,) what a pipeline is fitted to for some of the rows: their labels as str, or their numbers."""
        values: np.ndarray = self.values[drawn]
        return np.array(self.labels)[values] if self.labels else values


def find(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    positive_label: str | None = None,
    kept: Collection[str] = (),
) -> Target:
    """Read the target column of a table of text cells and decide what is asked.

    kept: the usual spellings of "no value" that are values in it.

    A column of numbers with many distinct values is a regression; anything else has classes. Spellings that
    differ in case or surrounding blanks, or as numbers in form only ("1", "1.0"), are one class, kept in its
    most frequent spelling.
    Raises TargetMissing, TargetEmpty, TargetTooLarge, TooFewRows, OneClassOnly, TooManyClasses, RareClass,
    PositiveLabelUnknown.
    """
    if target not in table.column_names:
        raise TargetMissing(target=target, columns=", ".join(table.column_names))
    # What is asked of cells is asked of each spelling once: few rows of a long file differ.
    encoded = pc.fill_null(table.column(target).combine_chunks(), "").dictionary_encode()
    spellings, codes = encoded.dictionary, encoded.indices.to_numpy()
    is_missing = cells.is_missing(spellings, kept)
    rows = np.flatnonzero(~is_missing[codes])
    n_missing = table.num_rows - len(rows)
    if len(rows) == 0:
        raise TargetEmpty(target=target)
    if len(rows) < MIN_ROWS:
        raise TooFewRows(target=target, n_rows=len(rows), minimum=MIN_ROWS)
    warnings = []
    if n_missing:
        warnings.append(
            f"{n_missing:,} of {table.num_rows:,} rows have no value in '{target}' and were left out."
        )
    counts = np.bincount(codes, minlength=len(spellings))
    numbers, is_bad = cells.numbers(spellings, decimal)
    is_number = ~is_bad & ~is_missing
    n_bad = int(counts[is_bad].sum())
    if n_bad <= MAX_BAD_SHARE * len(rows) and _is_measured(numbers[is_number], counts[is_number]):
        if n_large := int(counts[is_number & (np.abs(numbers) > LARGEST)].sum()):
            raise TargetTooLarge(target=target, n_rows=n_large)
        if positive_label is not None:
            raise PositiveLabelUnknown(target=target, label=positive_label, labels="numbers, not two classes")
        if n_bad:
            warnings.append(
                f"In {n_bad:,} of {len(rows):,} rows, '{target}' is not a number; these rows were left out."
            )
        rows = np.flatnonzero(is_number[codes])
        return Target(target, "regression", rows, numbers[codes[rows]], (), None, tuple(warnings))

    given = np.flatnonzero(~is_missing)
    texts: list[str] = spellings.take(pa.array(given)).to_pylist()
    names, merged = _spell(texts, counts[given], None if n_bad else numbers[given])
    warnings += merged
    labels = sorted(set(names))
    index_of = {name: index for index, name in enumerate(labels)}
    code_of = np.full(len(spellings), -1, np.int32)
    code_of[given] = [index_of[name] for name in names]
    values = code_of[codes[rows]]
    sizes = np.bincount(values, minlength=len(labels))
    _check_classes(target, labels, sizes)
    task: Task = "binary" if len(labels) == 2 else "multiclass"
    positive = _positive(target, labels, sizes, positive_label, task)
    return Target(target, task, rows, values, tuple(labels), positive, tuple(warnings))


def refusal(column: ColumnProfile, *, n_rows: int) -> AppError | None:
    """What `find` would raise for a column, as far as its profile tells: dates, too few outcomes, all the same, or
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
        return OneClassOnly(target=column.name, label=column.examples[0])
    is_measured = column.kind == "number" or column.n_odd > 0  # a few cells that are no number are left out
    if column.n_distinct > MOST_SPELLINGS and not is_measured:
        return TooManyClasses(target=column.name, n_classes=column.n_distinct, maximum=MAX_CLASSES)
    return None


def guess_target(columns: Sequence[ColumnProfile], *, n_rows: int) -> str | None:
    """The column most likely meant as the target: by its name, else the last one if its values are few.

    Of a column that the file gave no name, that is mostly empty or always the same, nobody asks what it will be.
    """
    worth_it = [
        column
        for number, column in enumerate(columns, 1)
        if not _is_unnamed(column.name, number)
        and column.n_distinct > 1
        and 2 * column.n_missing <= n_rows
        and column.kind != "date"
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
    """Whether the column was named by its place in the file, as `core.uploads.csv.header` names one without a name."""
    return re.fullmatch(rf"column_{number}(_\d+)?", name) is not None


def _is_measured(numbers: np.ndarray, counts: np.ndarray) -> bool:
    """Whether these numbers are quantities rather than codes of classes: many, or seldom repeated.

    counts: how many cells hold each; a number may come in several spellings.
    """
    distinct, which = np.unique(numbers, return_inverse=True)
    sizes = np.bincount(which, weights=counts, minlength=len(distinct))
    if len(sizes) <= 2:
        return False
    often_rare = len(sizes) > MAX_NUMERIC_CLASSES // 2 and sizes.min() < MIN_ROWS_A_CLASS
    return len(sizes) > MAX_NUMERIC_CLASSES or often_rare or len(sizes) > sizes.sum() / 5


def _spell(
    spellings: list[str], counts: np.ndarray, numbers: np.ndarray | None
) -> tuple[list[str], list[str]]:
    """Each spelling's class, by its most frequent spelling; a sentence for each class with several.

    counts: how many cells are spelled so. numbers: what they say as numbers, if all are.
    """
    keys: list[object] = [spelling.strip().casefold() for spelling in spellings]
    if numbers is not None:
        keys = numbers.tolist()
    by_class: dict[object, list[int]] = {}
    for index, key in enumerate(keys):
        by_class.setdefault(key, []).append(index)
    chosen, merged = list(spellings), []
    for same in by_class.values():
        best = max(same, key=lambda index: (counts[index], spellings[index]))
        for index in same:
            chosen[index] = spellings[best]
        if len(same) > 1:
            others = ", ".join(repr(spellings[index]) for index in same if index != best)
            were = "was" if len(same) == 2 else "were"
            merged.append(f"In the target, {others} {were} read as {spellings[best]!r}.")
    return chosen, merged


def _check_classes(target: str, labels: list[str], counts: np.ndarray) -> None:
    if len(labels) == 1:
        raise OneClassOnly(target=target, label=labels[0])
    if len(labels) > MAX_CLASSES:
        raise TooManyClasses(target=target, n_classes=len(labels), maximum=MAX_CLASSES)
    rare = [
        f"'{label}' ({count})"
        for label, count in zip(labels, counts, strict=True)
        if count < MIN_ROWS_A_CLASS
    ]
    if rare:
        raise RareClass(target=target, minimum=MIN_ROWS_A_CLASS, classes=", ".join(rare))


def _positive(
    target: str, labels: list[str], counts: np.ndarray, asked: str | None, task: Task
) -> str | None:
    if asked is not None:
        matches = [label for label in labels if label.strip().casefold() == asked.strip().casefold()]
        if task != "binary" or not matches:
            raise PositiveLabelUnknown(target=target, label=asked, labels=", ".join(labels))
        return matches[0]
    if task != "binary":
        return None
    return likely_positive(labels) or labels[int(counts[0] > counts[1])]


def likely_positive(labels: Sequence[str]) -> str | None:
    """Which of two outcomes one would look for, by their words alone; None where these don't tell."""
    words = [label for label in labels if label.strip().casefold() in POSITIVE_WORDS]
    if len(words) == 1:
        return words[0]
    # 1 is the outcome beside 0 or -1; beside 2 it is only a code
    values = {label.strip().removesuffix(".0"): label for label in labels}
    return values["1"] if set(values) in ({"0", "1"}, {"-1", "1"}) else None
