"""Values such as -200 that may stand for "no value": asked about before anything is trained on or scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.ui import formatting, links
from core.ui.uploads import import_receipt
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

N_NAMED: Final = 3


def suspected(found: Examination) -> dict[str, list[str]]:
    """By value, the columns in which it may mean "missing" and is read as a number so far."""
    columns: dict[str, list[str]] = {}
    for guess in found.guesses:
        if guess.about == "missing" and guess.confidence == "guess" and not guess.value and guess.column:
            for value in guess.alternatives:
                columns.setdefault(value, []).append(guess.column)
    return columns


def show(upload_id: int, found: Examination) -> None:
    """A line for each such value, with the button that reads it as missing."""
    for value, columns in suspected(found).items():
        with st.container(border=True, gap="xsmall", key=f"missing_code_{value}"):
            st.markdown(f":small[:orange[:material/help:] {sentence(value, columns)}]")
            if st.button(
                f"Read {links.escape(value)} as missing",
                key=f"read_missing_{value}",
                icon=":material/refresh:",
            ):
                import_receipt.read(upload_id, _as_missing(found, value, columns), anew=False)


def sentence(value: str, columns: Sequence[str]) -> str:
    """In how many columns it is, or in which, and what it may mean; in markdown."""
    if len(columns) > N_NAMED:
        where = formatting.exact(len(columns), "column")
    else:
        names = [f"**{links.escape(name)}**" for name in columns]
        where = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"**{links.escape(value)}** appears in {where} and may mean “missing”. It is read as a number now."


def _as_missing(found: Examination, value: str, columns: Sequence[str]) -> ReadingOverrides:
    """What reads it as missing in these columns, beside what is read so there already."""
    names = [column.name for column in found.columns]
    known: Mapping[str, tuple[str, ...]] = {names[rule.column]: rule.missing for rule in found.dialect.rules}
    return ReadingOverrides(
        columns={name: ColumnOverrides(missing=(*known.get(name, ()), value)) for name in columns}
    )
