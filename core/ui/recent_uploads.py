"""The uploads to choose from: the newest as a list; all of them to pick one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core import db
from core.db.tables import UploadRow
from core.ui import links, lists, session, words
from core.uploads import uploads

SHOWN, FOUND = 4, 200


def show(*, chosen_id: int | None, kept: dict[str, str]) -> None:
    """Each leads to itself on this page. kept: what else the address says, such as the model to use."""
    now = session.now()
    with db.session_scope(session.user()) as scope:
        newest = uploads.page(scope, limit=FOUND).items
    picked: int | None = None
    if not newest:
        with lists.box(key="no_uploads"):
            st.caption("Files that you upload are kept here, to be scored again or trained on.")
    elif chosen_id is None:
        with st.container(border=True, gap=None, key="recent_uploads"):
            st.caption("Recent uploads")
            clicked = [upload.id for upload in newest[:SHOWN] if _line(upload, now=now)]
        picked = clicked[0] if clicked else None
    if newest and (chosen_id is not None or len(newest) > SHOWN):
        picked = _pick(newest, chosen_id=chosen_id, now=now) or picked
    if picked is not None and picked != chosen_id:
        links.go(links.UPLOADS, upload=picked, **kept)


def _line(upload: UploadRow, *, now: datetime) -> bool:
    said = (
        f"{words.exact(upload.n_rows, 'row')}, {words.exact_moment(upload.created_at, zone=session.zone())}"
    )
    return lists.choice(
        upload.file_name,
        key=f"upload_{upload.id}",
        icon=":material/description:",
        facts=[words.ago(upload.created_at, now=now)],
        tip=said,
    )


def _pick(newest: Sequence[UploadRow], *, chosen_id: int | None, now: datetime) -> int | None:
    """All uploads by name, the chosen one first seen."""
    said = {upload.id: f"{upload.file_name} · {words.ago(upload.created_at, now=now)}" for upload in newest}
    ids = list(said)
    return st.selectbox(
        "Chosen upload" if chosen_id is not None else "All uploads",
        ids,
        index=ids.index(chosen_id) if chosen_id in ids else None,
        format_func=said.__getitem__,
        placeholder=f"Find one of {len(newest)} uploads",
        label_visibility="visible" if chosen_id is not None else "collapsed",
        key=f"pick_{chosen_id}",
    )
