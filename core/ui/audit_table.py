"""The audit trail as a table with filters, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core import db
from core.access import audit
from core.db.tables import AuditEventRow
from core.ui import session, states, words

N_A_PAGE = 50
_CURSORS = "audit_cursors"
OUTCOMES = {"Done": "done", "Refused": "refused"}
WIDTHS_PX = {"When": 165, "Who": 165, "What": 165, "To what": 205, "From": 155, "Outcome": 75, "More": 160}
MEANS = {"session": "browser", "jwt": "access token", "local": "no sign-in"}
NOUNS = {"upload": "file", "call": "call", "user": "person", "account": "account"}


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
        states.empty(
            "Nothing here", "No event fits these filters.", icon=":material/history:", key="no_events"
        )
        return
    st.dataframe(
        _frame(page.items),
        hide_index=True,
        height="content",
        key="audit_events",
        column_config={name: st.column_config.TextColumn(width=px) for name, px in WIDTHS_PX.items()},
    )
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
        text = st.text_input("Name", placeholder="Person, file or model", key="audit_text", width=260)
        who = st.selectbox(
            "Who",
            list(people),
            index=None,
            format_func=people.__getitem__,
            placeholder="Everybody",
            key="audit_who",
            width=220,
        )
        action = st.selectbox(
            "What",
            sorted(audit.ACTIONS),
            index=None,
            format_func=said,
            placeholder="Everything",
            key="audit_what",
            width=240,
        )
        outcome = st.segmented_control("Outcome", list(OUTCOMES), key="audit_outcome")
    return audit.Filter(
        user_id=who, action=action, outcome=OUTCOMES[outcome] if outcome else None, text=(text or "").strip()
    )


def _frame(rows: Sequence[AuditEventRow]) -> pd.DataFrame:
    zone = session.zone()
    return pd.DataFrame(
        [
            {
                "When": words.exact_moment(row.created_at, zone=zone),
                "Who": row.actor or "somebody unknown",
                "What": said(row.action),
                "To what": _subject(row),
                "From": _from(row),
                "Outcome": row.outcome,
                "More": ", ".join(f"{name}: {value}" for name, value in (row.details or {}).items()),
            }
            for row in rows
        ]
    )


def _from(row: AuditEventRow) -> str:
    return " · ".join(filter(None, (row.address, MEANS.get(row.via, row.via))))


def said(action: str) -> str:
    """How a person says it, with its noun: `prediction.deleted` → "deleted a prediction"."""
    noun, _, _ = action.partition(".")
    told = audit.ACTIONS[action]
    return f"{told} a {NOUNS.get(noun, noun)}" if noun in ("upload", "prediction", "model") else told


def _subject(row: AuditEventRow) -> str:
    if row.subject_kind is None:
        return ""
    name = row.subject_name or row.subject_id or ""
    return f"{NOUNS.get(row.subject_kind, row.subject_kind)} {name}"
