"""The items of a batch job: a page of them at a time, by state, each with its values and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.batch_jobs import BatchItemRow
from core.generation.enrichment import shown
from core.generation.jobs import listing
from core.generation.jobs.states import ItemState
from core.generation.templates.variables import Variable
from core.ui import formatting, page_frame, params, registry, session
from core.ui.jobs import status_badges

PER_PAGE: Final = 50
REFRESH_S: Final = 5.0
LONGEST_VALUE: Final = 200
ALL: Final = "All"
_STATE, _PAGE = "state", "page"
_NUMBER, _STATE_OF, _PROBLEM, _ASKED, _CONVERSATION = "#", "State ", "Problem ", "Asked ", "Conversation "
MOST_UNSCROLLED: Final = 12


def show(batch_job_id: UUID, *, kind: str, is_live: bool) -> None:
    """Draw them; while the job is pending they are looked at again now and then."""

    @st.fragment(run_every=REFRESH_S if is_live else None)
    def live() -> None:
        with page_frame.guarded():
            _draw(batch_job_id, is_enriching=kind == "enrich")

    page_frame.section("Items")
    live()


def _draw(batch_job_id: UUID, *, is_enriching: bool) -> None:
    with db.session_scope(session.user()) as scope:
        found = listing.item_counts(scope, batch_job_id=batch_job_id)
    state = _state(found)
    n_found = sum(found.values()) if state is None else found[state]
    table, foot = st.container(), st.container(horizontal=True, vertical_alignment="center")
    page = _page(foot, n_found=n_found, state=state)
    with db.session_scope(session.user()) as scope:
        rows = listing.items(
            scope, batch_job_id=batch_job_id, offset=(page - 1) * PER_PAGE, limit=PER_PAGE, state=state
        )
        values = _found_out(scope, rows) if is_enriching else {row.id: row.params for row in rows}
    with table:
        _table(rows, values, state)


def _found_out(scope: Session, rows: Sequence[BatchItemRow]) -> Mapping[UUID, Mapping[str, Any]]:
    """By item: how its conversation begins, and what is known of it now."""
    about = shown.of_items(scope, rows)
    return {
        row.id: {
            "begins_with": one.first_words if (one := about.get(row.id)) else "",
            "topics": ", ".join(one.found.get("topics", ())) if one else "",
            "emotion": one.found.get("emotion", "") if one else "",
            "difficulty": one.found.get("difficulty", "") if one else "",
        }
        for row in rows
    }


def _state(found: Mapping[ItemState, int]) -> ItemState | None:
    """The pills, of which only those are there that have items."""
    words = {badge.word: state for state, badge in status_badges.ITEMS.items()}
    key = "items_state"
    offered = [word for word, state in words.items() if found[state] or st.session_state.get(key) == word]
    if key not in st.session_state:
        asked = st.query_params.get(_STATE, "")
        st.session_state[key] = next((word for word, state in words.items() if state == asked), ALL)
    chosen = st.pills(
        "State", [ALL, *offered], key=key, required=True, label_visibility="collapsed", on_change=_first_page
    )
    state = words.get(chosen or ALL)
    _remember(_STATE, state.value if state else "")
    return state


def _page(slot: Any, *, n_found: int, state: ItemState | None) -> int:
    n_pages = ceil(n_found / PER_PAGE)
    if n_pages < 2:
        _remember(_PAGE, "")
        return 1
    asked = params.number(st.query_params.get(_PAGE, "")) or 1
    with slot:
        told = st.empty()
    with slot.container(width="stretch"):
        chosen = st.pagination(n_pages, default=min(asked, n_pages), key=f"items_page_{state}")
    chosen = min(chosen, n_pages)
    _remember(_PAGE, str(chosen) if chosen > 1 else "")
    first, last = (chosen - 1) * PER_PAGE + 1, min(chosen * PER_PAGE, n_found)
    told.caption(f"{first:,}–{last:,} of {formatting.exact(n_found, 'item')}", width="content")
    return chosen


def _table(
    rows: Sequence[BatchItemRow], values: Mapping[UUID, Mapping[str, Any]], state: ItemState | None
) -> None:
    if not rows:
        st.caption("No items in this state.")
        return
    names = _telling([values[row.id] for row in rows])
    drawn = [_cells(row, values[row.id], names) for row in rows]
    if state is ItemState.FAILED:
        drawn = [{_NUMBER: 0, _STATE_OF: "", _PROBLEM: "", **one} for one in drawn]
    columns = [name for name in drawn[0] if name in (_NUMBER, _STATE_OF) or any(one[name] for one in drawn)]
    badges = list(status_badges.ITEMS.values())
    st.dataframe(
        pd.DataFrame(drawn)[columns],
        hide_index=True,
        key="items_table",
        height="content" if len(rows) <= MOST_UNSCROLLED else 460,
        placeholder="–",
        column_config={
            _NUMBER: st.column_config.NumberColumn(width=55, format="%d", pinned=True),
            _STATE_OF: st.column_config.MultiselectColumn(
                options=[badge.word for badge in badges], color=[badge.color for badge in badges], width=105
            ),
            _PROBLEM: st.column_config.TextColumn(width="large"),
            _ASKED: st.column_config.TextColumn(width=80, help="How often it was sent"),
            _CONVERSATION: st.column_config.LinkColumn(display_text="Open", width=105),
        },
    )


def _telling(given: Sequence[Mapping[str, Any]]) -> list[str]:
    """The variables by which these items differ; all of them where none does."""
    names = list(dict.fromkeys(name for one in given for name in one))
    differing = [name for name in names if len({str(one.get(name)) for one in given}) > 1]
    return differing or names


def _cells(row: BatchItemRow, values: Mapping[str, Any], names: Sequence[str]) -> dict[str, object]:
    """What the table says of one. Its values stand behind words of ours, which none of their names can be."""
    review = registry.find("review.py")
    path = f"/{PurePath(review.file).stem}?id={row.conversation_id}" if review and row.conversation_id else ""
    return {
        _NUMBER: row.idx + 1,
        _STATE_OF: [status_badges.ITEMS[ItemState(row.state)].word],
        **{_label(name): _short(values.get(name)) for name in names},
        _PROBLEM: (row.error or {}).get("message", ""),
        _ASKED: f"{row.n_asked:,} times" if row.n_asked > 1 else "",
        _CONVERSATION: path or None,
    }


def _label(name: str) -> str:
    return Variable(name).label


def _short(value: object) -> str:
    if value is None:
        return ""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _first_page() -> None:
    st.query_params.pop(_PAGE, None)


def _remember(name: str, value: str) -> None:
    if not value:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
