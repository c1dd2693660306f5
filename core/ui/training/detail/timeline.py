"""The stages of a training with how long each took, attempt by attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.db.tables.training_jobs import TrainingEventRow
from core.training.states import SETTLED, STAGES, Status
from core.ui import formatting, links, session
from core.ui.training import stages
from core.ui.training.status_badges import BADGES

DONE, RUNNING, GIVEN_UP = (
    ":green[:material/check:]",
    ":blue[:material/autorenew:]",
    ":gray[:material/replay:]",
)


def show(events: Sequence[TrainingEventRow], names: Mapping[Status, str] = stages.NAMES) -> None:
    """A line an event: what it was, how long it took, and what was said about it; attempts below their own heading.

    names: of the stages.
    """
    now, tries = session.now(), attempts(events)
    with st.container(border=True, gap="xsmall", key="timeline"):
        for number, of_attempt in enumerate(tries, start=1):
            following = tries[number][0] if number < len(tries) else None
            if len(tries) > 1:
                end = of_attempt[-1] if of_attempt[-1].state in SETTLED else following
                _row(f":gray[**Attempt {number}**]", _passed(of_attempt[0], end, now=now))
            for event, after in zip(of_attempt, [*of_attempt[1:], following], strict=True):
                _line(event, after, names, began=events[0], now=now)


def attempts(events: Sequence[TrainingEventRow]) -> Sequence[Sequence[TrainingEventRow]]:
    """The events of each attempt: another begins where it waits again, or where another worker takes over."""
    found: list[list[TrainingEventRow]] = []
    for event in events:
        is_first = not found or event.state == Status.QUEUED
        if is_first or (event.attempt > found[-1][-1].attempt and found[-1][-1].state != Status.QUEUED):
            found.append([])
        found[-1].append(event)
    return found


def _line(
    event: TrainingEventRow,
    after: TrainingEventRow | None,
    names: Mapping[Status, str],
    *,
    began: TrainingEventRow,
    now: datetime,
) -> None:
    """after: the event that ended this one. began: the first of all."""
    status = Status(event.state)
    if status in SETTLED:
        badge = BADGES[status]
        _row(
            f":{badge.color}[{badge.icon}] **{badge.word}**", f"{_passed(began, event, now=now)} in all"
        )  # why it failed stands above
    else:
        word = f"**{names[status]}**" if after is None else names[status]
        told = f" :small[:gray[· {links.escape(event.message)}]]" if event.message else ""
        _row(f"{_icon(event, after)} {word}{told}", _passed(event, after, now=now))


def _icon(event: TrainingEventRow, after: TrainingEventRow | None) -> str:
    """Whether a stage goes on, has led to the next, or is where the attempt ended."""
    if after is None:
        return RUNNING
    if after.state in SETTLED and after.state != Status.SUCCEEDED:
        badge = BADGES[Status(after.state)]
        return f":{badge.color}[{badge.icon}]"
    is_waiting = event.state == Status.QUEUED
    is_left = after.state == Status.QUEUED or after.attempt > event.attempt or _goes_back(event, after)
    return GIVEN_UP if is_left and not is_waiting else DONE


def _goes_back(event: TrainingEventRow, after: TrainingEventRow) -> bool:
    """Whether an earlier stage follows: code that Claude wrote has failed, and is written again."""
    stages_of = (Status(event.state), Status(after.state))
    return all(one in STAGES for one in stages_of) and STAGES.index(stages_of[1]) < STAGES.index(stages_of[0])


def _passed(event: TrainingEventRow, after: TrainingEventRow | None, *, now: datetime) -> str:
    return formatting.duration(((after.at if after else now) - event.at).total_seconds())


def _row(text: str, took: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(text, width="stretch")
        st.caption(took, width="content")
