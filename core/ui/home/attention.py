"""The part of Home that says what needs somebody: failures, what waits for a worker, what is in progress."""

from __future__ import annotations

import textwrap
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import db, queue
from core.ui import formatting, links, no_worker, page_frame, session
from core.ui.home.home_data import Pulse
from core.ui.work_items import N_SHOWN, ActiveItem, Activity, FailedItem

BAR_PX: Final = 180
REASON_LENGTH: Final = 100


def show(pulse: Pulse, *, shown_id: UUID | None = None) -> None:
    """Draw it; "All clear" when there is nothing. shown_id: of what the page shows elsewhere."""
    rest = [_without(room, shown_id) for room in pulse.rooms]
    if not (pulse.is_stalled or pulse.failed or any(active or n_more for active, n_more in rest)):
        if shown_id is None:
            _all_clear()
        return
    with st.container(border=True, gap="xsmall", key="attention"):
        if pulse.is_stalled:
            _no_worker(pulse)
        for room in pulse.rooms:
            _failures(room)
        for active, _ in rest:
            for item in active:
                progress(item)
        if not pulse.is_stalled:
            _more(
                [formatting.exact(n, room.noun) for room, (_, n) in zip(pulse.rooms, rest, strict=True) if n]
            )


def progress(item: ActiveItem) -> None:
    """One line and a bar on how far something is."""
    with _line(f":blue[:material/autorenew:] {item.text}"):
        st.progress(min(1.0, item.done / item.total) if item.total else 0.0, width=BAR_PX)
        links.link("Open", item.page, icon=":material/arrow_forward:", id=item.id)


def _without(room: Activity, shown_id: UUID | None) -> tuple[list[ActiveItem], int]:
    """What of a room's work has a line of its own here, and how much more there is."""
    active = [item for item in room.active if item.id != shown_id]
    n_elsewhere = len(room.active) - len(active)
    shown = active[:N_SHOWN]
    return shown, room.n_running + room.n_queued - n_elsewhere - len(shown)


def _all_clear() -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="all_clear"):
        st.markdown(
            ":small[:green[:material/check_circle:] **All clear** :gray[· Nothing has failed, nothing is waiting]]"
        )


def _no_worker(pulse: Pulse) -> None:
    waiting = [formatting.exact(room.n_queued, room.noun) for room in pulse.rooms if room.queued]
    text = f"**{no_worker.SENTENCE}** :gray[· {' and '.join(waiting)} waiting]"
    first = next(room.queued for room in pulse.rooms if room.queued)
    with _line(f"{no_worker.ICON} {text}"):
        clicked = st.button(first.button, key="by_hand", icon=":material/play_arrow:")
    if clicked:
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                task_id = first.prioritize(scope)
            if task_id is not None:
                queue.local_runner.run_now(task_id)
            st.rerun()


def _failures(room: Activity) -> None:
    for item in room.failed:
        _failed(item)
    if more := room.all_failed:
        links.link(more.label, more.page, icon=":material/arrow_forward:", **more.query)


def _failed(item: FailedItem) -> None:
    reason = textwrap.shorten(item.reason, REASON_LENGTH, placeholder=" …")
    with _line(f":red[:material/error:] {item.text} :gray[· {links.escape(reason)}]"):
        links.link(
            "Open", item.page, icon=":material/arrow_forward:", tip=links.escape(item.reason), id=item.id
        )


def _more(counted: list[str]) -> None:
    if counted:
        st.caption(f"{' and '.join(counted)} in the queue.")


def _line(text: str) -> DeltaGenerator:
    """A sentence, and room at its right for what can be done."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.markdown(f":small[{text}]", width="stretch")
    return line
