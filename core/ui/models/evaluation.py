"""How a model was measured, in words: which rows were kept together, and over what its figures vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.models import stated
from core.models.validation import UNSTATED
from core.ui import formatting, links

_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}


def show(report: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    """Draw it, beneath the figures. report: the model's. payload: of the task that trained it."""
    said = stated.validation_of(payload) != UNSTATED
    st.caption(f":material/straighten: {sentence(report, is_stated=said)}")


def sentence(report: Mapping[str, Any], *, is_stated: bool = True) -> str:
    """How the figures came about. report: as a model keeps it; older ones say nothing of it.

    is_stated: whether anything was stated of the rows; older reports of sandboxes said so of all.
    """
    how: Mapping[str, Any] = report.get("evaluation") or {"by": "rows"}
    column = f"**{links.escape(how.get('column') or '')}**"
    as_stated = ", as you stated" if is_stated and how.get("is_stated") else ""
    match how["by"]:
        case "groups":
            values, where = formatting.exact(how["n_groups"], "value"), _where(report)
            return f"Measured with all rows of one {column} {where} ({values}){as_stated}."
        case "copies":
            rows = formatting.exact(how["n_groups"], "different row")
            return f"Measured with all copies of a row {_where(report)} ({rows})."
        case "time":
            return f"Measured on the latest fifth by {column}, predicted from the rows before{as_stated}."
        case _:
            independent = ", with rows taken as independent" if as_stated else ""
            return f"Measured over {measured_over(report)}{independent}{as_stated}."


def _where(report: Mapping[str, Any]) -> str:
    return "learnt from or held out" if "n_held_out" in report else "in one fold"


def measured_over(report: Mapping[str, Any]) -> str:
    """What its figures vary over: folds, or resamples of the only rows that were held out."""
    if "n_held_out" in report:
        return "resamples of unseen rows"
    n_folds = (report.get("evaluation") or {}).get("n_folds", report.get("n_folds", 5))
    return f"{_WORDS[n_folds]} folds" if n_folds in _WORDS else "resamples of the latest rows"
