"""Which question a target asks: yes or no, which of several classes, or how much. Proposed with a reason, or stated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from core.errors import counted
from core.models.fitting.target_values import Classes, TargetValues
from core.models.schema import Task

RareClasses = Literal["fewer_folds", "leave_out", "other"]
RARE_CLASSES: Final[tuple[RareClasses, ...]] = get_args(RareClasses)
MIN_ROWS_A_CLASS: Final = 5  # one for each fold of the cross-validation
MAX_CLASSES: Final = 50
MAX_NUMERIC_CLASSES: Final = 20
MOST_SPELLINGS: Final = 10 * MAX_CLASSES  # of text; of more, no merging of spellings leaves so few classes
MAX_BAD_SHARE: Final = 0.1  # of the filled cells of a target of numbers
_TWO: Final = 2
_CODE_WORDS: Final = frozenset(
    (
        "code",
        "codes",
        "class",
        "klasse",
        "classe",
        "category",
        "kategorie",
        "type",
        "typ",
        "group",
        "cluster",
        "label",
    )
)
_SHOWN: Final = 40  # characters of a value in a sentence


@dataclass(frozen=True)
class TargetChoices:
    """What somebody stated of a target; None leaves it to its values.

    rare_classes: what becomes of classes of fewer than MIN_ROWS_A_CLASS rows: "fewer_folds" compares on as many folds
    as the smallest class has rows, down to two; "leave_out" trains without their rows; "other" makes them one class.
    merge_words: several words for yes and no are two classes.
    """

    task: Task | None = None
    positive_label: str | None = None
    rare_classes: RareClasses = "fewer_folds"
    merge_words: bool = True

    def to_json(self) -> dict[str, Any]:
        """As a task's payload keeps it; `from_json` reads it back."""
        return {
            "task": self.task,
            "positive_label": self.positive_label,
            "rare_classes": self.rare_classes,
            "merge_words": self.merge_words,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> TargetChoices:
        """What `to_json` wrote, now or before it knew as much, among other things of a payload."""
        return cls(
            task=payload.get("task"),
            positive_label=payload.get("positive_label"),
            rare_classes=payload.get("rare_classes", "fewer_folds"),
            merge_words=payload.get("merge_words", True),
        )


@dataclass(frozen=True)
class Question:
    """What is proposed. reason: a sentence. possible: what may be stated, the proposed task among it."""

    task: Task
    reason: str
    possible: tuple[Task, ...]


def propose(values: TargetValues, found: Classes) -> Question:
    """What the values ask. values: of rows enough, and different. found: their classes."""
    distinct, _ = values.amounts
    n_classes = len(found.sizes)
    of_classes: Task = "binary" if n_classes == _TWO else "multiclass"
    may_count = values.n_bad <= MAX_BAD_SHARE * values.n_known and len(distinct) > _TWO
    may_class = n_classes <= MAX_CLASSES or not may_count
    possible: tuple[Task, ...] = (
        *((of_classes,) if may_class else ()),
        *(("regression",) if may_count else ()),
    )
    if n_classes == _TWO:
        first, second = (repr(_short(label)) for label in sorted(found.sizes))
        return Question("binary", f"It has two values, {first} and {second}.", possible)
    if values.kind == "category":
        return Question("multiclass", "You set this column to category.", possible)
    if may_count and values.kind == "number":
        return Question("regression", "You set this column to number.", possible)
    if may_count and values.are_codes and n_classes <= MAX_CLASSES:
        reason = "Its numbers look like codes, as some have leading zeros or very many digits."
        return Question("multiclass", reason, possible)
    if may_count and n_classes <= MAX_CLASSES and _is_named_code(values):
        reason = f"It holds {counted(len(distinct), 'different whole number')}, and its name says that they are codes."
        return Question("multiclass", reason, possible)
    if may_count and _is_measured(values):
        return Question("regression", f"It holds {counted(len(distinct), 'different number')}.", possible)
    if may_count and bool(np.all(distinct == np.floor(distinct))):
        reason = (
            f"It holds {counted(len(distinct), 'different whole number')} from {distinct[0]:.15g} to "
            f"{distinct[-1]:.15g}. Choose number if they are amounts."
        )
        return Question("multiclass", reason, possible)
    return Question("multiclass", f"It has {counted(n_classes, 'different value')}.", possible)


def _is_measured(values: TargetValues) -> bool:
    """Whether its numbers are quantities rather than codes of classes: many, or seldom repeated."""
    _, sizes = values.amounts
    often_rare = len(sizes) > MAX_NUMERIC_CLASSES // 2 and sizes.min() < MIN_ROWS_A_CLASS
    return bool(len(sizes) > MAX_NUMERIC_CLASSES or often_rare or len(sizes) > sizes.sum() / 5)


def _is_named_code(values: TargetValues) -> bool:
    """Whether whole numbers that repeat stand in a column that is called after codes: occupation_code, jobType."""
    distinct, sizes = values.amounts
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", values.name))
    is_named = bool(words) and words[-1].casefold() in _CODE_WORDS
    return is_named and bool(np.all(distinct == np.floor(distinct))) and bool(sizes.min() >= MIN_ROWS_A_CLASS)


def _short(label: str) -> str:
    return label if len(label) <= _SHOWN else f"{label[: _SHOWN - 1]}…"
