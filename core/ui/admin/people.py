"""The people there are: their role, and whether they may come in."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import db
from core.access import roles, users
from core.db.tables.users import UserRow
from core.ui import formatting, links, notices, page_frame, session


def show(found: Sequence[UserRow]) -> None:
    """A line each; nobody changes themselves."""
    myself = session.user()
    with st.container(border=True, gap="xsmall", key="people"):
        for row in found:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _who(row)
                if row.is_local or row.id == myself.id:
                    st.caption("You" if row.id == myself.id else "Without sign-in", width="content")
                elif roles.is_named_admin(row.email, session.config()):
                    st.caption("Admin, set by ADMIN_EMAILS", width="content")
                else:
                    _role(row)
                    _way_in(row)


def _who(row: UserRow) -> None:
    with st.container(width="stretch", gap=None):
        blocked = " :red-badge[Blocked]" if row.blocked_at else ""
        st.markdown(f"**{links.escape('Local user' if row.is_local else row.name)}**{blocked}")
        since = formatting.moment(row.created_at, now=session.now(), zone=session.zone())
        known_by = "anyone using this machine" if row.is_local else row.email or "no verified email"
        st.caption(f"{links.escape(known_by)} · since {since}")


def _role(row: UserRow) -> None:
    chosen = st.selectbox(
        f"Role of {row.name}",
        roles.ROLES,
        index=roles.ROLES.index(row.role),
        format_func=str.capitalize,
        key=f"role_{row.id}_{row.role}",  # a role that was changed elsewhere makes a new box, not an old answer
        label_visibility="collapsed",
        width=140,
    )
    if chosen != row.role:
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                users.set_role(scope, user_id=row.id, role=chosen)
            notices.leave(f"{links.escape(row.name)} is now {chosen}.", icon=":material/badge:")
            st.rerun()


def _way_in(row: UserRow) -> None:
    label = "Unblock" if row.blocked_at else "Block"
    if st.button(label, key=f"block_{row.id}", type="tertiary"):
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                users.block(scope, user_id=row.id, is_blocked=row.blocked_at is None)
            now = "can sign in again" if row.blocked_at else "is blocked"
            notices.leave(f"{links.escape(row.name)} {now}.", icon=":material/block:")
            st.rerun()
