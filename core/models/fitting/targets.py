"""The target: the outcome of each row, what is asked of it, and which class is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from core.errors import counted
from core.models import labels as one_label
from core.models.errors import (
    OneClassOnly,
    PositiveLabelUnknown,
    RareClass,
    TargetEmpty,
    TargetTooLarge,
    TaskImpossible,
    TooFewRows,
    TooManyClasses,
)
from core.models.fitting import questions, target_values
from core.models.fitting.questions import (
    MAX_BAD_SHARE,
    MAX_CLASSES,
    MIN_ROWS_A_CLASS,
    TargetChoices,
)
from core.models.fitting.target_values import Classes, TargetValues
from core.models.schema import Task
from core.uploads.csv.dialect import ColumnRule

MIN_ROWS: Final = 50
FEWEST_FOLDS: Final = 2
LARGEST: Final = 1e100  # of a target's numbers: the sums of their squares have to be finite
OTHER: Final = "Other"
_SHOWN: Final = 10  # classes named in a sentence
_QUESTIONS: Final[dict[Task, str]] = {
    "binary": "a yes/no question",
    "multiclass": "a question of several classes",
    "regression": "a number",
}


@dataclass(frozen=True)
class Target:
    """The outcome of each row that has one.

    rows: (n,) ints, the file's rows that have an outcome.  values: (n,) int32 places in `labels`, or float64 for
    regression.  labels: the classes, sorted as scikit-learn sorts `classes_`; empty for regression.
    spellings: what else counts as one of the labels, though its form is another → that label.
    """

    name: str
    task: Task
    rows: np.ndarray
    values: np.ndarray
    labels: tuple[str, ...]
    positive_label: str | None
    warnings: tuple[str, ...]
    spellings: tuple[tuple[str, str], ...] = ()

    def of(self, drawn: np.ndarray) -> Target:
        """Some of its rows. drawn: (m,) places."""
        return replace(self, rows=self.rows[drawn], values=self.values[drawn])

    def answers(self, drawn: np.ndarray) -> np.ndarray:
        """(m,) what a pipeline is fitted to for some of the rows: their labels as str, or their numbers."""
        values: np.ndarray = self.values[drawn]
        return np.array(self.labels)[values] if self.labels else values


def find(
    table: pa.Table,
    *,
    target: str,
    decimal: str,
    choices: TargetChoices | None = None,
    rule: ColumnRule | None = None,
    fewest: int = FEWEST_FOLDS,
) -> Target:
    """Read the target column of a table of text cells and decide what is asked.

    choices: what somebody stated. rule: how the column is read, where it needed one. fewest: rows that a class has to
    have at least; with fewer it is left out, where it is not to be one of the others.
    Raises TargetMissing, TargetEmpty, TargetTooLarge, TooFewRows, OneClassOnly, TooManyClasses, RareClass,
    TaskImpossible, PositiveLabelUnknown.
    """
    choices = choices or TargetChoices()
    values = target_values.of(table, target=target, decimal=decimal, rule=rule)
    require_rows(values)
    found = target_values.classes(values, merge_words=choices.merge_words)
    if len(found.sizes) == 1:
        raise OneClassOnly(target=target, label=next(iter(found.sizes)))
    warnings = list[str]()
    if n_missing := values.n_rows - values.n_known:
        warnings.append(
            f"{n_missing:,} of {values.n_rows:,} rows have no value in '{target}' and were left out."
        )
    question = questions.propose(values, found)
    if choices.task is not None and choices.task not in question.possible:
        raise TaskImpossible(
            target=target, asked=_QUESTIONS[choices.task], why=_why_not(choices.task, values, found)
        )
    if (choices.task or question.task) == "regression":
        return _of_numbers(values, choices, warnings)
    return _of_classes(values, found, choices, fewest, warnings)


def require_rows(values: TargetValues) -> None:
    """Raises TargetEmpty, TooFewRows."""
    if values.n_known == 0:
        raise TargetEmpty(target=values.name)
    if values.n_known < MIN_ROWS:
        raise TooFewRows(target=values.name, n_rows=values.n_known, minimum=MIN_ROWS)


def _why_not(task: Task, values: TargetValues, found: Classes) -> str:
    """Why the column can't ask that, as the end of a sentence."""
    if task != "regression":
        return f"it has {counted(len(found.sizes), 'different value')}"
    if values.n_bad > MAX_BAD_SHARE * values.n_known:
        return f"{values.n_bad:,} of its {values.n_known:,} values are not numbers"
    return f"it has only {counted(len(values.amounts[0]), 'different number')}"


def _of_numbers(values: TargetValues, choices: TargetChoices, warnings: list[str]) -> Target:
    target = values.name
    with np.errstate(invalid="ignore"):
        is_large = np.abs(values.numbers) > LARGEST
    if n_large := int(values.counts[is_large].sum()):
        raise TargetTooLarge(target=target, n_rows=n_large)
    if choices.positive_label is not None:
        raise PositiveLabelUnknown(
            target=target, label=choices.positive_label, labels="numbers, not two classes"
        )
    if values.n_bad:
        warnings.append(
            f"In {values.n_bad:,} of {values.n_known:,} rows, '{target}' is not a number; these rows were left out."
        )
    is_row = values.places >= 0
    is_row[is_row] = ~np.isnan(values.numbers[values.places[is_row]])
    rows = np.flatnonzero(is_row)
    return Target(target, "regression", rows, values.numbers[values.places[rows]], (), None, tuple(warnings))


def kept_classes(
    target: str, sizes: Mapping[str, int], choices: TargetChoices, fewest: int = FEWEST_FOLDS
) -> tuple[dict[str, int], dict[str, str], list[str]]:
    """Rows by class as they are learnt, which classes were put together as which, and sentences on both.

    sizes: rows by class as the column has them. Raises TooManyClasses, RareClass where too little would be left.
    """
    kept, joined, warnings = dict(sizes), dict[str, str](), list[str]()
    match choices.rare_classes:
        case "fewer_folds":
            _require_few(target, kept)
        case "leave_out":
            fewest = max(fewest, MIN_ROWS_A_CLASS)
        case "other":
            kept, joined = _put_together(kept, warnings)
    kept = _left_out(target, kept, fewest, choices, warnings)
    _require_few(target, kept)
    return kept, joined, warnings


def _of_classes(
    values: TargetValues, found: Classes, choices: TargetChoices, fewest: int, warnings: list[str]
) -> Target:
    target = values.name
    sizes, joined, about_rare = kept_classes(target, found.sizes, choices, fewest)
    warnings += [*found.notes, *about_rare]
    labels = sorted(sizes)
    place_of = {label: place for place, label in enumerate(labels)}
    code_of = np.array([place_of.get(joined.get(name, name), -1) for name in found.names], np.int32)
    is_row = values.places >= 0
    is_row[is_row] = code_of[values.places[is_row]] >= 0
    rows = np.flatnonzero(is_row)
    task: Task = "binary" if len(labels) == 2 else "multiclass"
    spellings = {spelling: joined.get(label, label) for spelling, label in found.spellings.items()} | joined
    return Target(
        target, task, rows, code_of[values.places[rows]], tuple(labels),
        _positive(target, sizes, choices.positive_label, task, values.decimal), tuple(warnings),
        tuple((spelling, label) for spelling, label in spellings.items() if label in place_of),
    )  # fmt: skip


def _require_few(target: str, sizes: Mapping[str, int]) -> None:
    if len(sizes) > MAX_CLASSES:
        raise TooManyClasses(target=target, n_classes=len(sizes), maximum=MAX_CLASSES)


def _put_together(sizes: dict[str, int], warnings: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """The classes with the rare ones as one, and of which classes that was made: class → the one that it is now."""
    rare = {label: size for label, size in sizes.items() if size < MIN_ROWS_A_CLASS}
    if not rare:
        return sizes, {}
    name = next((label for label in sizes if one_label.key(label) == one_label.key(OTHER)), OTHER)
    were = "was" if len(rare) == 1 else "were"
    warnings.append(
        f"{counted(len(rare), 'class|classes')} of fewer than {MIN_ROWS_A_CLASS} rows {were} put together as "
        f"{name!r}: {_listed(rare)}."
    )
    kept = {label: size for label, size in sizes.items() if label not in rare}
    kept[name] = kept.get(name, 0) + sum(rare.values())
    return kept, {label: name for label in rare if label != name}


def _left_out(
    target: str, sizes: dict[str, int], fewest: int, choices: TargetChoices, warnings: list[str]
) -> dict[str, int]:
    """The classes that have rows enough. Raises RareClass where hardly any would be left."""
    rare = {label: size for label, size in sizes.items() if size < fewest}
    if not rare:
        return sizes
    n_out, n_known = sum(rare.values()), sum(sizes.values())
    is_much = choices.rare_classes == "fewer_folds" and n_out > MAX_BAD_SHARE * n_known
    if len(sizes) - len(rare) < 2 or is_much or n_known - n_out < MIN_ROWS:
        raise RareClass(target=target, minimum=fewest, classes=_listed(rare))
    have = "has" if len(rare) == 1 else "have"
    were = "was" if n_out == 1 else "were"
    warnings.append(
        f"{counted(len(rare), 'class|classes')} of '{target}' {have} fewer than {fewest} rows: {_listed(rare)}. "
        f"{counted(n_out, 'row')} {were} left out."
    )
    return {label: size for label, size in sizes.items() if label not in rare}


def _listed(sizes: Mapping[str, int]) -> str:
    shown = [f"'{label}' ({size})" for label, size in sorted(sizes.items())]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _positive(
    target: str, sizes: Mapping[str, int], asked: str | None, task: Task, decimal: str
) -> str | None:
    labels = sorted(sizes)
    if asked is not None:
        place = one_label.lookup(labels, decimal)(asked)
        if task != "binary" or place is None:
            raise PositiveLabelUnknown(target=target, label=asked, labels=", ".join(labels))
        return labels[place]
    return positive_of(sizes) if task == "binary" else None


def positive_of(sizes: Mapping[str, int]) -> str:
    """Which of two classes is looked for where nobody says: by what they say, else the rarer. sizes: rows by class."""
    first, second = sorted(sizes)
    return one_label.likely_positive([first, second]) or (second if sizes[first] > sizes[second] else first)
