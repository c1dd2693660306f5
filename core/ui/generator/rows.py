"""Rows of values, typed in or pasted from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.generation.templates import variables
from core.generation.templates.values import Kind
from core.generation.templates.variables import Variable


def ask(known: Sequence[Variable], *, key: str) -> Sequence[Mapping[str, Any]]:
    """The table, a column a variable; its rows but for those that are blank throughout."""
    if not known:
        return []
    blank = pd.DataFrame({variable.name: pd.Series([None], dtype=_dtype(variable)) for variable in known})
    filled = st.data_editor(
        blank,  # a row to click into: what is pasted there brings its own
        key=f"generator_rows_{key}_{len(known)}",
        num_rows="dynamic",
        hide_index=True,
        height=240,
        column_config={variable.name: _column(variable) for variable in known},
    )
    found = [
        {str(name): value for name, value in row.items() if not _is_blank(value)}
        for row in filled.to_dict("records")
    ]
    return [row for row in found if row]


def _dtype(variable: Variable) -> str:
    return "float" if variable.kind is Kind.NUMBER else "object"


def _column(variable: Variable) -> Any:
    label, tip = variable.label + ("" if variable.required else " (optional)"), variable.description or None
    match variable.kind:
        case Kind.NUMBER:
            return st.column_config.NumberColumn(label, help=tip)
        case Kind.CHOICE:
            return st.column_config.SelectboxColumn(label, options=variable.options, help=tip)
        case Kind.TEXT:
            return st.column_config.TextColumn(label, help=tip)


def _is_blank(value: object) -> bool:
    return bool(pd.isna(value)) or variables.is_blank(value)  # type: ignore[call-overload]  # a cell is a scalar
