"""Which conversations the reader goes through: state and batch, kept in the address by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import streamlit as st

from core.generation.conversations.states import Status
from core.ui import params, status_pills

WAITING: Final = "Waiting"
STATUSES: Final[dict[str, tuple[Status, ...]]] = {
    WAITING: (Status.PENDING,),
    "Approved": (Status.APPROVED,),
    "Rejected": (Status.REJECTED,),
    "All": (),
}
EVERY_JOB: Final = "All batch jobs"
_JOB, ID = "job", "id"
_KEY: Final = "review_"


def job_id() -> UUID | None:
    """The batch that the address names. Raises NotFound."""
    return params.uuid(_JOB, resource="batch job")


def statuses() -> tuple[Status, ...]:
    """The states of the chosen pill, none for all. What is said beside the pills is drawn by `show_numbers`."""
    return STATUSES[status_pills.choose(STATUSES, prefix=_KEY, on_change=_from_start)]


def show_numbers(counts: Mapping[Status, int]) -> None:
    """How many there are of each, beside the pills."""
    status_pills.show_numbers(STATUSES, counts, prefix=_KEY)


def choose_job(names: Mapping[UUID, str]) -> None:
    """The box of batch jobs; what is chosen stands in the address from the next run on. names: by id, newest first."""
    asked = job_id()
    known = dict(names)
    if asked is not None and asked not in known:
        known[asked] = f"Batch {str(asked)[:8]}"
    if not known:
        return
    times = Counter(known.values())
    labels = {
        "": EVERY_JOB,
        **{str(one): name if times[name] == 1 else f"{name} · {str(one)[:8]}" for one, name in known.items()},
    }
    now = str(asked) if asked else ""
    chosen = st.selectbox(
        "Batch",
        list(labels),
        index=list(labels).index(now),
        format_func=labels.__getitem__,
        key=f"{_KEY}{_JOB}_{now}",
        label_visibility="collapsed",
        width=240,
    )
    if chosen != now:
        _from_start()
        status_pills.remember(_JOB, chosen)
        st.rerun()


def is_chosen() -> bool:
    """Whether the address asks for another state than the one that is shown at first."""
    return status_pills.NAME in st.query_params


def clear() -> None:
    """Show everything that waits again; a callback."""
    _from_start()
    st.query_params.pop(_JOB, None)
    st.session_state[_KEY + status_pills.NAME] = WAITING


def go_to(row_id: UUID | None) -> None:
    """Have the next run open this conversation; None: the first of the queue."""
    status_pills.remember(ID, str(row_id) if row_id else "")


def _from_start() -> None:
    go_to(None)
