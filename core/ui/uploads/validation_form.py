"""How a model is to be measured: asked before training, with the app's own look as the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.models.validation import UNSTATED, Validation

FOUND, GROUPS, TIME, ROWS = "found", "groups", "time", "rows"
_LABELS: Final = {
    FOUND: "Look for copies and groups",
    GROUPS: "Keep rows of one value together",
    TIME: "Test on the latest fifth",
    ROWS: "Take rows as independent",
}


def show(names: Sequence[str], *, before: Validation, key: str) -> Validation | None:
    """What is chosen; None while a column is lacking. names: that may be chosen. before: what fills in the answers."""
    how = st.selectbox(
        "Rows that belong together",
        list(_LABELS),
        index=list(_LABELS).index(_chosen(before)),
        format_func=_LABELS.__getitem__,
        key=f"validation_{key}",
        help="Rows of one person, or copies of a row, must not be learnt from and measured on. The latest fifth tells "
        "how well the model predicts what comes later.",
    )
    match how:
        case "groups":
            name = _column(
                "Column that says whose row it is", names, before.group_column, key=f"group_column_{key}"
            )
            return Validation(group_column=name) if name else None
        case "time":
            name = _column("Column of time", names, before.time_column, key=f"time_column_{key}")
            return Validation(time_column=name) if name else None
        case "rows":
            return Validation(independent_rows=True)
        case _:
            return UNSTATED


def _chosen(before: Validation) -> str:
    if before.group_column:
        return GROUPS
    if before.time_column:
        return TIME
    return ROWS if before.independent_rows else FOUND


def _column(label: str, names: Sequence[str], before: str | None, *, key: str) -> str | None:
    index = names.index(before) if before in names else None
    return st.selectbox(label, names, index=index, placeholder="Choose a column", key=key)
