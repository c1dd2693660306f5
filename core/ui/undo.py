"""Taking a deletion back: a bar above every page, for as long as nothing has been removed yet."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import streamlit as st

from core import db
from core.generation.deletions import deletions
from core.ui import notices, page_frame, session

LOOK_S: Final = 2.0  # between two looks whether it can still be undone
_KEY: Final = "deletion"
_DRAWN: Final = "deletion_drawn"  # which was seen, if any


def leave(deletion_id: UUID, text: str) -> None:
    """Have the next runs offer it. text: what was deleted, as markdown."""
    st.session_state[_KEY] = (str(deletion_id), text)


def show() -> None:
    """Draw the bar, if there is something to be taken back."""
    if _KEY not in st.session_state:
        return

    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        with page_frame.guarded():
            _draw()

    live()


def _draw() -> None:
    deletion_id, text = st.session_state.get(_KEY, ("", ""))
    if not deletion_id:
        return
    with db.session_scope(session.user()) as scope:
        if not deletions.can_undo(scope, deletion_id=UUID(deletion_id)):
            del st.session_state[_KEY]
            if st.session_state.get(_DRAWN) != deletion_id:  # a slow page: at least say what has become of it
                notices.leave(text, icon=":material/delete:")
            st.rerun()
    st.session_state[_DRAWN] = deletion_id
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="undo_deletion_bar"):
        st.markdown(text, width="stretch")
        if st.button("Undo", key=f"undo_deletion_{deletion_id}", icon=":material/undo:"):
            with db.session_scope(session.user(), write=True) as scope:
                deletions.undo(scope, deletion_id=UUID(deletion_id))
            del st.session_state[_KEY]
            notices.leave("Restored.", icon=":material/undo:")
            st.rerun()
