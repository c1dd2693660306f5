"""Dates of which no cell tells whether day or month stands first: asked about before a training or a scoring."""

from __future__ import annotations

import streamlit as st

from core.ui import links
from core.ui.uploads import import_receipt
from core.uploads.dates import texts
from core.uploads.detect.guesses import Guess
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides


def show(upload_id: int, found: Examination) -> None:
    """A line for each such column, with a button for each order in which it can be read."""
    for guess in found.guesses:
        if guess.about != "dates" or guess.confidence != "guess" or guess.column is None:
            continue
        with st.container(border=True, gap="xsmall", key=f"date_order_{guess.column}"):
            st.markdown(f":small[:orange[:material/help:] {sentence(guess)}]")
            with st.container(horizontal=True):
                for order in (guess.value, *guess.alternatives):
                    if st.button(
                        f"Read as {texts.FORMS[order]}",
                        key=f"date_order_{guess.column}_{order}",
                        icon=":material/refresh:",
                    ):
                        chosen = ReadingOverrides(columns={guess.column: ColumnOverrides(date=order)})
                        import_receipt.read(upload_id, found, chosen, anew=False)


def sentence(guess: Guess) -> str:
    """How the column is read and what else it may mean; in markdown."""
    return f"**{links.escape(guess.column or '')}** holds dates. {links.escape(guess.why)}"
