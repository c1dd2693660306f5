"""What a template is filled in with: lists that are combined, rows, or the rows of an upload."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.generation.templates import variables
from core.generation.templates.values import Kind
from core.generation.templates.variables import Variable
from core.ui import formatting, links
from core.ui.generator import rows, upload
from core.ui.generator.templates import Chosen

LISTS, ROWS, UPLOAD = "Combine lists", "Rows", "Upload"
_KEPT: Final = tuple(f"generator_{kind}_" for kind in Kind)
_TOLD: Final = {
    LISTS: "Every combination of the values becomes an item.",
    ROWS: "Each row becomes an item. Paste them from a spreadsheet.",
    UPLOAD: "Each row of the file becomes an item; its columns are matched by name.",
}


@dataclass(frozen=True)
class Given:
    """Values, as a job takes them. formula: how the number of items comes about. item: the values of the n-th, from 0.

    n_shown: how many of them can be looked at here.
    """

    parameters: Mapping[str, Any]
    n_items: int
    formula: str
    item: Callable[[int], Mapping[str, Any]]
    n_shown: int


def keep() -> None:
    """Remember what stands in boxes that are not drawn for now, because values are given in another way."""
    for key in list(st.session_state):
        if str(key).startswith(_KEPT):
            st.session_state[key] = st.session_state[key]


def ask(chosen: Chosen) -> Given | None:
    """The boxes for the values; None before there are any."""
    way = st.segmented_control(
        "Values", [LISTS, ROWS, UPLOAD], default=LISTS, key="generator_way", required=True
    )
    st.caption(_TOLD[way or LISTS])
    if way == UPLOAD:
        return _of_upload(chosen)
    known = chosen.variables if chosen.template else _named(chosen.variables)
    if way == ROWS:
        found = rows.ask(known, key=str(chosen.template_id))
        return _of_rows(found) if found else None
    return _of_lists(known, family=str(chosen.template.family_id) if chosen.template else "")


def _named(known: Sequence[Variable]) -> Sequence[Variable]:
    """Without a template: the variables that somebody has values for."""
    by_name = {variable.name: variable for variable in known}
    names = st.multiselect(
        "Variables you have values for",
        list(by_name),
        format_func=lambda name: by_name[name].label,
        key="generator_names",
        placeholder="Choose variables",
    )
    return [by_name[name] for name in names]


def _of_rows(found: Sequence[Mapping[str, Any]]) -> Given:
    return Given(
        {"rows": found}, len(found), formatting.exact(len(found), "row"), found.__getitem__, len(found)
    )


def _of_upload(chosen: Chosen) -> Given | None:
    sample = upload.ask(chosen.variables if chosen.template else None)
    if sample is None:
        return None
    names = {variable.name for variable in chosen.variables}
    shown = [{name: row[name] for name in row if name in names} for row in sample.first_rows]
    return Given(
        {"upload_id": sample.upload_id},
        sample.n_rows,
        f"{formatting.exact(sample.n_rows, 'row')} of {sample.file_name}",
        shown.__getitem__,
        len(shown),
    )


def _of_lists(known: Sequence[Variable], *, family: str) -> Given | None:
    required = [variable for variable in known if variable.required or not family]
    optional = [variable for variable in known if variable not in required]
    grid = {variable.name: _list(variable, family=family) for variable in required}
    if optional:
        with st.expander(f"Optional values · {len(optional)}", key="generator_optional"):
            grid |= {variable.name: _list(variable, family=family) for variable in optional}
    grid = {name: found for name, found in grid.items() if found}
    if not grid:
        return None
    n_items = math.prod(len(found) for found in grid.values())
    labels = {variable.name: variable.label.lower() for variable in known}
    return Given({"grid": grid}, n_items, _formula(grid, labels), _nth(grid), n_items)


def _formula(grid: Mapping[str, Sequence[Any]], labels: Mapping[str, str]) -> str:
    """ "3 topics × 4 tones", without those that have one value and change nothing."""
    several = [
        formatting.exact(len(found), labels[name], _plural(labels[name]))
        for name, found in grid.items()
        if len(found) > 1
    ]
    return " × ".join(several) or "one value each"


def _plural(noun: str) -> str:
    """ "topic" → "topics", "reply" → "replies", "status" → "status"."""
    if noun.endswith("s"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("x", "ch", "sh")) else f"{noun}s"


def _list(variable: Variable, *, family: str) -> list[str]:
    """The values of one variable. Those of a text stand one a line, and the same one twice is one."""
    key = f"generator_{variable.kind}_{variable.name}"
    rest = "" if variable.required else f" :gray[· {_if_empty(variable)}]"
    label = f"{links.escape(variable.label)}{rest}"
    if variable.kind is Kind.CHOICE:
        return st.multiselect(
            label,
            variable.options,
            key=f"{key}_{family}",
            placeholder="Choose one or more",
            help=links.escape(variable.description) or None,
        )
    text = st.text_area(
        label,
        key=key,
        height="content",
        placeholder="One number a line" if variable.kind is Kind.NUMBER else "One value a line",
        help=links.escape(variable.description) or None,
    )
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if not variables.is_blank(line)))


def _if_empty(variable: Variable) -> str:
    return "may be empty" if variable.default is None else f"{links.escape(str(variable.default))} if empty"


def _nth(grid: Mapping[str, Sequence[Any]]) -> Callable[[int], Mapping[str, Any]]:
    """The values of one item, in the order in which `parameters.of_grid` makes them, without making them all."""

    def nth(n: int) -> Mapping[str, Any]:
        found = {}
        for name, values in reversed(list(grid.items())):
            n, at = divmod(n, len(values))
            found[name] = values[at]
        return {name: found[name] for name in grid}

    return nth
