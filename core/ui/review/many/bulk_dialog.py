"""Deciding on many at once: how many, why, then part by part with progress; and taking it back as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.generation.conversations import bulk, receipts, review
from core.generation.conversations.bulk import Progress
from core.generation.conversations.conversations import Filter
from core.generation.conversations.review import LONGEST_REASON
from core.generation.conversations.states import Status
from core.ui import formatting, notices, page_frame, session
from core.ui.review.keyboard import keys, reasons

_LAST: Final = "review_bulk"  # the id of the last one, its number and decision
_VERBS: Final = {Status.APPROVED: "Approve", Status.REJECTED: "Reject"}
_DONE: Final = {Status.APPROVED: "approved", Status.REJECTED: "rejected"}


def ask(decision: Status, *, asked: Filter | None = None, versions: Mapping[UUID, int] | None = None) -> None:
    """Open it for what was ticked, with the row versions that were drawn, or for all that a filter finds.

    How many there are is counted now, and that number is what is confirmed.
    """
    given = dict(versions or {})
    with db.session_scope(session.user()) as scope:
        n = len(given) if asked is None else review.n_undecided(scope, asked=asked, decision=decision)
        recent = receipts.recent_reasons(scope)

    @st.dialog(f"{_VERBS[decision]} conversations", icon=":material/done_all:")
    def dialog() -> None:
        with page_frame.guarded():
            _draw(decision, asked, given, n=n, recent=recent)

    dialog()


def show_undo() -> None:
    """The way back from the last one."""
    last: tuple[UUID, int, str] | None = st.session_state.get(_LAST)
    if st.button(
        "Undo" if last is None else f"Undo: {last[1]:,} {last[2]}",
        key="undo_bulk",
        icon=":material/undo:",
        shortcut=keys.shortcut("U"),
        disabled=last is None,
        help="Take all of the last decision back, but for what was changed since",
    ):
        assert last is not None
        _take_back(last[0])


def _draw(
    decision: Status, asked: Filter | None, versions: dict[UUID, int], *, n: int, recent: Sequence[str]
) -> None:
    if not n:
        st.markdown(f"All of them are {_DONE[decision]} already.")
        if st.button("Close", key="close_bulk"):
            st.rerun()
        return
    told = formatting.exact(n, "conversation")
    which = "that you ticked" if asked is None else "that the filters find"
    st.markdown(
        f"{_VERBS[decision]} the **{told}** {which}. Each can be changed again, and all be taken back."
    )
    reason = st.selectbox(
        "Reason",
        reasons.offered(recent),
        index=None,
        accept_new_options=True,
        placeholder="None, or choose or write one",
        key="bulk_reason",
    )
    is_confirmed = page_frame.confirmed(
        f"{_VERBS[decision]} {n:,}", key="decide_bulk", icon=":material/check:"
    )
    if is_confirmed:
        _run(
            bulk.decide(
                session.user(),
                decision=decision,
                n=n,
                asked=asked,
                row_versions=versions or None,
                reason=(reason or "").strip()[:LONGEST_REASON],
            ),
            decision,
        )
        st.rerun()


def _run(going: Iterator[Progress], decision: Status) -> None:
    last = _followed(going)
    if last is None:
        notices.leave("Nothing was left to decide on.", icon=":material/info:")
        return
    st.session_state[_LAST] = (last.bulk_id, last.n_done, _DONE[decision])
    text = f"{formatting.exact(last.n_done, 'conversation')} {_DONE[decision]}."
    if left := last.n - last.n_done:
        text += f" {left:,} left alone: others were quicker."
    notices.leave(text, icon=":material/done_all:")


def _take_back(bulk_id: UUID) -> None:
    last = _followed(bulk.take_back(session.user(), bulk_id=bulk_id))
    st.session_state.pop(_LAST, None)
    text = "Nothing was taken back: all were changed since."
    if last is not None:
        text = f"{formatting.exact(last.n_done, 'decision')} taken back."
        if last.n_left_alone:
            text += f" {last.n_left_alone:,} left as they are, for they were changed since."
    notices.leave(text, icon=":material/undo:")
    st.rerun()


def _followed(going: Iterator[Progress]) -> Progress | None:
    """The end of it, with a bar meanwhile."""
    last = None
    bar = st.progress(0.0)
    for last in going:
        done = last.n_done + last.n_left_alone
        bar.progress(min(1.0, done / last.n), f"{done:,} of {last.n:,}")
    return last
