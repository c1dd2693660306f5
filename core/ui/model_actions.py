"""What can be done with a model: use it, train its next version, cancel its training, delete it."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core import db
from core.db.tables import ModelRow
from core.models import models
from core.ui import links, session, states
from core.uploads import uploads


def toolbar(model: ModelRow) -> None:
    """The buttons that fit the model's state, the likeliest first."""
    if model.status == "training":
        if st.button("Cancel training", key="cancel", icon=":material/stop_circle:"):
            with db.session_scope(session.user(), write=True) as scope:
                models.cancel_training(scope, model_id=model.id)
            st.toast("The training stops as soon as its worker sees it.", icon=":material/stop_circle:")
            st.rerun()
        return
    is_ready = model.status == "ready"
    if is_ready and st.button(
        "Use for a new prediction", key="use", type="primary", icon=":material/play_arrow:"
    ):
        links.go(links.UPLOADS, model=model.id)
    if st.button(
        "Train a new version" if is_ready else "Train again",
        key="retrain",
        icon=":material/model_training:",
        type="secondary" if is_ready else "primary",
    ):
        again = {"upload": model.upload_id} if model.upload_id else {}
        links.go(links.UPLOADS, train=1, version_of=model.id, **again)
    if st.button("Delete", key="delete", icon=":material/delete:", type="tertiary"):
        _confirm_delete(model.id, f"{links.escape(model.name)} v{model.version}")


@st.dialog("Delete this model?", icon=":material/delete:")
def _confirm_delete(model_id: UUID, name: str) -> None:
    st.markdown(f"**{name}** is deleted for good. The file it learned from stays.")
    with states.guarded():
        if st.button("Delete it", key="confirm_delete", type="primary"):
            with db.session_scope(session.user(), write=True) as scope:
                prefixes = models.delete(scope, model_id=model_id)
            uploads.remove_files(session.files(), prefixes=prefixes)
            st.toast(f"{name} was deleted.", icon=":material/delete:")
            links.go(links.MODELS)
