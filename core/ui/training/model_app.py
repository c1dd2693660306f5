"""A model's live app on the model's own page: the app, or the button that makes one."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core import db, sandboxes
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training import jobs
from core.training.deployments import deployments
from core.training.states import PENDING
from core.ui import links, page_frame, session
from core.ui.training import live_app, outside
from core.ui.training.pages import TRAINING


def training_of(model: ModelRow) -> TrainingJobRow | None:
    """The training in a sandbox that made a model, makes it or was to make it."""
    if model.origin != "sandbox":
        return None
    with db.session_scope(session.user()) as scope:
        return jobs.of_model(scope, model_id=model.id)


def show_origin(training: TrainingJobRow) -> None:
    """That code in a sandbox makes it, and the way to how."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="origin"):
        st.markdown(":gray[By code in a sandbox]", width="content")
        label = "Watch the training" if training.status in PENDING else "How it was trained"
        links.link(label, TRAINING, icon=":material/model_training:", id=training.id)


def show(model: ModelRow, *, is_mine: bool) -> None:
    """For a ready model. is_mine: if not, an app that is there can be looked at, and no more."""
    with db.session_scope(session.user()) as scope:
        deployment = deployments.of_model(scope, model_id=model.id)
    if deployment is not None:
        live_app.show_live(model.id, is_mine=is_mine)
    elif is_mine:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            clicked = st.button("Deploy", key="deploy", icon=":material/rocket_launch:")
            st.caption(
                "Gives the model a live app: a page where you predict one row by hand.", width="content"
            )
        outside.before_deploying()
        if clicked:
            with page_frame.guarded():
                _deploy(model.id)
                st.rerun()


def _deploy(model_id: UUID) -> None:
    sandboxes.configured(session.config()).probe()
    with db.session_scope(session.user(), write=True) as scope:
        deployments.create(scope, model_id=model_id)
