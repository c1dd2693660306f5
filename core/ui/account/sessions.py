"""The browsers one is signed in with, and a way to sign out of each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from core import db
from core.access import sessions
from core.db.tables.credentials import SessionRow
from core.ui import formatting, links, notices, page_frame, session

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def show(found: Sequence[SessionRow]) -> None:
    """The whole part of the page."""
    page_frame.section(
        "Where you are signed in", "Sign out of browsers you no longer use or don't recognize."
    )
    mine, now, zone = session.session_id(), session.now(), session.zone()
    with st.container(border=True, gap="xsmall", key="sessions"):
        for row in found:
            is_this = row.id == mine
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(width="stretch", gap=None):
                    this = " :green-badge[This browser]" if is_this else ""
                    st.markdown(f"**{links.escape(named(row.agent))}**{this}")
                    begun = formatting.moment(row.created_at, now=now, zone=zone)
                    seen = formatting.ago(row.seen_at, now=now)
                    st.caption(
                        f"{links.escape(row.address or 'Unknown address')} · since {begun} · last used {seen}"
                    )
                if not is_this and st.button("Sign out", key=f"end_{row.id}", type="tertiary"):
                    with db.session_scope(session.user(), write=True) as scope:
                        sessions.revoke(scope, session_id=row.id, now=session.now())
                    notices.leave("Signed out of that browser.", icon=":material/logout:")
                    st.rerun()


def named(agent: str) -> str:
    """A browser's name for itself as a person says it: "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or re.split(r"[/\s]", agent)[0] or "Unknown browser"
