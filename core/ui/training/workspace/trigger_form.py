"""The form that triggers a training: what is to be learnt, from which file, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import db, sandboxes
from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.errors import AppError
from core.models import models
from core.sandboxes import SandboxUnavailable
from core.training import jobs
from core.training.jobs import Wanted
from core.ui import formatting, links, session
from core.ui.training import outside
from core.ui.training.pages import TRAINING
from core.ui.training.workspace import sharing
from core.ui.uploads import rows_form, target_form
from core.ui.uploads.pages import UPLOADS
from core.uploads import uploads

MOST_UPLOADS = 200
CLICKED = "trigger_refused"


def show(like: TrainingJobRow | None = None) -> None:
    """The whole form. A click leaves for the training's page; what can't work is said before it.

    like: a training whose answers it begins with.
    """
    with db.session_scope(session.user()) as scope:
        found = uploads.page(scope, limit=MOST_UPLOADS).items
    if not found:
        st.caption("A model learns from a file with known outcomes. Upload one first.")
        if st.button("Upload a file", key="upload_first", type="primary", icon=":material/upload_file:"):
            links.go(UPLOADS)
        return
    asked = f"_{like.id}" if like else ""  # what the answers are about
    upload = _upload(found, like=like, key=f"training_upload{asked}")
    if upload is None:
        return
    with db.session_scope(session.user()) as scope:
        row = uploads.get(scope, upload_id=upload.id)
        columns = uploads.examination_of(row).columns
    payload = like.task.payload if like is not None and like.task is not None else None
    stated = target_form.show(
        row,
        columns,
        before=like.target if like else None,
        stated=payload,
        key=f"{upload.id}{asked}",
        target_key=f"training_target_{upload.id}{asked}",
        has_folds=False,
    )
    target = stated.target
    name = st.text_input(
        "Name",
        value=like.name if like else "",
        key=f"training_name{asked}",
        max_chars=models.MAX_NAME,
        placeholder=models.default_name(upload, target=target) if target else "",
        help="A name that exists gets a new version.",
    )
    of_rows = rows_form.show(
        [column.name for column in columns if column.name != target],
        before=payload,
        task=stated.choices.task,
        key=f"{upload.id}{asked}",
    )
    goal = st.text_area(
        "Goal",
        value=like.goal if like else "",
        key=f"training_goal{asked}",
        max_chars=jobs.MAX_GOAL,
        placeholder="What the model is for, in your own words",
        height=100,
    )
    shared = sharing.resources(like, key=f"training_pages{asked}")
    if target:
        shared = sharing.leaving(
            row,
            target=target,
            goal=goal or "",
            chosen=shared,
            like=like,
            key=f"shares_values_{upload.id}{asked}",
        )
    refusal = _no_sandbox() or stated.refusal or shared.refusal
    if refusal is None:
        outside.before_training(upload.file_name)
    clicked = st.button(
        "Trigger training",
        key="trigger",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=target is None or refusal is not None or of_rows.validation is None,
    )
    if refusal is not None and refusal is not shared.refusal:
        st.caption(f":red[:material/block:] {links.escape(str(refusal))}")
    if clicked and target and of_rows.validation:
        wanted = Wanted(
            target=target,
            name=name or "",
            goal=goal or "",
            choices=stated.choices,
            keep=of_rows.keep,
            threshold=of_rows.threshold,
            validation=of_rows.validation,
            resources=shared.resources,
            shares_values=shared.shares_values,
        )
        links.go(TRAINING, id=_trigger(upload.id, wanted), open=1)


def _upload(found: Sequence[UploadRow], *, like: TrainingJobRow | None, key: str) -> UploadRow | None:
    now = session.now()
    by_id = {upload.id: upload for upload in found}
    labels = {
        upload.id: f"{upload.file_name} · {formatting.count(upload.n_rows, 'row')} · "
        f"{formatting.ago(upload.created_at, now=now)}"
        for upload in found
    }
    chosen = st.selectbox(
        "File",
        ids := list(labels),
        index=0 if like is None else ids.index(like.upload_id) if like.upload_id in by_id else None,
        format_func=labels.__getitem__,
        key=key,
        placeholder="Choose a file",
    )
    return by_id.get(chosen) if chosen is not None else None


def _no_sandbox() -> AppError | None:
    """Why no code could run here."""
    try:
        sandboxes.configured(session.config()).probe()
    except SandboxUnavailable as unavailable:
        return unavailable
    return None


def _trigger(upload_id: int, wanted: Wanted) -> UUID:
    with db.session_scope(session.user(), write=True) as scope:
        job = jobs.trigger(
            scope,
            upload=uploads.get(scope, upload_id=upload_id),
            wanted=wanted,
            most_waiting=session.config().max_waiting_trainings,
            app_url=session.config().url,
        )
        return job.id
