"""What is stated of a training beside its target: columns that stay, rows that belong together, the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.models import stated, thresholds
from core.models.schema import Task
from core.models.thresholds import Named, Rule
from core.models.validation import UNSTATED, Validation
from core.ui.models.threshold import RULES
from core.ui.uploads import validation_form

LEAST: Final = 10.0**-thresholds.DECIMALS
STEP: Final = 0.01
ALL_RULES: Final[tuple[Rule, ...]] = tuple(RULES)
WITHOUT_MEASURING: Final[tuple[Rule, ...]] = ("half", "by_hand")


@dataclass(frozen=True)
class StatedRows:
    """What was chosen. validation: None while a column is lacking. threshold: None leaves it at one half."""

    keep: tuple[str, ...] = ()
    validation: Validation | None = UNSTATED
    threshold: float | Named | None = None


def show(
    names: Sequence[str],
    *,
    before: Mapping[str, Any] | None,
    task: Task | None,
    key: str,
    rules: Sequence[Rule] = ALL_RULES,
) -> StatedRows:
    """names: the columns without the target. before: what the training before was told, if there is one. task: None
    while the values have not decided. key: of what the answers are about. rules: how a threshold may be chosen.
    """
    told = before or {}
    validation = stated.validation_of(told)
    kept = [name for name in told.get("keep", ()) if name in names]
    cut: float | Named | None = told.get("threshold")
    has_threshold = task in ("binary", None)
    is_stated = bool(kept) or validation != UNSTATED or (cut is not None and has_threshold)
    title = "Rows, columns and threshold" if has_threshold else "Rows and columns"
    with st.expander(title, icon=":material/tune:", expanded=is_stated, key=f"rows_form_{key}"):
        found = validation_form.show(names, before=validation, key=key)
        keep = st.multiselect(
            "Keep these columns",
            names,
            default=kept,
            placeholder="None",
            key=f"keep_{key}",
            help="Columns that look like IDs or give the outcome away are left out. Those you choose here are used "
            "anyway.",
        )
        return StatedRows(tuple(keep), found, _threshold(cut, rules, key=key) if has_threshold else None)


def _threshold(before: float | Named | None, rules: Sequence[Rule], *, key: str) -> float | Named | None:
    begins: Rule = "half" if before is None else before if isinstance(before, str) else "by_hand"
    chosen = st.selectbox(
        "Threshold",
        rules,
        index=rules.index(begins) if begins in rules else 0,
        format_func=RULES.__getitem__,
        key=f"stated_threshold_{key}",
        help="Rows whose probability reaches it are predicted as the positive outcome.",
    )
    if chosen != "by_hand":
        return None if chosen == "half" else chosen
    return st.number_input(
        "Probability",
        min_value=LEAST,
        max_value=1 - LEAST,
        value=before if isinstance(before, float) else thresholds.HALF,
        step=STEP,
        format="%.3f",
        key=f"stated_probability_{key}",
        width=160,
    )
