"""The way from a fresh start to a first prediction: the sample file and the model trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.ui import formatting, links, page_frame, session
from core.ui.home import attention
from core.ui.predictions.pages import PREDICTION
from core.ui.work_items import ActiveItem, RecentItem

TEXT_PX = 460


@dataclass(frozen=True)
class SampleWork:
    """The sample file, and the newest model that was trained on it."""

    upload: UploadRow
    model: ModelRow


def sample(newest: Sequence[RecentItem]) -> SampleWork | None:
    """What there is to try, as long as nothing was ever predicted. newest: of every room."""
    rows = [item.row for item in newest]
    if any(isinstance(row, PredictionRow) for row in rows):
        return None
    upload = next((row for row in rows if isinstance(row, UploadRow) and row.is_sample), None)
    model = next((row for row in rows if isinstance(row, ModelRow) and row.is_sample), None)
    return SampleWork(upload, model) if upload and model and model.status != "failed" else None


def show(found: SampleWork, *, training: ActiveItem | None) -> None:
    """The button that scores it; until its model is ready, how far that is."""
    with st.container(border=True, key="welcome"), page_frame.guarded():
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
        ):
            with st.container(width=TEXT_PX, gap="xxsmall"):
                st.markdown("#### Try your first prediction")
                st.caption(
                    f"{formatting.exact(found.upload.n_rows, 'made-up customer')}, and a model that predicts "
                    "which of them will leave."
                )
            clicked = st.button(
                "Score the sample file",
                key="score_sample",
                type="primary",
                icon=":material/play_arrow:",
                disabled=found.model.status != "ready",
            )
        if training:
            attention.progress(training)
        if clicked:
            links.go(PREDICTION, id=_score(found))


def _score(found: SampleWork) -> object:
    with db.session_scope(session.user(), write=True) as scope:
        made = predictions.create(scope, upload_id=found.upload.id, model_id=found.model.id, mode="sync")
    queue.local_runner.run_now(made.task_id)
    return made.id
