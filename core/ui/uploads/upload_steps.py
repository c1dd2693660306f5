"""What becomes of a file, told before there is one."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.ui import page_frame

STEPS: Final = (
    (
        ":material/fact_check: Checked",
        "Encoding, separator, header and every row are looked at. A file that can't be read with certainty "
        "is refused with the line, the column and the cure.",
    ),
    (
        ":material/join_inner: Matched",
        "Models whose columns it has are offered; what is missing can be read from a column of another name. "
        "Values unlike those of training are told. Where none fits, train one.",
    ),
    (
        ":material/table_rows: Scored",
        "Now or in the queue. Your rows come back in their order with a prediction and its probability, "
        "and with metrics where the outcome is known.",
    ),
)


def show() -> None:
    """Three steps, side by side where there is room."""
    page_frame.section("What happens to a file")
    with st.grid(3, min_column_width=240, gap="small", key="what_happens"):
        for title, text in STEPS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{title}**")
                st.caption(text)
