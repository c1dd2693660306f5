"""A prediction that is not settled: how far it is, how fast, how long still; or why nothing happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables import PredictionRow
from core.errors import NotFound
from core.predictions import predictions
from core.predictions.states import Status
from core.ui import prediction_actions, prediction_table, prediction_waiting, session, states, words

REFRESH_S = 1.0
_ENOUGH_S = 1.0  # a rate over less says nothing


@dataclass
class Pace:
    """How many rows were done when that number last changed: what a rate can be told from."""

    done: int = 0
    at: datetime | None = None

    def rate(self, *, done: int, started_at: datetime | None, now: datetime) -> float | None:
        """Rows a second since the start; None while that says nothing yet."""
        if done != self.done:
            self.done, self.at = done, now
        if started_at is None or self.at is None:
            return None
        seconds = (self.at - started_at).total_seconds()
        return done / seconds if seconds >= _ENOUGH_S else None


def show(prediction_id: UUID, *, status: str) -> None:
    """Look every REFRESH_S; once it moves on from this status, draw the whole page again."""
    pace = Pace()

    @st.fragment(run_every=REFRESH_S)
    def live() -> None:
        with states.guarded():
            try:
                is_same = _draw(prediction_id, pace) == status
            except NotFound:  # deleted elsewhere: the page says so in the prediction's place
                is_same = False
            if not is_same:
                st.rerun()

    live()


def _draw(prediction_id: UUID, pace: Pace) -> str:
    with db.session_scope(session.user()) as scope:
        prediction = predictions.get(scope, prediction_id=prediction_id)
        no_worker = prediction_waiting.no_worker_since(scope)
        n_ahead = predictions.n_ahead(scope, prediction=prediction)
    if prediction.status == Status.PROCESSING:
        _running(prediction, pace)
    elif prediction.status == Status.QUEUED and no_worker:
        _no_worker(prediction, no_worker)
    elif prediction.status == Status.QUEUED:
        _in_line(prediction, n_ahead)
    return prediction.status


def _no_worker(prediction: PredictionRow, sentence: str) -> None:
    place = st.empty()
    with place:
        clicked = prediction_waiting.banner(
            sentence,
            waiting=f"{words.count(prediction.upload.n_rows, 'row')} waiting",
            button="Process it by hand",
            key="by_hand",
        )
    if clicked:
        prediction_actions.by_hand(prediction.id)
        place.container(border=True).markdown(":blue[:material/play_arrow:] **Starting here and now**")


def _running(prediction: PredictionRow, pace: Pace) -> None:
    done, total = prediction.task.done, prediction_table.n_total(prediction)
    speed = pace.rate(done=done, started_at=prediction.started_at, now=session.now())
    with st.container(border=True, gap="small", key="progress"):
        with st.container(horizontal=True, gap="large"):
            st.metric("Rows scored", f"{done:,} of {total:,}", width="content")
            if speed:
                st.metric("Rows a second", words.number(round(speed)), width="content")
                st.metric("Time left", _left(total - done, speed), width="content")
        st.progress(min(1.0, done / total) if total else 0.0)
        if prediction.task.cancel_requested:
            st.caption("It is being cancelled; the worker stops after the rows in its hands.")
        else:
            st.caption("You can leave this page: the work goes on, and the result will be here.")


def _left(n_rows: int, speed: float) -> str:
    return f"about {words.duration(max(1.0, n_rows / speed))}"


def _in_line(prediction: PredictionRow, n_ahead: int) -> None:
    with st.container(border=True, gap="xsmall", key="in_line"):
        if n_ahead:
            place = f"{words.exact(n_ahead, 'prediction')} {'is' if n_ahead == 1 else 'are'} ahead of it"
            st.markdown(f":blue[:material/schedule:] **Waiting in line** :gray[· {place}]")
        else:
            st.markdown(":blue[:material/schedule:] **Next in line** :gray[· usually starts within a second]")
        st.progress(0.0)
        st.caption(f"{words.exact(prediction.upload.n_rows, 'row')} to score. You can leave this page.")
