"""Which columns of its file a prediction read in place of the model's own, on its receipt."""

from __future__ import annotations

import streamlit as st

from core.db.tables.predictions import PredictionRow
from core.predictions.matching import mapping
from core.ui import formatting, links

SHOWN = 12


def show(prediction: PredictionRow) -> None:
    """Nothing where every column was read under its own name."""
    read_from = sorted(mapping.of(prediction).items())
    if not read_from:
        return
    with st.container(border=True, gap="small", key="read_from"):
        st.markdown("**Mapped columns**")
        st.caption("The model reads the columns on the left from those of the file on the right.")
        _lines(read_from[:SHOWN])
        if more := read_from[SHOWN:]:
            with st.expander(f"{formatting.exact(len(more), 'more column', 'more columns')}"):
                _lines(more)


def _lines(read_from: list[tuple[str, str]]) -> None:
    lines = [f"- :small[:gray[{links.escape(name)}] ← {links.escape(column)}]" for name, column in read_from]
    st.markdown("\n".join(lines))
