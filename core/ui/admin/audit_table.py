"""The audit trail with filters, newest first, a page at a time: each line a sentence, below it when and from where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from uuid import UUID

import streamlit as st

from core import db
from core.access import audit
from core.db.tables.audit_events import AuditEventRow
from core.ui import formatting, links, page_frame, session

N_A_PAGE = 50
_CURSORS = "audit_cursors"
OUTCOMES = {"Done": "done", "Refused": "refused"}
NOTHING_YET = ("No events yet", "Uploads, trainings, predictions and sign-ins are listed here.")
MEANS = {"session": "browser", "jwt": "access token", "local": "no sign-in"}


def show(people: Mapping[UUID, str]) -> None:
    """people: who can be chosen, by id. Raises NotAllowed, DatabaseUnavailable."""
    asked = _filters(people)
    if st.session_state.get("audit_asked") != asked:
        st.session_state["audit_asked"] = asked
        st.session_state[_CURSORS] = [None]
    cursors: list[str | None] = st.session_state[_CURSORS]
    with db.session_scope(session.user()) as scope:
        page = audit.page(scope, asked=asked, limit=N_A_PAGE, cursor=cursors[-1])
    if not page.items:
        is_filtered = asked != audit.Filter()
        title, text = ("No matching events", "Try fewer filters.") if is_filtered else NOTHING_YET
        page_frame.empty(title, text, icon=":material/history:", key="no_events")
        return
    zone = session.zone()
    with st.container(border=True, gap="small", key="audit_events"):
        for row in page.items:
            st.markdown(f"{sentence(row)}  \n:small[:gray[{_circumstances(row, zone=zone)}]]")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Page {len(cursors)}", width="stretch")
        if len(cursors) > 1 and st.button("Newer", key="newer", icon=":material/arrow_back:"):
            cursors.pop()
            st.rerun()
        if page.next_cursor and st.button("Older", key="older", icon=":material/arrow_forward:"):
            cursors.append(page.next_cursor)
            st.rerun()


def _filters(people: Mapping[UUID, str]) -> audit.Filter:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="audit_filters"):
        text = st.text_input("Search", placeholder="Person, file or model", key="audit_text", width=260)
        who = st.selectbox(
            "Person",
            list(people),
            index=None,
            format_func=people.__getitem__,
            placeholder="Anyone",
            key="audit_who",
            width=220,
        )
        action = st.selectbox(
            "Action",
            audit.known_actions(),
            index=None,
            format_func=action_label,
            placeholder="Any action",
            key="audit_what",
            width=240,
        )
        outcome = st.segmented_control("Outcome", list(OUTCOMES), key="audit_outcome")
    return audit.Filter(
        user_id=who, action=action, outcome=OUTCOMES[outcome] if outcome else None, text=(text or "").strip()
    )


def sentence(row: AuditEventRow) -> str:
    """Who did what to what, in markdown: "**ada@example.org** deleted the file **sales.csv**"."""
    unnamed = "Someone at the shell" if row.via == "shell" else "Someone unknown"
    what = f"**{links.escape(row.actor or unnamed)}** {audit.says(row.action)}"
    subject = links.escape(row.subject_name or row.subject_id or "")
    named = audit.audited(row.subject_kind).phrase.format(f"**{subject}**") if row.subject_kind else ""
    refused = " :red-badge[Refused]" if row.outcome == "refused" else ""
    return f"{what}{named}{refused}"


def _circumstances(row: AuditEventRow, *, zone: tzinfo) -> str:
    details = (f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in (row.details or {}).items())
    means = MEANS.get(row.via, row.via)
    parts = (formatting.exact_moment(row.created_at, zone=zone), row.address, means, *details)
    return " · ".join(links.escape(part) for part in parts if part)


def _plain(value: object) -> str:
    """A detail as a person writes it: ["read", "write"] → "read, write", {"uploads": 2} → "uploads 2"."""
    match value:
        case dict():
            return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
        case list():
            return ", ".join(_plain(one) for one in value)
    return str(value)


def action_label(action: str) -> str:
    """How a person says it, with its noun: `prediction.deleted` → "deleted a prediction"."""
    noun = audit.audited(action.partition(".")[0]).noun
    return f"{audit.says(action)} {noun}".rstrip()
