"""Pills that filter a list by status, with how many there are of each, and the address that keeps what was chosen.

What a pill sends is its label, and a label that has changed meanwhile means nothing any more: a click while something
was just completed would be lost. So the numbers, which change, are drawn beside the labels. Streamlit's own `bind` does
not bear other parameters beside it that are written in the same run, so the address is kept by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar

import streamlit as st

from core.ui import formatting

NAME: Final = "status"  # in the address
Status = TypeVar("Status")


def choose(choices: Mapping[str, Collection[Status]], *, prefix: str, on_change: Callable[[], None]) -> str:
    """The label of the chosen pill, which the address keeps; the first of the choices stands there for nothing.

    prefix: of the widget's key. on_change: a callback.
    """
    first, key = next(iter(choices)), prefix + NAME
    if st.session_state.get(key) not in choices:
        asked = st.query_params.get(NAME, "").capitalize()
        st.session_state[key] = asked if asked in choices else first
    pills = st.pills(
        "Status", list(choices), key=key, required=True, label_visibility="collapsed", on_change=on_change
    )
    chosen = pills or first
    remember(NAME, "" if chosen == first else chosen.lower())
    return chosen


def show_numbers(
    choices: Mapping[str, Collection[Status]], counts: Mapping[Status, int], *, prefix: str
) -> None:
    """How many there are of each choice, beside its pill; of one without statuses, all."""
    totals: Sequence[int] = [
        sum(counts[status] for status in wanted or counts) for wanted in choices.values()
    ]
    rules = "".join(
        f'.st-key-{prefix}{NAME} button:nth-of-type({number}) p::after {{ content: " {formatting.number(total)}"; }}'
        for number, total in enumerate(totals, start=1)
    )
    st.html(f"<style>{rules}</style>")


def remember(name: str, value: str) -> None:
    """Keep a choice in the address; nothing where it is the usual one."""
    if not value:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
