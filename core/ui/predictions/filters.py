"""What of the predictions is to be seen: status, file, model, order and page, kept in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import db
from core.predictions.listing import Sort
from core.predictions.states import Status
from core.ui import formatting, params, status_pills

PER_PAGE = 20
LONGEST_SEARCH: Final = 200

ALL: Final = "All"
STATUSES: Final[dict[str, tuple[Status, ...]]] = {
    ALL: (),
    "Queued": (Status.QUEUED,),
    "Processing": (Status.PROCESSING,),
    "Completed": (Status.COMPLETED,),
    "Failed": (Status.FAILED,),
    "Cancelled": (Status.CANCELLED,),
}
SORTS: Final[dict[str, Sort]] = {
    "Newest first": "newest",
    "Oldest first": "oldest",
    "File name": "file",
    "Most rows": "rows",
    "Took longest": "took",
}
EVERY_MODEL: Final = "All models"
_FILE, _MODEL, _SORT, _PAGE = "file", "model", "sort", "page"
_KEY: Final = "predictions_"


def search() -> str:
    """A part of a file's name."""
    key = _KEY + _FILE
    if key not in st.session_state:
        asked = st.query_params.get(_FILE, "")[:LONGEST_SEARCH]
        st.session_state[key] = "".join(filter(str.isprintable, asked))  # Postgres takes no NUL
    text = st.text_input(
        "File name", key=key, placeholder="Search files", icon=":material/search:", type="search", live=True,
        label_visibility="collapsed", width=150, max_chars=LONGEST_SEARCH, on_change=_first_page,
    )  # fmt: skip
    status_pills.remember(_FILE, text.strip())
    return text.strip()


def model_name(name: str, version: int) -> str:
    """How a model is called in the filter and in the address."""
    return f"{name} · v{version}"


def model_choices(
    found: Sequence[tuple[UUID, UUID, str, int]], *, me: db.User, people: Mapping[UUID, str]
) -> dict[str, UUID]:
    """Models by how they are called, others' with their owner's name; found: as `models.names` tells them."""
    return {
        model_name(name, version) + ("" if owner == me.id else f" · {people.get(owner, owner)}"): model_id
        for model_id, owner, name, version in found
    }


def model(model_ids: Mapping[str, UUID]) -> UUID | None:
    """One of the models, by name; None for all of them."""
    chosen = _one_of("Model", _MODEL, [EVERY_MODEL, *model_ids], width=180)
    return model_ids.get(chosen)


def sort() -> Sort:
    """The order."""
    return SORTS[_one_of("Order", _SORT, list(SORTS), width=136)]


def statuses(counts: Mapping[Status, int]) -> tuple[Status, ...]:
    """The states of the chosen pill, none for all; each pill says how many there are."""
    chosen = status_pills.choose(STATUSES, prefix=_KEY, on_change=_first_page)
    status_pills.show_numbers(STATUSES, counts, prefix=_KEY)
    return STATUSES[chosen]


def page(slot: DeltaGenerator, *, n_found: int) -> int:
    """The chosen page of results, from 1; drawn where there is more than one."""
    n_pages = ceil(n_found / PER_PAGE)
    if n_pages < 2:
        status_pills.remember(_PAGE, "")
        return 1
    asked = params.number(st.query_params.get(_PAGE, "")) or 1
    others = " ".join(f"{name}={value}" for name, value in st.query_params.items() if name != _PAGE)
    with slot:
        shown = st.empty()
    with slot.container(width="stretch"):  # in a row of its own a pagination leaves numbers out
        chosen = st.pagination(
            n_pages,
            default=min(asked, n_pages),
            key=f"{_KEY}{_PAGE} {others}",  # another choice of filters begins with its own first page
        )
    chosen = min(chosen, n_pages)
    status_pills.remember(_PAGE, str(chosen) if chosen > 1 else "")
    first, last = (chosen - 1) * PER_PAGE + 1, min(chosen * PER_PAGE, n_found)
    shown.caption(f"{first:,}–{last:,} of {formatting.exact(n_found, 'prediction')}", width="content")
    return chosen


def clear() -> None:
    """Show everything again; a callback."""
    _first_page()
    st.session_state.update({_KEY + _FILE: "", _KEY + _MODEL: EVERY_MODEL, _KEY + status_pills.NAME: ALL})


def _one_of(label: str, name: str, options: Sequence[str], *, width: int) -> str:
    key = _KEY + name
    if st.session_state.get(key) not in options:
        asked = st.query_params.get(name, "")
        st.session_state[key] = asked if asked in options else options[0]
    chosen: str = st.selectbox(
        label, options, key=key, width=width, label_visibility="collapsed", on_change=_first_page
    )
    status_pills.remember(name, "" if chosen == options[0] else chosen)
    return chosen


def _first_page() -> None:
    st.query_params.pop(_PAGE, None)
