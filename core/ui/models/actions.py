"""What can be done with a model: use it, train its next version, cancel its training, delete it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.models import changes
from core.models.errors import NEED_ANOTHER_FILE
from core.predictions import listing
from core.training.deployments import deployments
from core.ui import formatting, links, notices, page_frame, session
from core.ui.models.pages import MODELS
from core.ui.predictions import filters
from core.ui.predictions.pages import PREDICTIONS
from core.ui.training.pages import WORKSPACE
from core.ui.uploads.pages import UPLOADS
from core.uploads import stored


def toolbar(model: ModelRow, training: TrainingJobRow | None) -> None:
    """The buttons that fit the model's state, the likeliest first. training: the one in a sandbox that made it."""
    if model.status == "training":
        if st.button("Cancel training", key="cancel", icon=":material/stop_circle:"):
            with db.session_scope(session.user(), write=True) as scope:
                changes.cancel_training(scope, model_id=model.id)
            st.rerun()
        return
    is_ready = model.status == "ready"
    if is_ready and st.button(
        "Use for a prediction", key="use", type="primary", icon=":material/play_arrow:"
    ):
        links.go(UPLOADS, model=model.id)
    needs_other_file = training is None and (model.error or {}).get("code") in NEED_ANOTHER_FILE
    if needs_other_file and st.button(
        "Choose another file", key="other_file", icon=":material/upload_file:", type="primary"
    ):
        links.go(UPLOADS, train=1, version_of=model.id)
    if st.button(
        "Train a new version" if is_ready else "Train again",
        key="retrain",
        icon=":material/model_training:",
        type="secondary" if is_ready or needs_other_file else "primary",
    ):
        if training is not None:
            links.go(WORKSPACE, like=training.id)
        again = {"upload": model.upload_id} if model.upload_id else {}
        links.go(UPLOADS, train=1, version_of=model.id, **again)
    is_awake = is_ready and _has_app_awake(model)
    if st.button(
        "Delete",
        key="delete",
        icon=":material/delete:",
        type="tertiary",
        disabled=is_awake,
        help="Its live app is awake. Stop the app first." if is_awake else None,
    ):
        _confirm_delete(model)


def _has_app_awake(model: ModelRow) -> bool:
    with db.session_scope(session.user()) as scope:
        return deployments.n_awake(scope, model.id) > 0


@st.dialog("Delete this model?", icon=":material/delete:")
def _confirm_delete(model: ModelRow) -> None:
    name = f"{links.escape(model.name)} v{model.version}"
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            n_made = sum(listing.counts(scope, model_id=model.id).values())
        if n_made:
            st.markdown(
                f"**{name}** has made **{formatting.exact(n_made, 'prediction')}**, so it can't be deleted."
            )
            st.caption("Delete these predictions first: their results refer to it.")
            shown = filters.model_name(model.name, model.version)
            links.link("View its predictions", PREDICTIONS, icon=":material/arrow_forward:", model=shown)
            return
        st.markdown(f"This permanently deletes **{name}**. The file it was trained on is kept.")
        if page_frame.confirmed("Delete model", key="confirm_delete"):
            stored.delete(session.user(), session.files(), partial(changes.delete, model_id=model.id))
            notices.leave(f"Deleted {name}.", icon=":material/delete:")
            links.go(MODELS)
