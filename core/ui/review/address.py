"""What the address asks of the queue: filters, order, view. What makes no sense there asks for nothing."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

import streamlit as st

from core.generation.conversations.conversations import LONGEST_SEARCH, Filter
from core.generation.conversations.review_queue import Order
from core.ui import params, status_pills

ID, JOB, TEMPLATE, FINDING, SCORE, TEXT, BY = "id", "job", "template", "finding", "score", "text", "by"
SORT, VIEW, PAGE, KEYS = "sort", "view", "page", "keys"
FILTERS: Final = (TEXT, JOB, TEMPLATE, SCORE, FINDING, BY)
LIST: Final = "list"
LOWEST, HIGHEST = 0, 100
_RANGE = re.compile(r"(\d{1,3})-(\d{1,3})")
_CODE = re.compile("[a-z_]{1,60}")


def asked() -> Filter:
    """The filter but for the states. Raises NotFound for what can't be an id."""
    low, high = score()
    return Filter(
        batch_job_id=params.uuid(JOB, resource="batch job"),
        template_id=params.uuid(TEMPLATE, resource="template"),
        reviewer_id=params.uuid(BY, resource="person"),
        finding=finding(),
        text=text(),
        score_from=low if is_named(SCORE) else None,
        score_to=high if is_named(SCORE) else None,
    )


def score() -> tuple[int, int]:
    """The range of scores; all where none is asked for."""
    found = _RANGE.fullmatch(st.query_params.get(SCORE, ""))
    low, high = (int(found[1]), int(found[2])) if found else (LOWEST, HIGHEST)
    return (low, high) if low <= high <= HIGHEST else (LOWEST, HIGHEST)


def is_named(name: str) -> bool:
    """Whether the address asks for this, and it makes sense."""
    match name:
        case "score":
            return SCORE in st.query_params and score() != (LOWEST, HIGHEST)
        case "finding":
            return finding() is not None
        case "text":
            return bool(text())
    return bool(st.query_params.get(name))


def finding() -> str | None:
    """A code."""
    found = st.query_params.get(FINDING, "")
    return found if _CODE.fullmatch(found) else None


def text() -> str:
    """What is searched for."""
    found = st.query_params.get(TEXT, "")[:LONGEST_SEARCH]
    return "".join(filter(str.isprintable, found)).strip()  # Postgres takes no NUL


def order() -> Order:
    """The first where none is named."""
    found = st.query_params.get(SORT, "")
    return Order(found) if found in set(Order) else Order.OLDEST


def is_list() -> bool:
    """Whether many are shown at once."""
    return st.query_params.get(VIEW) == LIST


def put(name: str, value: str) -> None:
    """Ask for something else, from the start of the queue; a callback, or before anything is drawn. "": for nothing."""
    go_to(None)
    status_pills.remember(PAGE, "")
    status_pills.remember(name, value)


def clear() -> None:
    """Ask for no filter."""
    for name in FILTERS:
        put(name, "")


def go_to(row_id: UUID | None) -> None:
    """Have the next run open this conversation; None: the first of the queue."""
    status_pills.remember(ID, str(row_id) if row_id else "")
