"""An upload as it was read: what was found out about the file, its first rows, its columns."""

from __future__ import annotations

import re
from typing import Final, Literal

import pandas as pd
import streamlit as st

from core.ui import formatting, links
from core.ui.uploads import import_receipt, other_tables
from core.uploads.csv.dialect import Dialect, delimiter_name
from core.uploads.detect.encodings import charsets
from core.uploads.report.examination import Examination
from core.uploads.report.profile import ColumnProfile

KINDS: Final[dict[str, str]] = {
    "number": "Number",
    "category": "Category",
    "text": "Text",
    "date": "Date",
    "boolean": "Yes / no",
    "empty": "Empty",
}
_YEAR_FIRST: Final = re.compile("[0-9]{4}([-/.]?)[0-9]{2}\\1[0-9]{2}")
ROW_PX, MOST_ROWS = 33, 14


def show(upload_id: int, found: Examination, *, is_mine: bool) -> None:
    """How it was read in a line, then rows, columns and each guess in tabs. is_mine: if not, no guess is overruled."""
    with st.container(gap="xxsmall", key="receipt"):
        st.caption(f":material/receipt_long: {_how(found.dialect)}")
        for note in found.notes:
            st.markdown(f":small[:blue[:material/info:] {links.escape(note)}]")
        if is_mine:
            other_tables.show(upload_id, found)
    n_rows = len(found.preview)
    rows, columns, guesses = st.tabs(
        [
            f"First {n_rows} rows" if n_rows > 1 else "The only row",
            formatting.exact(len(found.columns), "column"),
            import_receipt.label(found),
        ]
    )
    with rows:
        _preview(found)
    with columns:
        _profile(found)
    with guesses:
        import_receipt.show(upload_id, found, is_mine=is_mine)


def _how(dialect: Dialect) -> str:
    mark = " with a byte order mark" if dialect.has_bom else ""
    decimal = "comma" if dialect.decimal == "," else "point"
    cells = f"{delimiter_name(dialect.delimiter)}-separated"
    layout = dialect.rewriting
    if layout is not None and layout.lays_out and not (layout.is_wrapped or layout.is_barred):
        cells = f"separated by {layout.mark}" if layout.mark else "aligned by spaces"
    return f"{charsets.label(dialect.encoding)}{mark} · {links.escape(cells)} · decimal {decimal}"


def _preview(found: Examination) -> None:
    names = [column.name for column in found.columns]
    frame = pd.DataFrame(list(found.preview), columns=names, dtype=str)
    st.dataframe(
        frame,
        hide_index=True,
        height=height(len(frame)),
        column_config={
            column.name: st.column_config.TextColumn(
                alignment="right" if column.kind == "number" else "left", help=KINDS[column.kind]
            )
            for column in found.columns
        },
        key="first_rows",
    )


def _profile(found: Examination) -> None:
    number = st.column_config.NumberColumn
    frame = pd.DataFrame([_line(column, found.n_rows) for column in found.columns])
    st.dataframe(
        frame,
        hide_index=True,
        height=height(len(frame)),
        column_config={
            "Missing": number(format="%.0f %%", help="Share of rows without a value."),
            "Distinct": number(format="localized", help="Distinct values, not counting missing ones."),
            "Lowest": st.column_config.TextColumn(alignment="right"),
            "Highest": st.column_config.TextColumn(alignment="right"),
        },
        key="columns",
    )


def _line(column: ColumnProfile, n_rows: int) -> dict[str, object]:
    lowest, highest = _range(column)
    return {
        "Column": column.name,
        "Type": KINDS[column.kind],
        "Missing": 100 * column.n_missing / n_rows if n_rows else 0.0,
        "Distinct": column.n_distinct,
        "Lowest": lowest,
        "Highest": highest,
        "Examples": ", ".join(column.examples),
    }


def _range(column: ColumnProfile) -> tuple[str, str]:
    """The lowest and the highest value; of dates only where their spelling sorts as they do, from the year on."""
    ends = (column.minimum or "", column.maximum or "")
    is_sorted = column.kind == "number" or (
        column.kind == "date" and all(_YEAR_FIRST.match(date) for date in (*ends, *column.examples))
    )
    return ends if is_sorted else ("", "")


def height(n_rows: int) -> int | Literal["content"]:
    """A table's height: all of it while it is short, then a part of it that scrolls."""
    return "content" if n_rows <= MOST_ROWS else ROW_PX * (MOST_ROWS + 1) + 2
