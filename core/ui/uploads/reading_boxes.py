"""The question which of two ways a column is read, with its first cells read in both."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions.check.schema_check import SchemaCheck
from core.predictions.matching.column_reading import ReadingOption, ReadingQuestion
from core.ui import links

MOST_BOXES: Final = 10


def show(upload: UploadRow, model: ModelRow, found: SchemaCheck) -> dict[str, str]:
    """A line for each column that can be read in two ways; what was chosen: the model's column → an option's key.

    A line begins with what was chosen the last time; nothing is chosen for a column of which nobody has said.
    """
    chosen: dict[str, str] = {}
    for index, question in enumerate(found.questions[:MOST_BOXES]):
        keys = [option.key for option in question.options]
        before = found.remembered_reading.get(question.name)
        with st.container(border=True, gap="xsmall", key=f"reading_{index}"):
            st.markdown(f":small[:orange[:material/help:] {_sentence(question)}]")
            said = st.radio(
                f"How to read {links.escape(question.name)}",
                range(len(question.options)),
                index=keys.index(before) if before in keys else None,
                format_func=lambda place, question=question: _label(question.options[place]),
                label_visibility="collapsed",
                horizontal=True,
                key=f"reading_{upload.id}_{model.id}_{question.name}",
            )
            if said is not None and keys[said] == before:
                st.caption(":material/history: Filled in from your last prediction with this model.")
        if said is not None:
            chosen[question.name] = keys[said]
    return chosen


def _sentence(question: ReadingQuestion) -> str:
    cells = ", ".join(links.escape(cell) for cell in question.cells)
    return (
        f"**{links.escape(question.column)}** holds {cells}. {links.escape(question.why)} What do they mean?"
    )


def _label(option: ReadingOption) -> str:
    return ", ".join(links.escape(value) for value in option.values)
