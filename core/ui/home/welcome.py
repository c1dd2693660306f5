"""The way from a fresh start to a first prediction: the sample file and the model trained on it."""

from __future__ import annotations

import streamlit as st

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.ui import formatting, links, page_frame, session
from core.ui.home import attention

TEXT_PX = 460


def show(upload: UploadRow, model: ModelRow) -> None:
    """What there is to try, the button that does it, and until then how far the model is."""
    with st.container(border=True, key="welcome"), page_frame.guarded():
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
        ):
            with st.container(width=TEXT_PX, gap="xxsmall"):
                st.markdown("#### See what a prediction gives you")
                st.caption(
                    f"{formatting.exact(upload.n_rows, 'made-up customer')} and a model "
                    "that says who of them will leave."
                )
            clicked = st.button(
                "Score the sample file",
                key="score_sample",
                type="primary",
                icon=":material/play_arrow:",
                disabled=model.status != "ready",
            )
        if model.status == "training":
            attention.training(model)
        if clicked:
            links.go(links.PREDICTION, id=_score(upload.id, model))


def _score(upload_id: int, model: ModelRow) -> object:
    with db.session_scope(session.user(), write=True) as scope:
        made = predictions.create(scope, upload_id=upload_id, model_id=model.id, mode="sync")
    queue.local_runner.run_now(made.task_id)
    return made.id
