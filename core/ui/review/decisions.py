"""The bar above a conversation: where it stands in the queue, what may be decided, and the way back.

What a button does is bound to the conversation and the row version that were drawn with it: a click means what its
reader saw, whatever the page shows by then, and a second click on one never meets the next. The bar stands above the
conversation and is drawn after it, so that no button is there before what it decides on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.errors import AppError
from core.generation.conversations import review
from core.generation.conversations.errors import ConversationChanged
from core.generation.conversations.review import LONGEST_REASON, Decided
from core.generation.conversations.review_queue import Place
from core.generation.conversations.states import Status
from core.ui import formatting, links, notices, session
from core.ui.review import address
from core.ui.review.keyboard import keys, reasons

MOST_UNDONE: Final = 50
_DONE: Final = "review_done"
_EDITED: Final = "review_edited"
_SAID: Final = {Status.APPROVED: "Approved", Status.REJECTED: "Rejected"}


@dataclass(frozen=True)
class _Seen:
    """A conversation as it was when something was decided on it, and the row version that it has since. said: what."""

    row_id: UUID
    row_version: int
    status: Status
    reason: str
    said: str = ""


def show(conversation: ConversationRow, place: Place, *, noun: str, recent: Sequence[str]) -> None:
    """Draw it. noun: what the queue holds: "waiting". recent: the reasons that the reader gave lately."""
    offered, is_form = reasons.offered(recent), is_edited(conversation)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="review_bar"):
        _go("Back", "previous", place.previous_id, shortcut="Left", disabled=is_form)
        where = f"**{place.place:,}** of {place.n:,} {noun}" if place.place else f"{place.n:,} {noun}"
        st.markdown(where, width="content")
        _go("Next", "next", place.next_id, shortcut="Right", disabled=is_form)
        if done := st.session_state.get(_DONE):
            st.markdown(f":small[:gray[{done[-1].said} the one before]]", width="content")
        st.space("stretch")
        _decide(conversation, place, offered)
    reasons.show(offered, version=version(conversation), disabled=is_form)


def version(conversation: ConversationRow) -> str:
    """Names this state of this conversation, as keys of widgets do."""
    return f"{conversation.id}_{conversation.row_version}"


def is_edited(conversation: ConversationRow) -> bool:
    """Whether the form is open for what is shown."""
    return bool(st.session_state.get(_EDITED) == version(conversation))


def leave_form() -> None:
    """Close the form from the next run on."""
    st.session_state.pop(_EDITED, None)


def show_undo(*, disabled: bool = False) -> None:
    """The button that takes the last decision back. Where nothing waits any more it is still there."""
    done: list[_Seen] = st.session_state.get(_DONE, [])
    last = done[-1] if done else None
    st.button(
        "Undo",
        key=f"undo_{last.row_id}_{last.row_version}" if last else "undo",
        icon=":material/undo:",
        shortcut=keys.shortcut("U"),
        disabled=disabled or last is None,
        help="Take your last decision back",
        on_click=_undo,
        args=(last,),
    )


def queue_noun(statuses: tuple[Status, ...], n: int) -> str:
    """What a queue of these states holds: "waiting", "approved", "conversations"."""
    words = {Status.PENDING: "waiting", Status.APPROVED: "approved", Status.REJECTED: "rejected"}
    if len(statuses) == 1:
        return words[statuses[0]]
    return formatting.count(n, "conversation").partition(formatting.NO_BREAK)[2]


def _go(label: str, name: str, row_id: UUID | None, *, shortcut: str, disabled: bool) -> None:
    st.button(
        label,
        key=f"{name}_{row_id}",
        shortcut=keys.shortcut(shortcut),
        disabled=disabled or row_id is None,
        help=f"The {name} conversation",
        on_click=address.go_to,
        args=(row_id,),
    )


def _decide(conversation: ConversationRow, place: Place, offered: Sequence[str]) -> None:
    name, is_open = version(conversation), not is_edited(conversation)
    seen = _Seen(
        conversation.id, conversation.row_version, Status(conversation.status), conversation.reason or ""
    )
    st.text_input(
        "Reason",
        key=f"reason_{name}",
        placeholder="Reason, if any",
        label_visibility="collapsed",
        max_chars=LONGEST_REASON,
        width=180,
    )
    onward = place.next_id or place.previous_id
    for word, decision, icon, shortcut in (
        ("Approve", Status.APPROVED, ":material/check:", "A"),
        ("Reject", Status.REJECTED, ":material/close:", "X"),
    ):
        st.button(
            word,
            key=f"{word.lower()}_{name}",
            type="primary" if decision is Status.APPROVED else "secondary",
            icon=icon,
            shortcut=keys.shortcut(shortcut),
            disabled=not is_open or seen.status is decision,
            on_click=_perform,
            args=(seen, decision, name, offered, onward),
        )
    st.button(
        "Edit",
        key=f"edit_{name}",
        icon=":material/edit:",
        shortcut=keys.shortcut("E"),
        disabled=not is_open,
        on_click=st.session_state.update,
        args=({_EDITED: name},),
    )
    show_undo(disabled=not is_open)  # what is written in the form is lost to no key


def _perform(seen: _Seen, decision: Status, name: str, offered: Sequence[str], onward: UUID | None) -> None:
    """A callback: decide, with what was written or else chosen as the reason, and go on to the next."""
    with _told():
        written = str(st.session_state.get(f"reason_{name}") or "").strip()
        made = _made(seen, decision, reason=written or reasons.settle(name, offered))
        if made.row_version is not None:
            was = _Seen(seen.row_id, made.row_version, seen.status, seen.reason, _SAID[decision])
            st.session_state[_DONE] = [*st.session_state.get(_DONE, []), was][-MOST_UNDONE:]
        wanted_the_same = isinstance(made.error, ConversationChanged) and made.error.status == decision
        if made.error is None or wanted_the_same:
            address.go_to(onward)
        else:
            address.go_to(seen.row_id)  # to be read again
            _tell(made.error)


def _undo(last: _Seen) -> None:
    """A callback: have it as it was before the last decision, and open it."""
    with _told():
        st.session_state[_DONE] = [one for one in st.session_state.get(_DONE, []) if one != last]
        address.go_to(last.row_id)
        made = _made(last, last.status, reason=last.reason)
        if made.error is None:
            notices.leave("Taken back.", icon=":material/undo:")
        else:
            _tell(made.error)


def _made(seen: _Seen, decision: Status, *, reason: str) -> Decided:
    """What has become of it; nothing where somebody else was first."""
    with db.session_scope(session.user(), write=True) as scope:
        (made,) = review.decide(
            scope,
            decision=decision,
            ids=[seen.row_id],
            reason=reason,
            row_versions={seen.row_id: seen.row_version},
        ).results
    return made


def _tell(error: AppError) -> None:
    said = f"{error.said} Read it again." if isinstance(error, ConversationChanged) else error.message
    notices.leave(links.escape(said), icon=":material/group:")


@contextmanager
def _told() -> Iterator[None]:
    """What stops a callback is said by the run behind it: no frame of the page is drawn yet."""
    try:
        yield
    except AppError as error:
        notices.leave(links.escape(str(error)), icon=":material/error:")
