"""The part of Home that says what needs somebody: failures, what waits for a worker, what is in progress."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import db, queue
from core.ui import formatting, links, no_worker, page_frame, session
from core.ui.home.home_data import Pulse
from core.ui.work_items import N_SHOWN, ActiveItem, Activity, FailedItem, ReadyItem

BAR_PX: Final = 180
REASON_LENGTH: Final = 100


def show(pulse: Pulse, *, shown_id: UUID | None = None) -> None:
    """Draw it; "All clear" when there is nothing. shown_id: of what the page shows elsewhere."""
    active = [_active(room, shown_id) for room in pulse.rooms]
    if not (pulse.is_stalled or pulse.failed or pulse.ready or any(rest.is_any for rest in active)):
        if shown_id is None:
            _all_clear()
        return
    with st.container(border=True, gap="xsmall", key="attention"):
        if pulse.is_stalled:
            _no_worker(pulse)
        for room in pulse.rooms:
            _failures(room)
        for ready in pulse.ready:
            _ready(ready)
        for rest in active:
            for item in rest.shown:
                progress(item)
        if not pulse.is_stalled:
            _more(active)


def progress(item: ActiveItem) -> None:
    """One line and a bar on how far something is."""
    with _line(f":blue[:material/autorenew:] {item.text}"):
        st.progress(min(1.0, item.done / item.total) if item.total else 0.0, width=BAR_PX)
        links.link("Open", item.page, icon=":material/arrow_forward:", id=item.id)


@dataclass(frozen=True)
class _Active:
    """The room's work that has a line of its own here, and how much more runs and waits."""

    noun: str
    shown: Sequence[ActiveItem]
    n_running: int
    n_queued: int

    @property
    def is_any(self) -> bool:
        return bool(self.shown or self.n_running or self.n_queued)


def _active(room: Activity, shown_id: UUID | None) -> _Active:
    shown = [item for item in room.active if item.id != shown_id][:N_SHOWN]
    waits = [item.is_waiting for item in (*shown, *(item for item in room.active if item.id == shown_id))]
    return _Active(room.noun, shown, room.n_running - waits.count(False), room.n_queued - waits.count(True))


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
    with _line(f"{item.mark} {item.text} :gray[· {links.escape(reason)}]"):
        links.link(
            "Open", item.page, icon=":material/arrow_forward:", tip=links.escape(item.reason), id=item.id
        )


def _ready(item: ReadyItem) -> None:
    with _line(f":orange[{item.icon}] {item.text}"):
        links.link(item.button, item.page, icon=":material/arrow_forward:", **item.query)


def _more(active: Sequence[_Active]) -> None:
    running = " and ".join(
        formatting.exact(one.n_running, f"more {one.noun}") for one in active if one.n_running
    )
    queued = " and ".join(formatting.exact(one.n_queued, one.noun) for one in active if one.n_queued)
    told = [*([f"{running} running"] if running else []), *([f"{queued} in the queue"] if queued else [])]
    if told:
        st.caption(f"{', '.join(told)}.")


def _line(text: str) -> DeltaGenerator:
    """A sentence, and room at its right for what can be done."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.markdown(f":small[{text}]", width="stretch")
    return line
