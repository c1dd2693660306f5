"""The first rows of a result, with the columns that we added in front; and how these are spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from core.db.tables import PredictionRow, UploadRow
from core.predictions import predictions
from core.storage import Storage
from core.ui import links, words
from core.uploads import cells, stream, uploads
from core.uploads.dialect import Dialect

SHOWN = 200
MOST_NAMED = 4
_ANSWER = "Added: what the model answers."
_BLOCK_BYTES = 256 << 10


def show(prediction: PredictionRow, upload: UploadRow, *, files: Storage) -> None:
    """Draw them. upload: with its receipt. Raises NotStored, StorageUnavailable."""
    examined = uploads.examination_of(upload)
    dialect = predictions.dialect_of(prediction, upload).verbatim
    assert prediction.output_key is not None
    rows = first_rows(files, prediction.output_key, dialect)
    added = [name for name in (prediction.columns or {}).get("added", []) if name in rows.column_names]
    rows = rows.select([*added, *(name for name in rows.column_names if name not in added)])
    shown = f"The first {rows.num_rows:,} of" if rows.num_rows < upload.n_rows else "All"
    st.caption(
        f"{shown} {words.exact(upload.n_rows, 'row')}, in the file's own order. "
        f"Added: {names(added)}; every other cell is as it came."
    )
    st.dataframe(
        _typed(rows, added, dialect),
        key="result_rows",
        hide_index=True,
        height=520,
        placeholder="",
        column_config=_columns(rows, added, dialect)
        | {
            column.name: st.column_config.TextColumn(alignment="right")
            for column in examined.columns
            if column.kind == "number" and column.name not in added
        },
    )


def names(added: Sequence[str]) -> str:
    """The added columns by their names; of many the first, and how many there are of the rest."""
    if len(added) <= MOST_NAMED:
        return ", ".join(f"**{links.escape(name)}**" for name in added)
    return f"**{links.escape(added[0])}** and {len(added) - 1:,} probability columns, one a class"


def first_rows(files: Storage, key: str, dialect: Dialect) -> pa.Table:
    """At most SHOWN rows as text, reading no more of the file than they need. Raises NotStored."""
    with files.open(key) as source:
        file = stream.open_csv(source, dialect, block_bytes=_BLOCK_BYTES)
        parts = [stream.parse_block(b"", file.header, dialect)]
        n_rows = 0
        for block in file.blocks:
            parts.append(stream.parse_block(block, file.header, dialect))
            n_rows += parts[-1].num_rows
            if n_rows >= SHOWN:
                break
    return pa.concat_tables(parts).slice(0, SHOWN)


def _typed(rows: pa.Table, added: list[str], dialect: Dialect) -> pa.Table:
    """The added numbers as numbers, the added labels as lists of one, all else as text."""
    for place, name in enumerate(added):
        column = rows.column(name).combine_chunks()
        numbers, bad = cells.numbers(column, dialect.decimal)
        if _is_label(place, added):
            rows = rows.set_column(place, name, pa.array([[label] for label in column.to_pylist()]))
        elif not bad.any() and (len(added) > 1 or dialect.decimal == "."):  # a comma would be lost
            rows = rows.set_column(place, name, pa.array(numbers))
    return rows


def _columns(rows: pa.Table, added: list[str], dialect: Dialect) -> dict[str, Any]:
    configs: dict[str, Any] = {}
    for place, name in enumerate(added):
        if _is_label(place, added):
            known = sorted(set(rows.column(name).to_pylist()))
            configs[name] = st.column_config.MultiselectColumn(options=known, color="primary", help=_ANSWER)
        elif place == 0:
            configs[name] = (
                # every digit that the file holds
                st.column_config.NumberColumn(format="%g", help=_ANSWER)
                if dialect.decimal == "."
                else st.column_config.TextColumn(alignment="right", help=_ANSWER)
            )
        else:
            configs[name] = st.column_config.ProgressColumn(
                min_value=0, max_value=1, format="%.3f", width=150, help="Added: from 0 to 1."
            )
    return configs


def _is_label(place: int, added: list[str]) -> bool:
    """The first of several added columns is a class; a regression adds one, which is a number."""
    return place == 0 and len(added) > 1
