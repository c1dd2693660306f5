"""What only a person can say of a file's columns, asked before a training or a scoring: a line with its readings."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.ui import formatting, links
from core.ui.uploads import import_receipt
from core.uploads.report import questions
from core.uploads.report.examination import Examination
from core.uploads.report.questions import ColumnQuestion

N_NAMED: Final = 3
MOST_BOXES: Final = 5


def show(upload_id: int, found: Examination) -> None:
    """A line for each question, with a button for each reading."""
    asked = questions.of(found)
    for question in asked[:MOST_BOXES]:
        with st.container(border=True, gap="xsmall", key=f"asked_{question.key}"):
            st.markdown(f":small[:orange[:material/help:] {sentence(question)}]")
            with st.container(horizontal=True, gap="small", key=f"answers_{question.key}"):
                for place, answer in enumerate(question.answers):
                    icon, now = (
                        (":material/check:", "It is read so now.") if answer.is_taken else (None, None)
                    )
                    key = f"answer_{place}_{question.key}"
                    if st.button(links.escape(answer.label), key=key, icon=icon, help=now):
                        import_receipt.read(upload_id, found, answer.overrides, anew=False)
    if len(asked) > MOST_BOXES:
        more = formatting.exact(len(asked) - MOST_BOXES, "more column is", "more columns are")
        st.caption(f"{more} read by a guess. Answer these first, or see “How it was read”.")


def sentence(question: ColumnQuestion) -> str:
    """What is asked of which columns; in markdown."""
    names = [f"**{links.escape(name)}**" for name in question.columns]
    if len(names) > N_NAMED:
        where = formatting.exact(len(names), "column")
    else:
        where = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    if not question.value:
        return f"{where}: {links.escape(question.why)}"
    value = f"**{links.escape(question.value)}**"
    if question.is_missing:
        return f"{value} in {where} is read as missing, because no other number is close to it."
    read = "a number" if question.is_number else "a value of its own"
    return f"{value} appears in {where} and may mean “missing”. It is read as {read} now."
