"""The part of Home that says what needs somebody: failures, what waits for a worker, what is in progress."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import db, queue
from core.db.tables.models import ModelRow
from core.models import models
from core.predictions import predictions
from core.predictions.states import Status
from core.ui import formatting, links, page_frame, session
from core.ui.home.home_data import SHOWN, Pulse

BAR_PX: Final = 180
WHY_CHARACTERS: Final = 100


def show(pulse: Pulse, *, now: datetime, but: UUID | None = None) -> None:
    """Draw it; "All clear" when there is nothing. but: a model that is shown elsewhere."""
    in_training = [model for model in pulse.in_training if model.id != but]
    is_stuck = not pulse.has_worker and bool(pulse.waiting or pulse.in_training)
    if not (pulse.n_failures or pulse.n_pending or in_training or is_stuck):
        if but is None:
            _all_clear()
        return
    with st.container(border=True, gap="xsmall", key="attention"):
        if is_stuck:
            _no_worker(pulse, now=now)
        for prediction in pulse.failed_predictions:
            what = f"**{links.escape(prediction.upload.file_name)}** could not be scored"
            _failed(what, prediction.error_message or "", links.PREDICTION, prediction.id)
        if (n_failed := pulse.counts[Status.FAILED]) > len(pulse.failed_predictions) > 0:
            label = f"All {formatting.exact(n_failed, 'failed prediction')}"
            links.link(label, links.PREDICTIONS, icon=":material/arrow_forward:", status="failed")
        for model in pulse.failed_models:
            what = f"**{links.escape(model.name)}** could not be trained"
            _failed(what, (model.error or {}).get("message", ""), links.MODEL, model.id)
        for prediction in pulse.in_progress:
            done, total = prediction.task.done, prediction.task.total or prediction.upload.n_rows
            text = f"Scoring **{links.escape(prediction.upload.file_name)}** · {done:,} of {total:,} rows"
            _progress(done, total, text, links.PREDICTION, prediction.id)
        for model in in_training[:SHOWN]:
            training(model)
        if n_more := len(in_training[SHOWN:]):
            st.caption(f"{formatting.exact(n_more, 'more training')} in line.")
        n_waiting = pulse.counts[Status.QUEUED]
        if pulse.has_worker and n_waiting:
            st.caption(
                f"{formatting.exact(n_waiting, 'prediction')} queued; a worker takes them one after another."
            )


def training(model: ModelRow) -> None:
    """One line and a bar on how far a training is."""
    _progress(
        model.task.done,
        model.task.total or 0,
        f"Training **{links.escape(model.name)}** v{model.version} · {step(model)}",
        links.MODEL,
        model.id,
    )


def step(model: ModelRow) -> str:
    """How far a training is, in words."""
    if model.task.state == queue.TaskState.QUEUED:
        return "in the queue"
    done, total = model.task.done, model.task.total or 0
    if not done:
        return "reading the file"
    if done >= total - 1:
        return "fitting the better recipe on every row"
    return f"cross-validating, fold {done} of {total - 2}"


def _all_clear() -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="all_clear"):
        st.markdown(
            ":small[:green[:material/check_circle:] **All clear** :gray[· nothing has failed, nothing is waiting]]"
        )


def _no_worker(pulse: Pulse, *, now: datetime) -> None:
    seen = pulse.worker_seen_at
    since = (
        f"since {formatting.moment(seen, now=now, zone=session.zone())}" if seen else "and none has run yet"
    )
    n_waiting = pulse.counts[Status.QUEUED]
    waits = f"{formatting.exact(n_waiting, 'prediction')} waiting" if n_waiting else "a training is waiting"
    with _line(f":orange[:material/hourglass_disabled:] **No worker is running** {since} :gray[· {waits}]"):
        label = "Process one now" if pulse.waiting else "Train it now"
        clicked = st.button(label, key="by_hand", icon=":material/play_arrow:")
    if clicked:
        with page_frame.guarded():
            queue.local_runner.run_now(_put_first(pulse))
            st.rerun()


def _put_first(pulse: Pulse) -> UUID:
    with db.session_scope(session.user(), write=True) as scope:
        if pulse.waiting:
            return predictions.prioritize(scope, prediction_id=pulse.waiting.id)
        waiting = (model for model in pulse.in_training if model.task.state == queue.TaskState.QUEUED)
        return models.prioritize(scope, model_id=next(waiting, pulse.in_training[0]).id)


def _failed(what: str, why: str, page: str, noun_id: UUID) -> None:
    shown = textwrap.shorten(why, WHY_CHARACTERS, placeholder=" …")
    with _line(f":red[:material/error:] {what} :gray[· {links.escape(shown)}]"):
        links.link("Open", page, icon=":material/arrow_forward:", tip=links.escape(why), id=noun_id)


def _progress(done: int, total: int, text: str, page: str, noun_id: UUID) -> None:
    with _line(f":blue[:material/autorenew:] {text}"):
        st.progress(min(1.0, done / total) if total else 0.0, width=BAR_PX)
        links.link("Open", page, icon=":material/arrow_forward:", id=noun_id)


def _line(text: str) -> DeltaGenerator:
    """A sentence, and room at its right for what can be done."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.markdown(f":small[{text}]", width="stretch")
    return line
