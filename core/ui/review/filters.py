"""Which conversations the reader goes through, and in which order: what chooses them, and what is chosen as chips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import streamlit as st
from sqlalchemy.orm import Session

from core import db
from core.generation.conversations import conversations, receipts
from core.generation.conversations.conversations import LONGEST_SEARCH, Filter
from core.generation.conversations.review_queue import Order
from core.generation.conversations.states import Status
from core.generation.quality import findings
from core.ui import links, session, status_pills
from core.ui.review import address

WAITING: Final = "Waiting"
STATUSES: Final[dict[str, tuple[Status, ...]]] = {
    WAITING: (Status.PENDING,),
    "Approved": (Status.APPROVED,),
    "Rejected": (Status.REJECTED,),
    "All": (),
}
ORDERS: Final = {
    Order.OLDEST: "Oldest first",
    Order.NEWEST: "Newest first",
    Order.LOWEST: "Lowest score first",
    Order.HIGHEST: "Highest score first",
}
VIEWS: Final = {"": "Chat", address.LIST: "List"}
_KEY: Final = "review_"
_ANY: Final = ""


def statuses() -> tuple[Status, ...]:
    """The states of the chosen pill, none for all. What is said beside the pills is drawn by `show_numbers`."""
    return STATUSES[status_pills.choose(STATUSES, prefix=_KEY, on_change=_from_start)]


def show_numbers(counts: Mapping[Status, int]) -> None:
    """How many there are of each, beside the pills."""
    status_pills.show_numbers(STATUSES, counts, prefix=_KEY)


def view() -> None:
    """One conversation at a time, or a list of many."""
    now = address.LIST if address.is_list() else ""
    st.segmented_control(
        "View",
        list(VIEWS),
        default=now,
        required=True,
        format_func=VIEWS.__getitem__,
        key=f"{_KEY}view_{now}",
        label_visibility="collapsed",
        on_change=_put_chosen,
        args=(address.VIEW, f"{_KEY}view_{now}"),
    )


def search() -> None:
    """The box for words."""
    key, now = _KEY + address.TEXT, address.text()
    if st.session_state.get(key) != now:
        st.session_state[key] = now
    st.text_input(
        "Search",
        key=key,
        placeholder="Search words",
        icon=":material/search:",
        type="search",
        label_visibility="collapsed",
        width=190,
        max_chars=LONGEST_SEARCH,
        on_change=_put_chosen,
        args=(address.TEXT, key),
    )


def choose() -> None:
    """The box behind which the other filters are; what is offered is read once it is open."""
    box = st.popover("Filters", key=f"{_KEY}choose", icon=":material/tune:", on_change="rerun")
    if not box.open:
        return
    with db.session_scope(session.user()) as scope:
        jobs = _told_apart(conversations.jobs(scope, asked=Filter()))
        templates = _by_text(conversations.templates(scope))
        people = _people(receipts.reviewers(scope))
    kinds = {code.value: kind.label for code, kind in findings.KINDS.items()}  # type: ignore[attr-defined]  # codes
    with box:
        _one_of("Batch", address.JOB, jobs)
        _one_of("Template", address.TEMPLATE, templates)
        _one_of("Finding", address.FINDING, kinds)
        _one_of("Decided by", address.BY, people)
        _scores()


def order() -> None:
    """The box of orders."""
    now = address.order()
    key = f"{_KEY}{address.SORT}_{now}"
    st.selectbox(
        "Order",
        list(ORDERS),
        index=list(ORDERS).index(now),
        format_func=ORDERS.__getitem__,
        key=key,
        label_visibility="collapsed",
        width=180,
        on_change=_put_chosen_order,
        args=(key,),
    )


def put_order(order: Order) -> None:
    """Have them in this order, from the start."""
    address.put(address.SORT, "" if order is Order.OLDEST else order.value)


def chips(asked: Filter) -> None:
    """What is chosen, each with a way to take it back; nothing where nothing is."""
    named = [name for name in address.FILTERS if address.is_named(name)]
    if not named:
        return
    with db.session_scope(session.user()) as scope:
        labels = {name: label(scope, name, asked) for name in named}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="review_chips"):
        for name, text in labels.items():
            st.button(
                links.escape(text),
                key=f"chip_{name}",
                icon=":material/close:",
                icon_position="right",
                help="Remove this filter",
                on_click=address.put,
                args=(name, ""),
            )
        if len(named) > 1:
            st.button("Clear all", key="clear_chips", type="tertiary", on_click=address.clear)


def label(scope: Session, name: str, asked: Filter) -> str:
    """How a filter is called in a few words."""
    match name:
        case address.TEXT:
            return f"“{asked.text}”"
        case address.JOB:
            jobs = conversations.job_names(scope, [asked.batch_job_id] if asked.batch_job_id else [])
            return f"Batch: {''.join(jobs.values()) or _short(asked.batch_job_id)}"
        case address.TEMPLATE:
            templates = conversations.template_names(scope, [asked.template_id] if asked.template_id else [])
            return f"Template: {''.join(templates.values()) or _short(asked.template_id)}"
        case address.SCORE:
            return f"Score {asked.score_from} to {asked.score_to}"
        case address.FINDING:
            return f"Finding: {findings.label(asked.finding or '')}"
    assert asked.reviewer_id is not None
    return f"Decided by {_people(receipts.names(scope, [asked.reviewer_id]))[str(asked.reviewer_id)]}"


def is_chosen() -> bool:
    """Whether the address asks for anything else than what is shown at first."""
    return status_pills.NAME in st.query_params or any(map(address.is_named, address.FILTERS))


def clear() -> None:
    """Show everything that waits again; a callback."""
    address.clear()
    st.session_state[_KEY + status_pills.NAME] = WAITING


def _one_of(title: str, name: str, options: Mapping[str, str]) -> None:
    """A box whose choice stands in the address. options: labels by value."""
    now = st.query_params.get(name, _ANY) if address.is_named(name) else _ANY
    labels = {_ANY: "Any", **options}
    labels.setdefault(now, _short(now))
    key = f"{_KEY}{name}_{now}"
    st.selectbox(
        title,
        list(labels),
        index=list(labels).index(now),
        format_func=labels.__getitem__,
        key=key,
        on_change=_put_chosen,
        args=(name, key),
    )


def _scores() -> None:
    low, high = address.score()
    key = f"{_KEY}{address.SCORE}_{low}_{high}"
    st.slider(
        "Score",
        address.LOWEST,
        address.HIGHEST,
        (low, high),
        key=key,
        help="0 is worst, 100 best. Conversations without a score are in no range.",
        on_change=_put_scores,
        args=(key,),
    )


def _put_chosen(name: str, key: str) -> None:
    address.put(name, str(st.session_state[key] or "").strip())


def _put_chosen_order(key: str) -> None:
    put_order(st.session_state[key])


def _put_scores(key: str) -> None:
    low, high = st.session_state[key]
    is_all = (low, high) == (address.LOWEST, address.HIGHEST)
    address.put(address.SCORE, "" if is_all else f"{low}-{high}")


def _told_apart(names: Mapping[UUID, str]) -> dict[str, str]:
    """By the text of the id; of one name, the id too."""
    times = Counter(names.values())
    return {str(one): name if times[name] == 1 else f"{name} · {_short(one)}" for one, name in names.items()}


def _by_text(names: Mapping[UUID, str]) -> dict[str, str]:
    return {str(one): name for one, name in names.items()}


def _people(names: Mapping[UUID, str]) -> dict[str, str]:
    me = session.user().id
    called = {one: "you" if one == me else name or "somebody" for one, name in names.items()}
    return _told_apart(called)


def _short(row_id: object) -> str:
    return str(row_id)[:8]


def _from_start() -> None:
    address.put(address.PAGE, "")
