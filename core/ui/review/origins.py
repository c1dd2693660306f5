"""How a conversation was made, one click away: the prompt, the raw replies, each request and its cost, the values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, provenance
from core.generation.conversations.provenance import Provenance, RawReply
from core.llm.prices import NANO
from core.ui import formatting, links, page_frame, registry, session
from core.ui.links import PageEntry


def button(conversation: ConversationRow) -> None:
    """The way there."""
    if st.button(
        "How it was made", key=f"origins_{conversation.id}", icon=":material/account_tree:", width="stretch"
    ):
        _show(conversation.id)


@st.dialog("How it was made", width="large", icon=":material/account_tree:")
def _show(row_id: UUID) -> None:
    with page_frame.guarded():
        user = session.user()
        with db.session_scope(user) as scope:
            row = conversations.get(scope, row_id=row_id)
            found = provenance.of(scope, row)
        _head(row, found)
        opened = st.segmented_control(
            "Part",
            ["Prompt", "Replies", "Requests", "Values"],
            default="Prompt",
            required=True,
            label_visibility="collapsed",
            key="origins_part",
        )
        match opened:
            case "Replies":
                _replies(provenance.raw_replies(user, row, files=session.files()))
            case "Requests":
                _requests(found.calls)
            case "Values":
                _values(row)
            case _:
                _prompt(found)


def _head(row: ConversationRow, found: Provenance) -> None:
    model = "the offline generator" if row.is_offline else row.model
    made = f"Written by {links.escape(model)} for item {row.idx + 1:,} of "
    batch = f"**{links.escape(found.origin.job)}**" if found.origin.job else "a deleted batch"
    cost = f" It cost {formatting.money(found.cost)}." if found.cost else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="origins_head"):
        st.markdown(f"{made}{batch}.{cost.replace('$', chr(92) + '$')}", width="content")
        template = f"{found.origin.template} v{found.origin.template_version}"
        _link(template, "template.py", ":material/edit_note:", row.template_id)
        if found.origin.job:
            _link("Batch job", "job.py", ":material/stacks:", row.batch_job_id)


def _link(label: str, file: str, icon: str, row_id: object) -> None:
    page: PageEntry | None = registry.find(file)
    if page is not None:
        with st.container(width="content"):
            links.link(links.escape(label), page, icon=icon, id=row_id)


def _prompt(found: Provenance) -> None:
    if found.prompt is None:
        assert found.problem is not None
        page_frame.show_error(found.problem)
        return
    st.caption("The template with this conversation's values, as it is sent.")
    for title, text in (("System", found.prompt.system), ("User", found.prompt.user)):
        if text:
            st.markdown(f"**{title}**")
            st.code(text, language=None, wrap_lines=True)


def _replies(found: Sequence[RawReply]) -> None:
    if not found:
        st.caption("No reply is kept of it.")
    for one in found:
        st.markdown(f"**Reply to request {one.n}**")
        if one.text is None:
            st.caption("Its file is no longer in storage.")
            continue
        st.code(_indented(one.text), language=None, wrap_lines=True)
        if one.is_cut:
            st.caption("It is longer. The rest is left out here.")


def _indented(text: str) -> str:
    """JSON on several lines; what is none as it came."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def _requests(calls: Sequence[BatchCallRow]) -> None:
    if not calls:
        st.caption("Its batch was deleted, and the requests with it.")
        return
    now, zone = session.now(), session.zone()
    drawn = pd.DataFrame(
        [
            {
                "Request": call.n,
                "Result": "Answered"
                if call.code is None and call.status == 200
                else call.code or "No answer",
                "Status": call.status,
                "Input tokens": call.n_input + call.n_cache_read + call.n_cache_write,
                "Output tokens": call.n_output,
                "Cost": call.cost / NANO,
                "Seconds": call.latency_s,
                "Ended by": call.stop_reason or "",
                "Model": call.model,
                "Sent": formatting.moment(call.asked_at, now=now, zone=zone),
            }
            for call in calls
        ]
    )
    told = [name for name in drawn if drawn[name].astype(bool).any()]  # an empty column takes no room
    st.dataframe(
        drawn[told],
        hide_index=True,
        placeholder="–",
        column_config={
            "Cost": st.column_config.NumberColumn(format="$%.5f"),
            "Seconds": st.column_config.NumberColumn(format="%.1f"),
            "Input tokens": st.column_config.NumberColumn(format="localized"),
            "Output tokens": st.column_config.NumberColumn(format="localized"),
        },
    )
    if any(call.is_repeated for call in calls):
        st.caption(
            "A request whose answer never came may have been paid for: its cost is the most it can be."
        )


def _values(row: ConversationRow) -> None:
    if not row.params:
        st.caption("Its template has no variables.")
        return
    table = pd.DataFrame({"Variable": list(row.params), "Value": [str(one) for one in row.params.values()]})
    st.dataframe(table, hide_index=True, column_config={"Value": st.column_config.TextColumn(width="large")})
