"""The uploads to choose from: the newest as a list; all of them to pick one by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core import db
from core.access.ownership import MINE
from core.db.tables.uploads import UploadRow
from core.ui import formatting, links, lists, owners, session
from core.ui.uploads.pages import UPLOADS
from core.uploads import uploads

SHOWN, FOUND = 4, 200


def show(*, chosen_id: int | None, query: dict[str, str]) -> None:
    """Each leads to itself on this page. query: what else the address says, such as the model to use."""
    now, me, whose = session.now(), session.user(), owners.requested()
    with db.session_scope(me) as scope:
        people = owners.names(scope)
        newest = uploads.page(scope, limit=FOUND, owner=whose).items
    owners.choose(people, me=me, keep=query)
    owner = {one.id: "" if one.user_id == me.id else f" · {people.get(one.user_id, '')}" for one in newest}
    picked: int | None = None
    if not newest:
        with lists.box(key="no_uploads"):
            yours = "Files you upload appear here, to score again or train on."
            st.caption(yours if whose == MINE else "Nothing has been uploaded yet.")
    elif chosen_id is None:
        with st.container(border=True, gap=None, key="recent_uploads"):
            st.caption("Recent uploads")
            clicked = [one.id for one in newest[:SHOWN] if _line(one, owner=owner[one.id], now=now)]
        picked = clicked[0] if clicked else None
    if newest and (chosen_id is not None or len(newest) > SHOWN):
        picked = _pick(newest, owner=owner, chosen_id=chosen_id, now=now) or picked
    if picked is not None and picked != chosen_id:
        links.go(UPLOADS, upload=picked, **query, **owners.query())


def _line(upload: UploadRow, *, owner: str, now: datetime) -> bool:
    at = formatting.exact_moment(upload.created_at, zone=session.zone())
    text = f"{formatting.exact(upload.n_rows, 'row')}, {at}{links.escape(owner)}"
    return lists.choice(
        upload.file_name,
        key=f"upload_{upload.id}",
        icon=":material/description:",
        facts=[formatting.ago(upload.created_at, now=now)],
        tip=text,
    )


def _pick(
    newest: Sequence[UploadRow],
    *,
    owner: Mapping[int, str],
    chosen_id: int | None,
    now: datetime,
) -> int | None:
    """All uploads by name, the chosen one first seen."""
    labels = {
        upload.id: f"{upload.file_name} · {formatting.ago(upload.created_at, now=now)}{owner[upload.id]}"
        for upload in newest
    }
    ids = list(labels)
    return st.selectbox(
        "Upload" if chosen_id is not None else "All uploads",
        ids,
        index=ids.index(chosen_id) if chosen_id in ids else None,
        format_func=labels.__getitem__,
        placeholder=f"Search {len(newest)} uploads",
        label_visibility="visible" if chosen_id is not None else "collapsed",
        key=f"pick_{chosen_id}",
    )
