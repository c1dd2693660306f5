"""A prediction that is not settled: how far it is, how fast, how long still; or why nothing happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db, queue
from core.db.tables.predictions import PredictionRow
from core.errors import NotFound
from core.predictions import predictions
from core.predictions.states import Status
from core.ui import formatting, links, no_worker, page_frame, session
from core.ui.predictions import actions, table

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


def show(prediction_id: UUID, *, status: str, is_mine: bool) -> None:
    """Look every REFRESH_S; once it moves on from this status, draw the whole page again. is_mine: if not, it can't be
    done by hand.
    """
    pace = Pace()

    @st.fragment(run_every=REFRESH_S)
    def live() -> None:
        with page_frame.guarded():
            try:
                is_same = _draw(prediction_id, pace, is_mine=is_mine) == status
            except NotFound:  # deleted elsewhere: the page says so in the prediction's place
                is_same = False
            if not is_same:
                st.rerun()

    live()


def _draw(prediction_id: UUID, pace: Pace, *, is_mine: bool) -> str:
    with db.session_scope(session.user()) as scope:
        prediction = predictions.get(scope, prediction_id=prediction_id)
        has_worker = bool(queue.workers.alive(scope))
        position = queue.position(scope, task_id=prediction.task_id)
        # it waits, or its worker has left it
        is_waiting = queue.claimable_kind(scope, task_id=prediction.task_id) is not None
    if is_waiting and not has_worker and is_mine:
        _no_worker(prediction)
    elif prediction.status == Status.PROCESSING:
        _running(prediction, pace)
    elif prediction.status == Status.QUEUED:
        _in_line(prediction, position, has_worker=has_worker)
    return prediction.status


def _no_worker(prediction: PredictionRow) -> None:
    slot = st.empty()
    with slot:
        clicked = no_worker.banner(
            waiting=f"{formatting.count(prediction.upload.n_rows, 'row')} waiting",
            button="Score it now",
            key="by_hand",
        )
    if clicked:
        actions.by_hand(prediction.id)
        slot.container(border=True).markdown(":blue[:material/play_arrow:] **Starting…**")


def _running(prediction: PredictionRow, pace: Pace) -> None:
    done, total = prediction.task.done, table.n_total(prediction)
    speed = pace.rate(done=done, started_at=prediction.started_at, now=session.now())
    with st.container(border=True, gap="small", key="progress"):
        with st.container(horizontal=True, gap="large"):
            st.metric("Rows scored", f"{done:,} of {total:,}", width="content")
            if speed:
                st.metric("Rows per second", formatting.number(round(speed)), width="content")
                st.metric("Time left", _left(total - done, speed), width="content")
        st.progress(min(1.0, done / total) if total else 0.0)
        if prediction.task.cancel_requested:
            st.caption("Cancelling. The worker stops after the rows it is working on.")
        else:
            st.caption("You can leave this page. The result will be here when it is done.")


def _left(n_rows: int, speed: float) -> str:
    return f"about {formatting.estimate(n_rows / speed)}"


def _in_line(prediction: PredictionRow, position: queue.QueuePosition, *, has_worker: bool) -> None:
    what, why = _position_text(position) if has_worker else ("Waiting for a worker", no_worker.SENTENCE)
    with st.container(border=True, gap="xsmall", key="in_line"):
        st.markdown(f":blue[:material/schedule:] **{what}** :gray[· {links.escape(why)}]")
        st.progress(0.0)
        st.caption(f"{formatting.exact(prediction.upload.n_rows, 'row')} to score. You can leave this page.")


def _position_text(position: queue.QueuePosition) -> tuple[str, str]:
    """What it waits for, and what of it can be told."""
    if position.retry_at is not None:
        wait = formatting.duration((position.retry_at - session.now()).total_seconds())
        why = position.reason.message if position.reason else "The last attempt was interrupted."
        return f"Retrying in {wait}", f"{why} It starts over from the first row."
    if position.starts_now:
        return "Next in line", "usually starts within a second"
    if position.n_before:
        return "Waiting in line", f"{formatting.exact(position.n_before, 'task')} ahead of it"
    if position.n_running:
        busy = formatting.exact(position.n_running, "task")
        return "Next in line", f"workers are busy with {busy}"
    return "Next in line", "a worker is starting"
