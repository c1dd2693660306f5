"""What can be done with a training: cancel it, retry it, use its model."""

from __future__ import annotations

import streamlit as st

from core import db
from core.db.tables.training_jobs import TrainingJobRow
from core.training import jobs
from core.training.states import PENDING, Status
from core.ui import links, page_frame, session
from core.ui.models.pages import MODEL
from core.ui.training.pages import TRAINING, WORKSPACE


def toolbar(job: TrainingJobRow) -> None:
    """The buttons that fit the state, the likeliest first; what can be done with a failure stands beside it."""
    if job.status in PENDING or (job.model_id is None and job.status == Status.LOST):
        if st.button("Cancel", key="cancel", icon=":material/stop_circle:"):
            with db.session_scope(session.user(), write=True) as scope:
                jobs.cancel(scope, training_job_id=job.id)
            st.rerun()
    elif job.status == Status.SUCCEEDED and job.model_id is not None:
        if st.button("View model", key="model", icon=":material/category:"):
            links.go(MODEL, id=job.model_id)
        _ask_again(job, "Train a new version", icon=":material/model_training:")


def try_again(job: TrainingJobRow) -> None:
    """Of one that is no success: the same once more, or with other answers."""
    with st.container(horizontal=True, gap="small"), page_frame.guarded():
        is_here = job.upload_id is not None
        if is_here and st.button("Retry", key="retry", type="primary", icon=":material/refresh:"):
            with db.session_scope(session.user(), write=True) as scope:
                most = session.config().max_waiting_trainings
                again = jobs.retry(scope, training_job_id=job.id, most_waiting=most).id
            links.go(TRAINING, id=again, open=1)
        _ask_again(job, "Change and train again", icon=":material/edit:")


def _ask_again(job: TrainingJobRow, label: str, *, icon: str) -> None:
    if st.button(label, key="like", icon=icon):
        links.go(WORKSPACE, like=job.id)
