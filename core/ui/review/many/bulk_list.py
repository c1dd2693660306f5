"""Many conversations at once, as a table: sorted, paged and counted over all that fit, ticked and decided together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Final
from uuid import UUID

import pandas as pd
import streamlit as st

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, review_queue
from core.generation.conversations.conversations import Filter
from core.generation.conversations.review_queue import Order
from core.generation.conversations.states import Status
from core.generation.quality import findings
from core.ui import formatting, page_frame, params, session, status_pills
from core.ui.review import address, export_button, filters, status_badges
from core.ui.review.many import bulk_dialog, deleting

PER_PAGE: Final = 50
ROW_PX: Final = 35
MOST_LABELS: Final = 3
_WORDS: Final = "Begins with"
_SORTED: Final = {"Score": (Order.LOWEST, Order.HIGHEST), "Made": (Order.NEWEST, Order.OLDEST)}
_TABLES: Final = "review_tables"  # how many times a click was answered: the next table knows nothing of it


def show(asked: Filter, *, n_found: int, now: datetime) -> None:
    """Draw what fits, and what may be done with it. n_found: how many fit."""
    slot = st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="bulk_bar")
    if not n_found:
        with slot:
            _actions(asked, [], n_found=0)
        buttons = page_frame.empty(
            "No matching conversations", "Try fewer filters.", icon=":material/filter_alt_off:"
        )
        if filters.is_chosen():
            buttons.button("Clear filters", key="clear_filters", on_click=filters.clear)
        return
    table, foot = st.container(), st.container(horizontal=True, vertical_alignment="center")
    page = _page(foot, n_found=n_found)
    with db.session_scope(session.user()) as scope:
        rows = review_queue.part(
            scope, asked=asked, order=address.order(), offset=(page - 1) * PER_PAGE, limit=PER_PAGE
        )
        jobs = conversations.job_names(scope, {row.batch_job_id for row in rows if row.batch_job_id})
        templates = conversations.template_names(scope, {row.template_id for row in rows})
    with table:
        ticked = _table(rows, jobs, templates, now=now, key=f"{page}_{_state(rows)}")
    with slot:
        _actions(asked, ticked, n_found=n_found)


def _table(
    rows: Sequence[ConversationRow],
    jobs: Mapping[UUID, str],
    templates: Mapping[UUID, str],
    *,
    now: datetime,
    key: str,
) -> list[ConversationRow]:
    """The rows that are ticked. A click on where a conversation begins opens it; on a head, it sorts all that fit."""
    drawn = pd.DataFrame([_cells(row, jobs, templates, now=now) for row in rows])
    badges = list(status_badges.BADGES.values())
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    chosen = st.dataframe(
        drawn[[name for name in drawn if name != "Findings" or drawn[name].any()]],
        hide_index=True,
        key=f"bulk_table_{key}_{st.session_state.get(_TABLES, 0)}",
        height=min(15, len(rows) + 1) * ROW_PX + 3,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell", "single-column"],
        placeholder="–",
        column_config={
            _WORDS: text(width=330, help="Click to open"),
            "State": st.column_config.MultiselectColumn(
                options=[badge.word for badge in badges], color=[badge.color for badge in badges], width=95
            ),
            "Score": number(width=60, help="0 is worst, 100 best. Click to sort"),
            "Findings": text(width=175),
            "Batch": text(width=90),
            "Template": text(width=150),
            "Made": text(width=95, help="Click to sort"),
        },
    )
    for at, column in chosen.selection.cells:
        if column == _WORDS:
            address.go_to(rows[at].id)
            status_pills.remember(address.VIEW, "")
            _answered()
    for column in chosen.selection.columns:
        if orders := _SORTED.get(column):
            first, other = orders
            filters.put_order(other if address.order() is first else first)
            _answered()
    return [rows[at] for at in chosen.selection.rows]


def _answered() -> None:
    """Draw the page anew after a click in the table; else the click would stand there still when it is drawn again."""
    st.session_state[_TABLES] = st.session_state.get(_TABLES, 0) + 1
    st.rerun()


def _cells(
    row: ConversationRow, jobs: Mapping[UUID, str], templates: Mapping[UUID, str], *, now: datetime
) -> dict[str, object]:
    labels = list(dict.fromkeys(findings.label(one.code) for one in findings.from_json(row.findings)))
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    return {
        _WORDS: row.first_words,
        "Score": row.score,
        "Findings": ", ".join(labels[:MOST_LABELS]) + more,
        "State": [status_badges.BADGES[Status(row.status)].word],
        "Template": templates.get(row.template_id, ""),
        "Batch": jobs.get(row.batch_job_id, "") if row.batch_job_id else "",
        "Made": formatting.ago(row.created_at, now=now),
    }


def _actions(asked: Filter, ticked: Sequence[ConversationRow], *, n_found: int) -> None:
    versions = {row.id: row.row_version for row in ticked}
    if ticked:
        st.markdown(f"**{len(ticked)}** ticked", width="content")
    else:
        st.markdown(":gray[Tick some, or decide on all]", width="content")
    for decision, word, icon in (
        (Status.APPROVED, "Approve", ":material/check:"),
        (Status.REJECTED, "Reject", ":material/close:"),
    ):
        if st.button(
            word,
            key=f"bulk_{word.lower()}",
            icon=icon,
            type="primary" if decision is Status.APPROVED and ticked else "secondary",
            disabled=not ticked,
        ):
            bulk_dialog.ask(decision, versions=versions)
    all_of = f"All {formatting.exact(n_found, 'conversation')}" if n_found > 1 else "All"
    if ticked:
        export_button.show_ticked([row.id for row in ticked])
    chosen = st.menu_button(
        all_of,
        ["Approve all", "Reject all"],
        key="bulk_all",
        icon=":material/done_all:",
        disabled=not n_found,
    )
    if chosen:
        bulk_dialog.ask(Status.APPROVED if chosen == "Approve all" else Status.REJECTED, asked=asked)
    deleting.show_many(asked)
    st.space("stretch")
    filters.order()
    bulk_dialog.show_undo()


def _page(slot: st.delta_generator.DeltaGenerator, *, n_found: int) -> int:
    n_pages = ceil(n_found / PER_PAGE)
    if n_pages < 2:
        status_pills.remember(address.PAGE, "")
        return 1
    asked = params.number(st.query_params.get(address.PAGE, "")) or 1
    others = " ".join(f"{name}={value}" for name, value in st.query_params.items() if name != address.PAGE)
    with slot:
        shown = st.empty()
    with slot.container(width="stretch"):
        chosen = st.pagination(n_pages, default=min(asked, n_pages), key=f"review_page {others}")
    chosen = min(chosen, n_pages)
    status_pills.remember(address.PAGE, str(chosen) if chosen > 1 else "")
    first, last = (chosen - 1) * PER_PAGE + 1, min(chosen * PER_PAGE, n_found)
    shown.caption(f"{first:,}–{last:,} of {formatting.exact(n_found, 'conversation')}", width="content")
    return chosen


def _state(rows: Sequence[ConversationRow]) -> int:
    """Another number once other rows stand there, or the same ones changed: a tick is of what was drawn."""
    return hash(tuple((row.id, row.row_version) for row in rows))
