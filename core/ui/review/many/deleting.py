"""Deleting from the review page: the conversation that is open, or all that the filters find."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import streamlit as st

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from core.generation.deletions import deletions
from core.ui import confirmations, formatting, links, page_frame, session, undo
from core.ui.review import address


def show_one(conversation: ConversationRow, *, me: UUID) -> None:
    """The button for the one that is open, for its owner."""
    if conversation.user_id == me and st.button(
        "Delete", key=f"delete_{conversation.id}", icon=":material/delete:", type="tertiary"
    ):
        _confirm_one(conversation)


def show_many(asked: Filter) -> None:
    """The button for all that the filters of the page find."""
    if st.button(
        "Delete…",
        key="delete_filtered",
        icon=":material/delete_sweep:",
        type="tertiary",
        help="Delete all that these filters find",
    ):
        _confirm_many(asked)


@st.dialog("Delete this conversation?", icon=":material/delete:")
def _confirm_one(conversation: ConversationRow) -> None:
    with page_frame.guarded():
        is_approved = conversation.status == Status.APPROVED
        st.markdown(
            f"This deletes {'the **approved** conversation' if is_approved else 'the conversation'} "
            f"“{links.escape(conversation.first_words)}” with its raw replies and earlier versions."
        )
        if page_frame.confirmed("Delete conversation", key=f"confirm_delete_{conversation.id}"):
            made = deletions.carried_out(session.user(), partial(deletions.one, row_id=conversation.id))
            _leave(made)


@st.dialog("Delete what the filters find?", icon=":material/delete_sweep:")
def _confirm_many(asked: Filter) -> None:
    with page_frame.guarded():
        with db.session_scope(session.user()) as scope:
            found = deletions.find(scope, asked=asked)
        n_free = found.n_deleted(include_approved=False)
        st.markdown(
            f"The filters find **{formatting.exact(found.n, 'conversation')}** of yours; what is deleted goes with its "
            "raw replies and earlier versions. Other people's are left alone."
        )
        with_approved = bool(found.n_approved) and confirmations.approved_too(found.n_approved)
        n = found.n if with_approved else n_free
        if not n:
            st.caption("Nothing would be deleted.")
        elif page_frame.confirmed(
            f"Delete {formatting.exact(n, 'conversation')}", key=f"confirm_delete_{n}"
        ):  # the number in the key: what is confirmed is what was shown
            delete = partial(deletions.filtered, asked=asked, n_confirmed=n, include_approved=with_approved)
            _leave(deletions.carried_out(session.user(), delete))


def _leave(made: deletions.Deletion) -> None:
    address.go_to(None)
    undo.leave(made.id, f"Deleted {formatting.exact(made.n_conversations, 'conversation')}.")
    st.rerun()
