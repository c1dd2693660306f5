"""The upload that was chosen: what it is, what to do with it, what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.schema import missing_columns
from core.predictions import listing
from core.predictions.matching import mapping
from core.predictions.matching.header import as_read, check_header
from core.predictions.states import PENDING
from core.ui import formatting, links, notices, owners, page_frame, session
from core.ui.badges import Badge
from core.ui.predictions.pages import PREDICTIONS
from core.ui.uploads import date_orders, missing_codes, receipt, score_panel, train_panel
from core.ui.uploads.pages import UPLOADS
from core.uploads import stored, uploads

SCORE, TRAIN = "Score", "Train a model"
GUESSED = 20  # models whose missing columns are looked for among the file's
RENAMED = 0.01  # how much a column under another name counts as missing
SAMPLE = Badge("Sample", ":material/science:", "violet")
NEAR = 0.5  # share of a model's columns that may be missing where mapping them is still worth a look


def show(upload_id: int, *, to_train: bool, version_of_id: UUID | None, model_id: UUID | None) -> None:
    """to_train: open on training. version_of_id: whose next version. model_id: what to score with. Raises NotFound."""
    me = session.user()
    with db.session_scope(me) as scope:
        upload = uploads.get(scope, upload_id=upload_id)
        version_of = models.get(scope, model_id=version_of_id) if version_of_id else None
        ready = models.ready(scope)
        has_worker = bool(queue.workers.alive(scope))
        found = uploads.examination_of(upload)
        lacks = _lacks(scope, ready, [column.name for column in found.columns])
    is_mine = upload.user_id == me.id
    is_near = min(lacks.values(), default=1.0) <= NEAR
    _head(upload, is_mine=is_mine)
    if owners.show_notice(upload.user_id, me=me):
        receipt.show(upload.id, found, is_mine=False)
        return
    panel, content = st.columns([2, 3], gap="medium")
    with panel, st.container(border=True, key="panel"):
        missing_codes.show(upload.id, found)
        date_orders.show(upload.id, found)
        task = TRAIN
        if ready:
            task = st.segmented_control(
                "What to do",
                [SCORE, TRAIN],
                default=SCORE if is_near and not to_train else TRAIN,
                required=True,
                label_visibility="collapsed",
                width="stretch",
                key=f"task_{upload_id}",
            )
            if not is_near and task == TRAIN:
                st.caption(":material/info: No model fits the columns of this file yet.")
        if task == SCORE:
            ordered = sorted(ready, key=lambda model: lacks[model.id])
            score_panel.show(upload, ordered, preferred_id=model_id, has_worker=has_worker)
        else:
            train_panel.show(upload, found.columns, version_of=version_of)
    with content:
        receipt.show(upload.id, found, is_mine=True)


def title(*, to_train: bool, version_of_id: UUID | None) -> str:
    """What the page is for, in markdown. Raises NotFound."""
    if not to_train:
        return UPLOADS.title
    if version_of_id is None:
        return TRAIN
    with db.session_scope(session.user()) as scope:
        model = models.get(scope, model_id=version_of_id)
    return f"New version of {links.escape(model.name)} :gray[v{model.version}]"


def _lacks(scope: Session, ready: Sequence[ModelRow], columns: Sequence[str]) -> dict[UUID, float]:
    """By model the share of its columns that the file lacks; hardly any where they can be had under another name:
    as they were mapped the last time or, for the newest models, by a guess.
    """
    kept = mapping.kept(scope)
    found = {}
    for index, model in enumerate(ready):
        schema = models.schema_of(model)
        lacking: float = len(missing_columns(as_read(columns, schema), schema))
        if lacking and mapping.remembered(scope, kept, model=model, columns=columns):
            lacking *= RENAMED
        elif lacking and index < GUESSED:
            missing = check_header(columns, schema).missing
            lacking = sum(RENAMED if one.is_guess else 1.0 for one in missing)
        found[model.id] = lacking / len(schema.features)
    return found


def show_preferred_model(model_id: UUID) -> None:
    """Say which model the file is for that is still to be chosen. Raises NotFound."""
    with db.session_scope(session.user()) as scope:
        model = models.get(scope, model_id=model_id)
    text = f"Choose a file to score with **{links.escape(model.name)}** v{model.version}."
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="wish"):
        st.info(text, icon=":material/category:")
        if st.button("Use any model", key="no_wish", icon=":material/close:", type="tertiary"):
            links.go(UPLOADS)


def _head(upload: UploadRow, *, is_mine: bool) -> None:
    page_frame.name_tab(upload.file_name)
    now = session.now()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch", gap=None):
            marks = f" {SAMPLE.markdown}" if upload.is_sample else ""
            st.subheader(f"{links.escape(upload.file_name)}{marks}", anchor=False)
            st.caption(
                f"{formatting.exact(upload.n_rows, 'row')} · {formatting.exact(upload.n_columns, 'column')} · "
                f"{formatting.size(upload.size_bytes)} · uploaded {formatting.ago(upload.created_at, now=now)}",
                help=formatting.exact_moment(upload.created_at, zone=session.zone()),
            )
        if is_mine and st.button("Delete", key="delete", icon=":material/delete:", type="tertiary"):
            _confirm_delete(upload.id, upload.file_name)


@st.dialog("Delete this upload?", icon=":material/delete:")
def _confirm_delete(upload_id: int, file_name: str) -> None:
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            counts = listing.counts(scope, upload_id=upload_id)
        n = sum(counts.values())
        if n_pending := sum(counts[status] for status in PENDING):
            st.markdown(
                f"**{links.escape(file_name)}** is in use: {formatting.exact(n_pending, 'prediction')} "
                f"{'is' if n_pending == 1 else 'are'} not finished yet."
            )
            st.caption("Wait until that is done, or cancel it first.")
            links.link("View predictions", PREDICTIONS, icon=":material/arrow_forward:", file=file_name)
            return
        if n:
            st.markdown(
                f"This permanently deletes **{links.escape(file_name)}** and its "
                f"**{formatting.exact(n, 'prediction')}** with their results."
            )
        else:
            st.markdown(f"This permanently deletes **{links.escape(file_name)}**. No prediction uses it.")
        st.caption("Models trained on it are kept.")
        label = f"Delete upload and {formatting.exact(n, 'prediction')}" if n else "Delete upload"
        # a click on another number than is counted now confirms nothing
        if page_frame.confirmed(label, key=f"confirm_delete_{n}"):
            verb = partial(uploads.delete, upload_id=upload_id, n_confirmed=n)
            stored.delete(session.user(), session.files(), verb)
            notices.leave(f"Deleted {links.escape(file_name)}.", icon=":material/delete:")
            links.go(UPLOADS)
