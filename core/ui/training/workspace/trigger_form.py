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
from core.models.fitting import targets
from core.sandboxes import SandboxUnavailable
from core.training import jobs
from core.training.jobs import Wanted
from core.ui import formatting, links, session
from core.ui.training import outside
from core.ui.training.pages import TRAINING
from core.ui.training.workspace import sharing
from core.ui.uploads.pages import UPLOADS
from core.ui.uploads.receipt import KINDS
from core.uploads import uploads
from core.uploads.report.profile import ColumnProfile

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
        columns = {column.name: column for column in uploads.examination_of(row).columns}
    target = _target(upload, columns, like=like, key=f"training_target_{upload.id}{asked}")
    positive = _positive(columns[target], like=like, key=f"positive_{upload.id}_{target}") if target else None
    name = st.text_input(
        "Name",
        value=like.name if like else "",
        key=f"training_name{asked}",
        max_chars=models.MAX_NAME,
        placeholder=models.default_name(upload, target=target) if target else "",
        help="A name that exists gets a new version.",
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
    refusal = _refusal(upload, columns, target) or shared.refusal
    if refusal is None:
        outside.before_training(upload.file_name)
    clicked = st.button(
        "Trigger training",
        key="trigger",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=target is None or refusal is not None,
    )
    if refusal is not None and refusal is not shared.refusal:
        st.caption(f":red[:material/block:] {links.escape(str(refusal))}")
    if clicked and target:
        wanted = Wanted(
            target=target,
            name=name or "",
            goal=goal or "",
            positive_label=positive,
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


def _target(
    upload: UploadRow, columns: dict[str, ColumnProfile], *, like: TrainingJobRow | None, key: str
) -> str | None:
    names = list(columns)
    guessed = targets.guess_target(list(columns.values()), n_rows=upload.n_rows)
    if like is not None and like.target in columns:
        guessed = like.target
    return st.selectbox(
        "Column to predict",
        names,
        index=names.index(guessed) if guessed in names else None,
        format_func=lambda name: f"{name}  ·  {KINDS[columns[name].kind].lower()}",
        placeholder="Choose a column",
        key=key,
    )


def _positive(column: ColumnProfile, *, like: TrainingJobRow | None, key: str) -> str | None:
    """The outcome whose probability is asked for, where there are two; None leaves it to the training."""
    if column.n_distinct != 2 or len(column.examples) != 2:
        return None
    labels = list(column.examples)
    before = like.task.payload["positive_label"] if like is not None and like.task is not None else None
    likely = before if before in labels else targets.likely_positive(labels)
    return st.selectbox(
        "Positive outcome",
        labels,
        index=labels.index(likely) if likely is not None else None,
        placeholder="The rarer of the two",
        key=key,
        help="The model gives the probability of this outcome.",
    )


def _refusal(upload: UploadRow, columns: dict[str, ColumnProfile], target: str | None) -> AppError | None:
    """Why a click could not work: no sandbox here, or a target that nothing can be learnt of."""
    try:
        sandboxes.configured(session.config()).probe()
    except SandboxUnavailable as unavailable:
        return unavailable
    return targets.refusal(columns[target], n_rows=upload.n_rows) if target else None


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
