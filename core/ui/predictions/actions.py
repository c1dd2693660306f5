"""What can be asked of one prediction from a menu, and the question before one is deleted."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from uuid import UUID

import streamlit as st

from core import db, queue
from core.errors import Conflict
from core.predictions import predictions
from core.predictions.states import PENDING, Status
from core.ui import formatting, links, notices, page_frame, session
from core.ui.predictions.pages import PREDICTION, PREDICTIONS
from core.uploads import stored

DOWNLOADS = "/api/predictions/download_predictions"


class Action(StrEnum):
    """An entry of a menu, as it is written there."""

    OPEN = ":material/open_in_full: Open"
    BY_HAND = ":material/play_arrow: Score now"
    RETRY = ":material/refresh: Retry"
    CANCEL = ":material/block: Cancel"
    DELETE = ":material/delete: Delete"


def offered(status: str, *, by_hand: bool) -> tuple[Action, ...]:
    """What a prediction in this state allows, beside opening it. by_hand: whether it waits and no worker is there."""
    allowed: list[Action] = []
    if by_hand:
        allowed.append(Action.BY_HAND)
    if status in (Status.FAILED, Status.CANCELLED):
        allowed.append(Action.RETRY)
    allowed.append(Action.CANCEL if status in PENDING else Action.DELETE)
    return tuple(allowed)


def perform(action: Action, *, prediction_id: UUID, file_name: str, leave: bool = False) -> None:
    """Do it and draw the page again; for a deletion ask first. leave: for the list, once it is deleted.

    Raises NotFound, Conflict, NoRunner.
    """
    match action:
        case Action.OPEN:
            links.go(PREDICTION, id=prediction_id)
        case Action.DELETE:
            _confirm_deletion(prediction_id, file_name, leave)
            return
        case Action.BY_HAND:
            by_hand(prediction_id)
        case Action.RETRY:
            with db.session_scope(session.user(), write=True) as scope:
                predictions.retry(scope, prediction_id=prediction_id)
        case Action.CANCEL:
            with db.session_scope(session.user(), write=True) as scope:
                predictions.cancel(scope, prediction_id=prediction_id)
    st.rerun()


def by_hand(prediction_id: UUID) -> None:
    """Have this process do a queued prediction now, unless somebody has taken it up meanwhile.

    Raises NotFound, NoRunner.
    """
    try:
        with db.session_scope(session.user(), write=True) as scope:
            task_id = predictions.prioritize(scope, prediction_id=prediction_id)
    except Conflict:  # what was asked for is being done or over, and the page shows which
        return
    queue.local_runner.run_now(task_id)


def download(prediction_id: UUID, *, file_format: str = "csv", safe: bool = False) -> str:
    """The address that answers with the result file. safe: with no cell that a spreadsheet would run."""
    asked = [f"format={file_format}"] * (file_format != "csv") + ["safe=1"] * safe
    return f"{DOWNLOADS}/{prediction_id}" + ("?" + "&".join(asked) if asked else "")


@st.dialog("Delete this prediction?", icon=":material/delete:")
def _confirm_deletion(prediction_id: UUID, file_name: str, leave: bool) -> None:
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            row = predictions.get(scope, prediction_id=prediction_id)
        at = formatting.moment(row.created_at, now=session.now(), zone=session.zone())
        model = f"{links.escape(row.model.name)} v{row.model.version}"
        st.markdown(
            f"This permanently deletes the result of **{links.escape(file_name)}** scored with **{model}**, requested "
            f"at {at}, and its metrics. The uploaded file and the model are kept."
        )
        if page_frame.confirmed("Delete prediction", key="confirm_delete"):
            delete(prediction_id)
            notices.leave(f"Deleted the prediction of {links.escape(file_name)}.", icon=":material/delete:")
            if leave:
                links.go(PREDICTIONS)
            st.rerun()


def delete(prediction_id: UUID) -> None:
    """Remove a settled prediction and then its files. Raises NotFound, Conflict."""
    stored.delete(session.user(), session.files(), partial(predictions.delete, prediction_id=prediction_id))
