"""A conversation as a chat, and the form in which it is edited. What models and users wrote is text, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import files, review
from core.generation.conversations.messages import LONGEST_CONTENT
from core.generation.quality.findings import Finding
from core.ui import notices, page_frame, session
from core.ui.review import marked

_WHO: Final = {"user": ("User", ":material/person:"), "assistant": ("Assistant", ":material/smart_toy:")}
_LINE_PX, _LEAST_PX, _MOST_PX = 24, 90, 400


def show(messages: Sequence[dict[str, Any]], found: Sequence[Finding], *, key: str) -> None:
    """Draw the turns, with what was found marked at its place. key: names this state of this conversation."""
    placed = [one for one in found if one.start is not None]
    with st.container(border=True, key="chat"):
        for idx, message in enumerate(messages):
            here = [one for one in placed if one.message_idx == idx]
            name, avatar = _WHO[message["role"]]
            with st.chat_message(name, avatar=avatar), st.container(gap=None):
                st.caption(name)
                if here:
                    marked.show(message["content"], here, key=f"marked_{key}_{idx}")
                else:
                    st.text(message["content"], width="stretch")


def edit(conversation: ConversationRow) -> bool:
    """Draw the form, and save what was written; whether it is done with, saved or not. Errors leave it as it is."""
    version = f"{conversation.id}_{conversation.row_version}"
    with st.form(f"edit_form_{version}", enter_to_submit=False):
        st.markdown("**Edit** :gray[· the conversation then waits for a decision again]")
        written = [
            st.text_area(
                f"{number}. {_WHO[message['role']][0]}",
                message["content"],
                key=f"turn_{version}_{number}",
                height=_height(message["content"]),
                max_chars=LONGEST_CONTENT,
            )
            for number, message in enumerate(conversation.messages, start=1)
        ]
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            is_left = st.form_submit_button("Cancel", key="cancel_edit")
            is_saved = st.form_submit_button("Save", key="save_edit", type="primary", icon=":material/save:")
    if is_saved:
        with page_frame.guarded():
            _save(conversation, written)
            return True
    return is_left


def _save(conversation: ConversationRow, written: Sequence[str]) -> None:
    """Raises NotFound, BadMessages, ConversationChanged."""
    user = session.user()
    new = [
        {"role": old["role"], "content": text}
        for old, text in zip(conversation.messages, written, strict=True)
    ]
    with db.session_scope(user, write=True) as scope:
        saved = review.edit(scope, row_id=conversation.id, row_version=conversation.row_version, new=new)
    if saved.row_version == conversation.row_version:
        return
    files.rewrite_or_log(
        user, files=session.files(), staging_dir=session.config().staging_dir, row_id=conversation.id
    )
    notices.leave("Saved. It waits for a decision.", icon=":material/save:")


def _height(text: str) -> int:
    """As high as the words need, within bounds."""
    n_lines = sum(1 + len(line) // 90 for line in text.splitlines())
    return min(_MOST_PX, max(_LEAST_PX, _LINE_PX * (n_lines + 1)))
