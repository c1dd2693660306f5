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
from core.models import models
from core.predictions import predictions
from core.predictions.errors import ResultDamaged
from core.predictions.matching import mapping
from core.predictions.results import stored
from core.storage import Storage
from core.ui import formatting, links
from core.uploads import uploads
from core.uploads.csv import cells, stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examination import Examination

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


def show(
    prediction: PredictionRow,
    upload: UploadRow,
    *,
    files: Storage,
    n_cautioned: int | None,
    has_outcome: bool,
) -> None:
    """Draw them. upload: with its receipt. n_cautioned: rows with a caution; None where these were not counted.
    has_outcome: whether the file says what happened.

    Raises ResultGone, StorageUnavailable, ResultDamaged.
    """
    examined = uploads.examination_of(upload)
    dialect = predictions.dialect_of(prediction, upload).verbatim
    added = ResultColumns.of(prediction)
    only = False
    if added.caution and n_cautioned:
        only = st.toggle(
            f"Show only the {formatting.exact(n_cautioned, 'row')} with a caution",
            key=f"only_cautions_{prediction.id}",
        )
    rows, n_read = first_rows(prediction, dialect, files=files, only_cautions=only)
    number: str = rows.column_names[-1]
    found = identifier(prediction, examined)
    pinned = found if found is not None and found in rows.column_names else number
    first = _first_columns(prediction, added, pinned=pinned, has_outcome=has_outcome)
    left_out = {number} - {pinned} | ({added.caution} if n_cautioned == 0 else set())
    names_left = [name for name in rows.column_names if name not in left_out]
    rows = rows.select([*(n for n in first if n in names_left), *(n for n in names_left if n not in first)])
    if only and n_cautioned:
        st.caption(_shown_with_caution(rows.num_rows, n_cautioned=n_cautioned, n_read=n_read))
    else:
        shown = f"First {rows.num_rows:,} of" if rows.num_rows < prediction.n_rows else "All"
        st.caption(
            f"{shown} {formatting.exact(prediction.n_rows, 'row')}, in file order. "
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
            column.name: st.column_config.TextColumn(
                alignment="right" if column.kind == "number" else "left", pinned=column.name == pinned
            )
            for column in examined.columns
            if (column.kind == "number" or column.name == pinned) and column.name not in added.all
        }
        | {number: st.column_config.NumberColumn(pinned=True, help="The row's place in the file.")},
    )


def identifier(prediction: PredictionRow, examined: Examination) -> str | None:
    """The first column that tells every row from every other and that the model does not read; None without one."""
    schema, mapped = models.schema_of(prediction.model), mapping.of(prediction)
    read = {mapped.get(name, name) for name in (*(one.name for one in schema.features), schema.target)}
    for column in examined.columns:
        tells_all = column.distinct_capped or column.n_distinct == examined.n_rows
        if tells_all and not column.n_missing and column.name not in read:
            return column.name
    return None


def _first_columns(
    prediction: PredictionRow, added: ResultColumns, *, pinned: str, has_outcome: bool
) -> list[str]:
    """What stands before the file's other columns: which row it is, the answer, what happened, then the rest of
    what was added.
    """
    target = mapping.of(prediction).get(prediction.model.target, prediction.model.target)
    answer, *others = added.all
    return [pinned, answer, *([target] if has_outcome else []), *others]


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
    """At most SHOWN rows as text, with their places in the file as a last column, and how many were read for them,
    reading no more of the file than they need.

    only_cautions: rows without one are left out, and no more than SEARCHED_BYTES are read.
    Raises ResultGone, and ResultDamaged where its size is another or an added column is gone.
    """
    assert prediction.output_key is not None
    stored.require_stored(files, prediction)
    added = ResultColumns.of(prediction)
    with files.open(prediction.output_key) as source:
        file = stream.open_csv(source, dialect, block_bytes=_BLOCK_BYTES)
        if not set(added.all) <= set(file.header):
            raise ResultDamaged(file_name=prediction.upload.file_name)
        number = _free_name(file.header)
        parts = [_numbered(stream.parse_block(b"", file.header, dialect), number, begin=0)]
        n_read = n_found = n_bytes = 0
        for block in file.blocks:
            rows = _numbered(stream.parse_block(block, file.header, dialect), number, begin=n_read)
            n_read, n_bytes = n_read + rows.num_rows, n_bytes + len(block)
            if only_cautions:
                rows = rows.filter(pc.not_equal(rows.column(added.caution), ""))
            parts.append(rows)
            n_found += rows.num_rows
            if n_found >= SHOWN or (only_cautions and n_bytes >= SEARCHED_BYTES):
                break
    return pa.concat_tables(parts).slice(0, SHOWN), n_read


def _numbered(rows: pa.Table, name: str, *, begin: int) -> pa.Table:
    return rows.append_column(name, pa.array(range(begin + 1, begin + rows.num_rows + 1), pa.int64()))


def _free_name(taken: Sequence[str]) -> str:
    """What the column of places is called: no column of the file is."""
    name = "Row"
    while name in taken:
        name += " "
    return name


def _typed(rows: pa.Table, answers: Sequence[str], dialect: Dialect) -> pa.Table:
    """The answered numbers as numbers, the answered labels as lists of one, all else as text."""
    for index, name in enumerate(answers):
        at, column = rows.column_names.index(name), rows.column(name).combine_chunks()
        numbers, bad = cells.numbers(column, dialect.decimal)
        if _is_label(index, answers):
            rows = rows.set_column(at, name, pa.array([[label] for label in column.to_pylist()]))
        elif not bad.any() and (len(answers) > 1 or dialect.decimal == "."):  # a comma would be lost
            rows = rows.set_column(at, name, pa.array(numbers))
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
