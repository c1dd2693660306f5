"""The boxes in which a reader says which column of a file holds what a model reads under another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions.check.schema_check import SchemaCheck
from core.predictions.matching import name_similarity
from core.ui import formatting, links, session

MOST_BOXES, MOST_OPTIONS = 20, 500
LABEL_PX = 130
NOTHING: Final = ""  # no column is called so
OUTCOME: Final = "Not in this file"


def show(upload: UploadRow, model: ModelRow, found: SchemaCheck) -> dict[str, str]:
    """A box for each column that is missing or can't be read, and one for the outcome; what they say together.

    found: the check of the file as its columns are named. Boxes begin with what was used the last time, or guessed.
    """
    begun = found.remembered.mapping if found.remembered else found.guesses
    wanted = _wanted(found, begun)
    if (wanted and found.outcome is None) or found.outcome_nearest or found.target in begun:
        shown = [*wanted[:MOST_BOXES], found.target]
    else:
        shown = wanted[:MOST_BOXES]
    if not shown or not (found.extra or begun):
        return {}
    names = name_similarity.NameIndex(found.extra)
    indexes = {one.name: index for index, one in enumerate(found.columns)}
    nothing = {one.name: _none_chosen(one.nearest) for one in found.missing} | {found.target: OUTCOME}
    with st.container(border=True, gap="xsmall", key="mapping"):
        st.caption(_where_from(found))
        chosen = {
            name: _box(
                name,
                names.ranked(name, most=MOST_OPTIONS),
                key=f"map_{upload.id}_{model.id}_{indexes.get(name, 'outcome')}",
                begun=begun.get(name, NOTHING),
                is_guess=found.remembered is None,
                nothing=nothing.get(name, "Same name"),
            )
            for name in shown
        }
        if len(wanted) > MOST_BOXES:
            st.caption(f"and {formatting.exact(len(wanted) - MOST_BOXES, 'more column', 'more columns')}.")
    return {name: column for name, column in chosen.items() if column != NOTHING}


def _wanted(found: SchemaCheck, begun: Mapping[str, str]) -> list[str]:
    """The features to ask for: those that were mapped before, then missing ones with a near name, then the rest."""
    missing = sorted(found.missing, key=lambda one: (not one.is_guess, one.nearest is None))
    unreadable = [one.name for one in found.warnings if one.refuses]
    mapped = [name for name in begun if name != found.target]
    return list(dict.fromkeys([*mapped, *(one.name for one in missing), *unreadable]))


def _where_from(found: SchemaCheck) -> str:
    ask = "Choose the column of your file for each column of the model."
    if found.remembered:
        at = formatting.ago(found.remembered.at, now=session.now())
        return f":material/history: {ask} Filled in from your prediction {at}."
    if found.guesses:
        return f":material/lightbulb: {ask} Guesses are based on the names, so check each one."
    return f"{ask} The closest names come first."


def _none_chosen(nearest: str | None) -> str:
    return f"Like {nearest}?" if nearest else "Choose a column"


def _box(name: str, columns: Sequence[str], *, key: str, begun: str, is_guess: bool, nothing: str) -> str:
    """The column that is chosen, or NOTHING. nothing: what that is called."""
    options = list(dict.fromkeys([NOTHING, *([begun] if begun else []), *columns]))
    text = f"Outcome **{links.escape(name)}**" if nothing == OUTCOME else f"**{links.escape(name)}**"
    if begun and is_guess and st.session_state.get(key, begun) == begun:
        text += " :orange-badge[Guess]"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":small[{text}]", width=LABEL_PX)
        return st.selectbox(
            links.escape(name),
            options,
            index=options.index(begun),
            format_func=lambda column: column or nothing,
            label_visibility="collapsed",
            key=key,
        )
