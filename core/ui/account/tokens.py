"""Personal tokens: the list, a form for a new one, and its secret, shown once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import db
from core.access import tokens
from core.db.tables.credentials import ApiTokenRow
from core.errors import AppError, Invalid
from core.ui import formatting, links, notices, page_frame, session

_MADE = "account_token_made"
LIVES = {"30 days": 30, "90 days": 90, "1 year": 365}
MEANS = {
    tokens.READ: "Read: lists, details, downloads",
    tokens.WRITE: "Write: upload, predict, cancel, delete",
    tokens.TRAINING: "Training: train models and report from elsewhere",
}
SHORT = {tokens.PACKAGE: "training package: reports of what was begun with it, and nothing else"}


def show(made: Sequence[ApiTokenRow]) -> None:
    """The whole part of the page."""
    page_frame.section(
        "API tokens", "Programs use a token to call the API as you, as `Authorization: Bearer …`."
    )
    _show_secret()
    if made:
        with st.container(border=True, gap="xsmall", key="tokens"):
            for row in made:
                _line(row)
    else:
        st.caption("No tokens yet.")
    with st.expander("New token", icon=":material/add:", key="new_token"):
        _form()


def _line(row: ApiTokenRow) -> None:
    now = session.now()
    used = f"used {formatting.ago(row.used_at, now=now)}" if row.used_at else "never used"
    ends = formatting.moment(row.expires_at, now=now, zone=session.zone())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch", gap=None):
            st.markdown(f"**{links.escape(row.name)}** :gray[`{row.begins}…`]")
            st.caption(
                f"{', '.join(SHORT.get(scope, scope) for scope in row.scopes)} · {used} · expires {ends}"
            )
        if st.button("Revoke", key=f"revoke_{row.id}", icon=":material/block:", type="tertiary"):
            _confirm(row)


@st.dialog("Revoke this token?", icon=":material/block:")
def _confirm(row: ApiTokenRow) -> None:
    st.markdown(f"Programs that use **{links.escape(row.name)}** lose access immediately.")
    if page_frame.confirmed("Revoke token", key="confirm_revoke", icon=":material/block:"):
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                tokens.revoke(scope, token_id=row.id, now=session.now())
            notices.leave(f"Revoked {links.escape(row.name)}.", icon=":material/block:")
            st.rerun()


def _form() -> None:
    with st.form("token", border=False, clear_on_submit=True):
        name = st.text_input("What is it for?", max_chars=tokens.LONGEST_NAME, key="token_name")
        scopes = st.multiselect(
            "Permissions",
            list(MEANS),
            default=[tokens.READ],
            format_func=MEANS.__getitem__,
            key="token_scopes",
        )
        lives = st.selectbox("Expires in", list(LIVES), index=1, key="token_lives")
        is_uncopied = _MADE in st.session_state  # another one would take its place
        is_wanted = st.form_submit_button(
            "Create token", type="primary", key="make_token", disabled=is_uncopied
        )
        if is_uncopied:
            st.caption("Copy the token above first.")
    if is_wanted:
        try:
            if not name.strip():
                raise Invalid(
                    problem="The token has no name.",
                    remedy="Say what it is for, so that you recognize it later.",
                )
            with db.session_scope(session.user(), write=True) as scope:
                row, secret = tokens.create(
                    scope, name=name, scopes=scopes, days=LIVES[lives], now=session.now()
                )
        except AppError as error:
            page_frame.show_error(error)
            return
        st.session_state[_MADE] = (row.name, secret)
        st.rerun()


def _show_secret() -> None:
    """The secret of a token that was just made, until it is said to be copied: whatever draws the page again meanwhile
    must not take the only copy away. A page that is loaded anew no longer knows it.
    """
    if (made := st.session_state.get(_MADE)) is None:
        return
    name, secret = made
    with st.container(border=True, key="secret"):
        st.markdown(f"Created **{links.escape(name)}**. Copy the token now, it won't be shown again.")
        st.code(secret, language=None, wrap_lines=True)
        st.button("I've copied it", key="copied", on_click=lambda: st.session_state.pop(_MADE, None))
