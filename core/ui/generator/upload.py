"""The rows of an upload as values: which of its columns are taken, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core import db
from core.db.tables.uploads import UploadRow
from core.generation.templates import values
from core.generation.templates.variables import Variable
from core.ui import formatting, links, session
from core.ui.uploads.pages import UPLOADS
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

MOST_LISTED: Final = 200
MOST_SHOWN: Final = 50  # rows that can be looked at in a preview


@dataclass(frozen=True)
class Sample:
    """An upload, and its first rows as text."""

    upload_id: int
    file_name: str
    n_rows: int
    first_rows: Sequence[Mapping[str, str]]


def ask(known: Sequence[Variable] | None) -> Sample | None:
    """The box with the user's uploads, and how its columns fit; None where none is chosen, or it lacks what a template
    needs. known: the template's variables; None where the app chooses it.

    Raises NotFound, and what reading an upload raises.
    """
    with db.session_scope(session.user()) as scope:
        newest = uploads.page(scope, limit=MOST_LISTED).items
    if not newest:
        st.caption("You have not uploaded a file yet.")
        links.link("Upload a CSV", UPLOADS, icon=":material/upload_file:")
        return None
    now = session.now()
    labels = {
        row.id: f"{row.file_name} · {formatting.count(row.n_rows, 'row')} · {formatting.ago(row.created_at, now=now)}"
        for row in newest
    }
    upload_id = st.selectbox(
        "Upload",
        list(labels),
        index=None,
        key="generator_upload",
        format_func=lambda one: labels.get(one, ""),
        placeholder=f"Search {formatting.exact(len(newest), 'upload')}",
        label_visibility="collapsed",
    )
    if upload_id is None:
        return None
    with db.session_scope(session.user()) as scope:
        upload = uploads.own(scope, upload_id=upload_id)
        dialect = uploads.examination_of(upload).dialect
        scope.expunge(upload)
    sample = _read(upload_id, upload.sha256, repr(dialect), upload, dialect)
    columns = list(sample.first_rows[0]) if sample.first_rows else []
    if known is None:
        st.caption(f"Columns: {links.escape(', '.join(columns))}")
        return sample
    return sample if _fits(known, columns) else None


def _fits(known: Sequence[Variable], columns: Sequence[str]) -> bool:
    """Say which columns are taken; whether none is missing."""
    missing = [variable.name for variable in known if variable.required and variable.name not in columns]
    taken = [variable.name for variable in known if variable.name in columns]
    left = [name for name in columns if name not in taken]
    if missing:
        noun = "column" if len(missing) == 1 else "columns"
        st.error(
            f"**The file has no {noun} {links.escape(values.listed(missing))}.**\n\n"
            f"Its columns are {links.escape(values.listed(columns))}. Rename them in the file, or choose another.",
            icon=":material/error:",
        )
        return False
    told = f"Columns used: {values.listed(taken)}."
    if left:
        told += f" Not used: {values.listed(left)}."
    st.caption(links.escape(told))
    return True


@st.cache_data(max_entries=32, show_spinner=False)
def _read(upload_id: int, sha256: str, reading: str, _upload: UploadRow, _dialect: Dialect) -> Sample:
    """Of an upload that its reader owns. reading: how it is read, which may be overruled."""
    del upload_id, sha256, reading
    with stored.open_bytes(session.files(), _upload) as source:
        table = stream.read_table(source, _dialect, max_rows=MOST_SHOWN)
    return Sample(_upload.id, _upload.file_name, _upload.n_rows, table.to_pylist())
