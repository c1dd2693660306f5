"""What of the batch jobs is to be seen: status, name and page, kept in the address by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.generation.jobs.states import JobStatus
from core.ui import status_pills

PER_PAGE: Final = 20
LONGEST_SEARCH: Final = 200
ALL: Final = "All"
STATUSES: Final[dict[str, tuple[JobStatus, ...]]] = {
    ALL: (),
    **{status.value.capitalize(): (status,) for status in JobStatus},
}
_NAME, AFTER = "search", "after"
_KEY: Final = "jobs_"


def search() -> str:
    """A part of a job's name."""
    key = _KEY + _NAME
    if key not in st.session_state:
        asked = st.query_params.get(_NAME, "")[:LONGEST_SEARCH]
        st.session_state[key] = "".join(filter(str.isprintable, asked))  # Postgres takes no NUL
    text = st.text_input(
        "Name", key=key, placeholder="Search batch jobs", icon=":material/search:", type="search", live=True,
        label_visibility="collapsed", width=180, max_chars=LONGEST_SEARCH, on_change=_first_page,
    )  # fmt: skip
    status_pills.remember(_NAME, text.strip())
    return text.strip()


def statuses(counts: Mapping[JobStatus, int]) -> tuple[JobStatus, ...]:
    """The states of the chosen pill, none for all; each pill says how many there are."""
    chosen = status_pills.choose(STATUSES, prefix=_KEY, on_change=_first_page)
    status_pills.show_numbers(STATUSES, counts, prefix=_KEY)
    return STATUSES[chosen]


def clear() -> None:
    """Show everything again; a callback."""
    _first_page()
    st.session_state.update({_KEY + _NAME: "", _KEY + status_pills.NAME: ALL})


def _first_page() -> None:
    st.query_params.pop(AFTER, None)
