"""A training as it goes: how far it is, since when, and what to do where no worker takes it."""

from __future__ import annotations

import streamlit as st

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.models import changes
from core.ui import formatting, no_worker, session
from core.ui.training import stages


def show(
    model: ModelRow,
    training: TrainingJobRow | None,
    *,
    is_waiting: bool,
    has_worker: bool,
    is_mine: bool,
) -> None:
    """One bar, and a sentence below it. training: the one in a sandbox, if it is one. is_waiting: nobody trains it, or
    whoever did is gone. is_mine: if not, it can't be done by hand.
    """
    with st.container(border=True, key="training"):
        how_far, text = bar(model, training, is_waiting=is_waiting)
        st.markdown(f"#### {text}")
        st.progress(how_far)
        if not is_waiting:
            started_at = model.task.started_at or model.created_at
            passed = formatting.duration((session.now() - started_at).total_seconds())
            st.caption(f"Started {passed} ago. You can leave this page.")
        elif has_worker:
            st.caption(f"{why_queued(model)} You can leave this page.")
        else:
            st.markdown(f"{no_worker.ICON} **{no_worker.SENTENCE}** {why_queued(model)}")
            if is_mine and st.button(
                "Train it now", key="by_hand", icon=":material/play_arrow:", type="primary"
            ):
                with db.session_scope(session.user(), write=True) as scope:
                    task_id = changes.prioritize(scope, model_id=model.id)
                queue.local_runner.run_now(task_id)
                st.rerun()


def bar(model: ModelRow, training: TrainingJobRow | None, *, is_waiting: bool) -> tuple[float, str]:
    """How much of a training is done, from 0 to 1, and the words beside it. training: the one in a sandbox."""
    if training is not None:
        step_of, done = (
            stages.step(training, is_waiting=is_waiting),
            stages.share(training, is_waiting=is_waiting),
        )
    else:
        step_of, done = step(model, is_waiting=is_waiting), share(model, is_waiting=is_waiting)
    return done, step_of.capitalize()


def why_queued(model: ModelRow) -> str:
    """What it waits for; of one that had begun, that it starts over."""
    if model.task.attempt:
        return "The training was interrupted and starts over when a worker is free."
    return "The training starts when a worker is free."


def share(model: ModelRow, *, is_waiting: bool) -> float:
    """How much of it is done, from 0 to 1; what an interrupted attempt had done counts for nothing."""
    total = model.task.total or 0
    return min(1.0, model.task.done / total) if total and not is_waiting else 0.0


def step(model: ModelRow, *, is_waiting: bool) -> str:
    """How far a training is, in words."""
    if is_waiting:
        return "waiting to start over" if model.task.attempt else "in the queue"
    done, total = model.task.done, model.task.total or 0
    if not done:
        return "reading the file"
    if done >= total - 1:
        return "training the better recipe on all rows"
    return f"comparing two recipes: step {done} of {total - 2}"
