"""Predictions as rows that line up: what was scored with what, how it stands, and a menu at the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.predictions import PredictionRow
from core.predictions import predictions
from core.predictions.results import measures
from core.predictions.states import Status
from core.ui import formatting, links, session
from core.ui.predictions import actions, status_badges, tiles
from core.ui.predictions.actions import Action
from core.ui.predictions.pages import PREDICTION

STATUS_PX, ROWS_PX, BUTTON_PX = 112, 170, 36


def show(
    rows: Sequence[PredictionRow],
    *,
    me: db.User,
    people: Mapping[UUID, str],
    now: datetime,
    abandoned: Collection[UUID],
    has_worker: bool,
) -> None:
    """Draw them, and do what a menu asks for. Few elements a row: they are what a refresh costs.

    people: what the owners are called. What is not `me`'s can be opened, and no more. abandoned: those that are
    PROCESSING and whose worker is gone.
    """
    has_owners = session.config().has_sign_in
    with st.container(border=True, gap="small", key="predictions_table"):
        for row in rows:
            owner = people.get(row.user_id, "") if has_owners or row.user_id != me.id else ""
            is_waiting = row.status == Status.QUEUED or row.id in abandoned
            offered = actions.offered(row.status, by_hand=is_waiting and not has_worker)
            asked = _draw(row, owner=owner, now=now, offered=offered if row.user_id == me.id else ())
            if asked is not None:
                actions.perform(asked, prediction_id=row.id, file_name=row.upload.file_name)


def rows_text(row: PredictionRow) -> str:
    """ "120,000 of 1.2 M rows" once some are done and some are not, else all of them: "1.2 M rows"."""
    total = n_total(row)
    if row.status == Status.PROCESSING or 0 < row.task.done < total:
        return f"{formatting.number(row.task.done)} of {formatting.count(total, 'row')}"
    return formatting.count(total, "row")


def n_total(row: PredictionRow) -> int:
    """All rows of the file, as its task knows them or else as they were counted when it was asked for."""
    return row.task.total or row.n_rows


def _draw(row: PredictionRow, *, owner: str, now: datetime, offered: Sequence[Action]) -> Action | None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"row_{row.id}"):
        with st.container(width="stretch", gap=None, key=f"about_{row.id}"):
            links.link(
                f"**{links.escape(row.upload.file_name)}**",
                PREDICTION,
                tip=_exact(row),
                id=row.id,
            )
            facts = [row.model.name, f"v{row.model.version}", _result(row), owner]
            st.caption(" · ".join(links.escape(fact) for fact in facts if fact))
        st.markdown(status_badges.of(row).markdown, width=STATUS_PX)
        _rows_and_times(row, now=now)
        st.link_button(
            "",
            actions.download(row.id),
            key=f"download_{row.id}",
            icon=":material/download:",
            type="tertiary",
            width=BUTTON_PX,
            disabled=row.status != Status.COMPLETED,
            help="Download result as CSV" if row.status == Status.COMPLETED else None,
        )
        return st.menu_button(
            "",
            [Action.OPEN, *offered],
            key=f"menu_{row.id}",
            icon=":material/more_horiz:",
            type="tertiary",
        )


def _result(row: PredictionRow) -> str:
    return result_text(row.id) if row.status == Status.COMPLETED else ""


@st.cache_data(max_entries=2_000, show_spinner=False)  # a result never changes
def result_text(prediction_id: UUID) -> str:
    """What came of a finished prediction in a few words: "21 % Yes", "mean 13,270"."""
    with db.session_scope(session.user()) as scope:
        measured = measures.of(predictions.get(scope, prediction_id=prediction_id))
    return tiles.in_brief(measured)


def _rows_and_times(row: PredictionRow, *, now: datetime) -> None:
    total = n_total(row)
    if row.status == Status.PROCESSING:
        st.progress(min(1.0, row.task.done / total) if total else 0.0, rows_text(row), width=ROWS_PX)
        return
    times = [formatting.ago(row.created_at, now=now)]
    if row.started_at and row.finished_at:
        times.insert(0, f"took {formatting.took(row.started_at, row.finished_at)}")
    text = f":small[{rows_text(row)}]  \n:small[:gray[{' · '.join(times)}]]"
    st.markdown(text, width=ROWS_PX, text_alignment="right")


def _exact(row: PredictionRow) -> str:
    at = formatting.exact_moment(row.created_at, zone=session.zone())
    return f"{formatting.exact(n_total(row), 'row')}, requested {at}"
