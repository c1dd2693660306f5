"""The live list of predictions: filters, a banner where nothing would go on, rows, pages of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import db, queue
from core.access.ownership import MINE, OwnerFilter
from core.predictions import listing
from core.predictions.states import PENDING, Status
from core.ui import formatting, no_worker, page_frame, session
from core.ui.predictions import actions, filters
from core.ui.predictions import table as prediction_table
from core.ui.predictions.filters import PER_PAGE

MOVING_S, SETTLED_S = 5.0, 15.0  # between two looks


@dataclass(frozen=True)
class ListState:
    """How many there are of each, with the filters but for the status, and what is pending whatever they say.

    abandoned, n_waiting, next_id, has_worker: of the reader's own, for no others can be done by hand.
    """

    counts: dict[Status, int]
    n_pending: int
    abandoned: Sequence[UUID]
    n_waiting: int
    next_id: UUID | None
    has_worker: bool


def show(
    whose: OwnerFilter, *, people: Mapping[UUID, str], model_ids: Mapping[str, UUID], n_pending: int
) -> None:
    """Draw the list; it looks again by itself, seldom while nothing is pending.

    people: what those are called whose work it may hold. model_ids: by name.
    """

    @st.fragment(run_every=MOVING_S if n_pending else SETTLED_S)
    def live() -> None:
        with page_frame.guarded():
            still_pending = _draw(whose, people, model_ids)
            if bool(still_pending) != bool(n_pending):
                st.rerun()  # declared again, with the other run_every

    live()


def _draw(whose: OwnerFilter, people: Mapping[UUID, str], model_ids: Mapping[str, UUID]) -> int:
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="predictions_filters",
    ):
        pills = st.container(width="content")
        with st.container(horizontal=True, width="content", gap="xsmall"):
            search = filters.search()
            model_id = filters.model(model_ids)
            sort = filters.sort()
    user = session.user()
    state = read_state(user, search=search, model_id=model_id, owner=whose)
    if not state.has_worker:
        _no_worker(state)
    with pills:
        statuses = filters.statuses(state.counts)
    table, foot = st.container(), _foot()
    n_found = sum(n for status, n in state.counts.items() if not statuses or status in statuses)
    page = filters.page(foot, n_found=n_found)
    with db.session_scope(user) as scope:
        rows = listing.table(
            scope,
            offset=(page - 1) * PER_PAGE,
            limit=PER_PAGE,
            sort=sort,
            statuses=statuses,
            model_id=model_id,
            search=search,
            owner=whose,
            n_found=n_found,
        )
    with table:
        if rows:
            prediction_table.show(
                rows,
                me=user,
                people=people,
                now=session.now(),
                abandoned=state.abandoned,
                has_worker=state.has_worker,
            )
        else:
            _nothing_matches()
    return state.n_pending


def _foot() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center")


def read_state(user: db.User, *, search: str, model_id: UUID | None, owner: OwnerFilter = MINE) -> ListState:
    """How things stand, in one transaction."""
    with db.session_scope(user) as scope:
        counts = listing.counts(scope, model_id=model_id, search=search, owner=owner)
        is_filtered = bool(search) or model_id is not None
        pending = listing.counts(scope, statuses=tuple(PENDING), owner=owner) if is_filtered else counts
        mine = pending if owner == MINE else listing.counts(scope, statuses=tuple(PENDING))
        abandoned = listing.abandoned(scope) if mine[Status.PROCESSING] else ()
        n_waiting = mine[Status.QUEUED] + len(abandoned)
        return ListState(
            counts=counts,
            n_pending=sum(pending[status] for status in PENDING),
            abandoned=abandoned,
            n_waiting=n_waiting,
            next_id=listing.next_waiting(scope) if n_waiting else None,
            has_worker=not n_waiting or bool(queue.workers.alive(scope)),
        )


def _nothing_matches() -> None:
    buttons = page_frame.empty(
        "No matching predictions",
        "Try fewer filters.",
        icon=":material/filter_alt_off:",
    )
    buttons.button("Clear filters", key="clear_filters", on_click=filters.clear)


def _no_worker(state: ListState) -> None:
    waiting = f"{formatting.exact(state.n_waiting, 'prediction')} waiting"
    if no_worker.banner(waiting=waiting, button="Score the next one now", key="next_by_hand"):
        assert state.next_id is not None
        actions.by_hand(state.next_id)
        st.rerun()
