"""A training as it goes: how far it is, since when, and what to do where no worker takes it."""

from __future__ import annotations

import streamlit as st

from core import db, queue
from core.db.tables.models import ModelRow
from core.models import models
from core.ui import formatting, no_worker, session


def show(model: ModelRow, *, has_worker: bool) -> None:
    """One bar, and a sentence below it."""
    done, total = model.task.done, model.task.total or 0
    with st.container(border=True, key="training"):
        st.markdown(f"#### {step(model).capitalize()}")
        st.progress(done / total if total else 0.0)
        if model.task.state == queue.TaskState.QUEUED and not has_worker:
            st.markdown(f"{no_worker.ICON} **No worker is running**, so the training hasn't started.")
            if st.button("Train it now", key="by_hand", icon=":material/play_arrow:", type="primary"):
                with db.session_scope(session.user(), write=True) as scope:
                    task_id = models.prioritize(scope, model_id=model.id)
                queue.local_runner.run_now(task_id)
                st.rerun()
        else:
            passed = formatting.duration((session.now() - model.created_at).total_seconds())
            st.caption(f"Requested {passed} ago. You can leave this page; the training goes on.")


def step(model: ModelRow) -> str:
    """How far a training is, in words."""
    if model.task.state == queue.TaskState.QUEUED:
        return "in the queue"
    done, total = model.task.done, model.task.total or 0
    if not done:
        return "reading the file"
    if done >= total - 1:
        return "training the better recipe on all rows"
    return f"cross-validating, fold {done} of {total - 2}"
