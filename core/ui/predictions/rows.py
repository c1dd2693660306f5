"""The first rows of a result, with the columns that we added in front; and how these are spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.predictions.errors import ResultDamaged
from core.storage import Storage
from core.ui import formatting, links
from core.uploads import uploads
from core.uploads.csv import cells, stream
from core.uploads.csv.dialect import Dialect

SHOWN = 200
SEARCHED_BYTES = 32 << 20
MOST_NAMED = 4
_ANSWER = "Added: the prediction."
_CAUTION = "Added: why this row's prediction is less certain; empty where nothing is odd."
_REASON = "Added: what moved this row's prediction most, compared with a typical value."
_BLOCK_BYTES = 256 << 10


@dataclass(frozen=True)
class ResultColumns:
    """The names of a result's added columns: what the model answers, its caution, and its reasons.

    caution: None in a result of before there was one.
    """

    answers: tuple[str, ...]
    caution: str | None
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, prediction: PredictionRow) -> ResultColumns:
        columns = prediction.columns or {}
        caution, reasons = columns.get("caution"), tuple(columns.get("reasons", ()))
        about = (caution, *reasons)
        return cls(tuple(name for name in columns.get("added", ()) if name not in about), caution, reasons)

    @property
    def all(self) -> tuple[str, ...]:
        """In the order of the file."""
        return (*self.answers, *((self.caution,) if self.caution else ()), *self.reasons)


def show(prediction: PredictionRow, upload: UploadRow, *, files: Storage, n_cautioned: int) -> None:
    """Draw them. upload: with its receipt. n_cautioned: rows with a caution.

    Raises NotStored, StorageUnavailable, ResultDamaged.
    """
    examined = uploads.examination_of(upload)
    dialect = predictions.dialect_of(prediction, upload).verbatim
    added = ResultColumns.of(prediction)
    only = False
    if added.caution and n_cautioned:
        only = st.toggle(
            f"Show only the {formatting.exact(n_cautioned, 'row')} with a caution", key="only_cautions"
        )
    rows, n_read = first_rows(prediction, dialect, files=files, only_cautions=only)
    rows = rows.select([*added.all, *(name for name in rows.column_names if name not in added.all)])
    if only:
        st.caption(_shown_with_caution(rows.num_rows, n_cautioned=n_cautioned, n_read=n_read))
    else:
        shown = f"First {rows.num_rows:,} of" if rows.num_rows < upload.n_rows else "All"
        st.caption(
            f"{shown} {formatting.exact(upload.n_rows, 'row')}, in file order. "
            f"Added: {names(added)}. All other cells are unchanged."
        )
    st.dataframe(
        _typed(rows, added.answers, dialect),
        key="result_rows",
        hide_index=True,
        height=520,
        placeholder="",
        column_config=_columns(rows, added, dialect)
        | {
            column.name: st.column_config.TextColumn(alignment="right")
            for column in examined.columns
            if column.kind == "number" and column.name not in added.all
        },
    )


def _shown_with_caution(n_shown: int, *, n_cautioned: int, n_read: int) -> str:
    if n_shown == n_cautioned:
        return f"All {formatting.exact(n_shown, 'row')} with a caution, in file order."
    if n_shown == SHOWN:
        return f"First {n_shown:,} of {formatting.exact(n_cautioned, 'row')} with a caution."
    return (
        f"{formatting.exact(n_shown, 'row')} with a caution among the first {n_read:,}. "
        "To see all, filter the column *caution* in the download."
    )


def names(added: ResultColumns) -> str:
    """The added columns by their names; of many answers the first, and how many there are of the rest."""
    answers = added.answers
    if len(answers) > MOST_NAMED:
        answered = (
            f"**{links.escape(answers[0])}** and {len(answers) - 1:,} probability columns, one per class"
        )
        answers = ()
    else:
        answered = ""
    about = ((added.caution,) if added.caution else ()) + added.reasons
    return ", ".join(filter(None, [answered, *(f"**{links.escape(name)}**" for name in (*answers, *about))]))


def first_rows(
    prediction: PredictionRow, dialect: Dialect, *, files: Storage, only_cautions: bool
) -> tuple[pa.Table, int]:
    """At most SHOWN rows as text, and how many were read for them, reading no more of the file than they need.

    only_cautions: rows without one are left out, and no more than SEARCHED_BYTES are read.
    Raises NotStored, and ResultDamaged where an added column is gone.
    """
    assert prediction.output_key is not None
    added = ResultColumns.of(prediction)
    with files.open(prediction.output_key) as source:
        file = stream.open_csv(source, dialect, block_bytes=_BLOCK_BYTES)
        if not set(added.all) <= set(file.header):
            raise ResultDamaged(file_name=prediction.upload.file_name)
        parts = [stream.parse_block(b"", file.header, dialect)]
        n_read = n_found = n_bytes = 0
        for block in file.blocks:
            rows = stream.parse_block(block, file.header, dialect)
            n_read, n_bytes = n_read + rows.num_rows, n_bytes + len(block)
            if only_cautions:
                rows = rows.filter(pc.not_equal(rows.column(added.caution), ""))
            parts.append(rows)
            n_found += rows.num_rows
            if n_found >= SHOWN or (only_cautions and n_bytes >= SEARCHED_BYTES):
                break
    return pa.concat_tables(parts).slice(0, SHOWN), n_read


def _typed(rows: pa.Table, answers: Sequence[str], dialect: Dialect) -> pa.Table:
    """The answered numbers as numbers, the answered labels as lists of one, all else as text."""
    for index, name in enumerate(answers):
        column = rows.column(name).combine_chunks()
        numbers, bad = cells.numbers(column, dialect.decimal)
        if _is_label(index, answers):
            rows = rows.set_column(index, name, pa.array([[label] for label in column.to_pylist()]))
        elif not bad.any() and (len(answers) > 1 or dialect.decimal == "."):  # a comma would be lost
            rows = rows.set_column(index, name, pa.array(numbers))
    return rows


def _columns(rows: pa.Table, added: ResultColumns, dialect: Dialect) -> dict[str, Any]:
    configs: dict[str, Any] = {name: st.column_config.TextColumn(help=_REASON) for name in added.reasons}
    if added.caution:
        configs[added.caution] = st.column_config.TextColumn(width=220, help=_CAUTION)
    for index, name in enumerate(added.answers):
        if _is_label(index, added.answers):
            known = sorted(set(rows.column(name).to_pylist()))
            configs[name] = st.column_config.MultiselectColumn(options=known, color="primary", help=_ANSWER)
        elif index == 0:
            configs[name] = (
                # every digit that the file holds
                st.column_config.NumberColumn(format="%g", help=_ANSWER)
                if dialect.decimal == "."
                else st.column_config.TextColumn(alignment="right", help=_ANSWER)
            )
        else:
            configs[name] = st.column_config.ProgressColumn(
                min_value=0, max_value=1, format="%.3f", width=150, help="Added: probability from 0 to 1."
            )
    return configs


def _is_label(index: int, answers: Sequence[str]) -> bool:
    """The first of several answers is a class; a regression has one, which is a number."""
    return index == 0 and len(answers) > 1
