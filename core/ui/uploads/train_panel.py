"""Training a model on an upload: the column to predict, the positive outcome, a name."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.fitting.questions import TargetChoices
from core.models.requests import training_requests
from core.models.validation import Validation
from core.ui import links, session
from core.ui.models.pages import MODEL
from core.ui.uploads import rows_form, target_form
from core.ui.uploads.rows_form import StatedRows
from core.uploads import uploads
from core.uploads.report.profile import ColumnProfile


def show(upload: UploadRow, columns: Sequence[ColumnProfile], *, version_of: ModelRow | None) -> None:
    """The panel. version_of: a model whose next version this is to be; it fills in the answers."""
    asked = f"{upload.id}_{version_of.id if version_of else None}"  # what the answers are about
    given = target_form.show(
        upload,
        columns,
        before=version_of.target if version_of else None,
        stated=version_of.task.payload if version_of else None,
        key=asked,
        target_key=f"target_{asked}",
    )
    target, refusal = given.target, given.refusal
    name = st.text_input(
        "Name",
        value=version_of.name if version_of else "",
        placeholder=models.default_name(upload, target=target) if target else "",
        max_chars=models.MAX_NAME,
        key=f"model_name_{asked}",
        help="A name that exists gets a new version.",
    )
    of_rows = rows_form.show(
        [column.name for column in columns if column.name != target],
        before=version_of.task.payload if version_of else None,
        task=given.choices.task,
        key=asked,
    )
    clicked = st.button(
        _button(upload, target=target, name=name or ""),
        key="train_model",
        type="primary",
        icon=":material/model_training:",
        disabled=target is None or refusal is not None or of_rows.validation is None,
    )
    if refusal:
        st.caption(f":red[:material/block:] {links.escape(str(refusal))}")
    else:
        st.caption(
            "Two recipes are cross-validated and compared with a baseline. The better one becomes the model."
        )
    if clicked and target and of_rows.validation:
        model_id = _train(
            upload.id,
            target=target,
            name=name or "",
            choices=given.choices,
            of_rows=of_rows,
            validation=of_rows.validation,
        )
        links.go(MODEL, id=model_id)


def _button(upload: UploadRow, *, target: str | None, name: str) -> str:
    """What is trained: a model, or the next version of one."""
    if target is None:
        return "Train model"
    with db.session_scope(session.user()) as scope:
        version = models.next_version(
            scope, name=models.tidied(name) or models.default_name(upload, target=target)
        )
    return f"Train v{version}" if version > 1 else "Train model"


def _train(
    upload_id: int,
    *,
    target: str,
    name: str,
    choices: TargetChoices,
    of_rows: StatedRows,
    validation: Validation,
) -> UUID:
    with db.session_scope(session.user(), write=True) as scope:
        upload = uploads.get(scope, upload_id=upload_id)
        model = training_requests.request(
            scope,
            most_waiting=session.config().max_waiting_trainings,
            upload=upload,
            target=target,
            name=name,
            choices=choices,
            threshold=of_rows.threshold,
            keep=of_rows.keep,
            validation=validation,
        )
    return model.id
