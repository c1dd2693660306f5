"""The end of the form: how many items, what they cost at most, and the button."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from core import db, llm
from core.errors import AppError
from core.generation.jobs import drafting, jobs
from core.generation.jobs.drafts import PILOT, Wanted
from core.generation.jobs.parameters import MOST_ITEMS
from core.llm.prices import NANO
from core.ui import formatting, links, page_frame, session
from core.ui.generator import quote as quotes
from core.ui.generator.quote import Quote
from core.ui.generator.values import Given
from core.ui.jobs.pages import JOB

_CAP: Final = "generator_cap"
_PREFILLED: Final = "generator_cap_prefilled"
_STARTED: Final = "generator_started"
RESERVE: Final = (
    0.1  # of the high estimate; at least what one item may cost, or the last one would not be asked for
)


def show(
    wanted: Wanted | None, given: Given | None, quote: Quote | AppError | None, provider: llm.Provider
) -> None:
    """Draw it; with a click the job is made, and its page opens. Without a whole form, the button can't be pressed."""
    with st.container(border=True, gap="small", key="generator_start_box"):
        n_items = given.n_items if given else 0
        _count(given)
        cap: int | None = None
        pilot = False
        if isinstance(quote, Quote) and wanted is not None:
            quotes.show(quote, provider=provider, mode=wanted.mode)
            if provider.costs_money:
                cap = _cap(quote, mode=wanted.mode)
            if n_items > PILOT and not provider.is_offline:
                pilot = st.checkbox(
                    f"Pause after {PILOT} items with a better estimate", key="generator_pilot"
                )
        elif isinstance(quote, AppError):
            page_frame.show_error(quote)
        is_ready = isinstance(quote, Quote) and (cap is not None or not provider.costs_money)
        clicked = st.button(
            f"Start {formatting.exact(n_items, 'item')}" if n_items else "Start",
            key="generator_start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not is_ready,
            width="stretch",
        )
        if clicked and wanted is not None and isinstance(quote, Quote):
            with page_frame.guarded():
                _start(replace(wanted, max_cost=cap, pilot=pilot), quote)
        elif not clicked:
            st.session_state.pop(_STARTED, None)


def _count(given: Given | None) -> None:
    if given is None:
        st.markdown("**No items yet** :gray[· give at least one value]")
        return
    n_items = formatting.exact(given.n_items, "item")
    st.markdown(f"**{n_items}** :gray[= {links.escape(given.formula)}]")
    if given.n_items > MOST_ITEMS:
        most = formatting.exact(MOST_ITEMS, "item")
        st.error(f"**A job has {most} at most.** Use fewer values, or several jobs.", icon=":material/error:")


def _cap(quote: Quote, *, mode: str) -> int | None:
    """What the job may cost at most, in nano-dollars; prefilled until somebody writes another limit."""
    found = quote.estimate
    high = found.batch_high if mode == "batches" else found.high
    proposed = math.ceil((high + max(high * RESERVE, quote.worst)) / NANO * 100) / 100
    if st.session_state.get(_CAP) == st.session_state.get(_PREFILLED):
        st.session_state[_CAP] = st.session_state[_PREFILLED] = proposed
    cap = st.number_input(
        "Stop at, in dollars",
        min_value=0.01,
        max_value=1_000_000.0,
        step=0.01,
        format="%.2f",
        key=_CAP,
        help="What was spent and what is being asked for never pass it. The job then pauses, and goes on with a higher "
        "limit",
    )
    if cap is not None and cap == st.session_state.get(_PREFILLED):
        st.caption("Prefilled: the high estimate and a reserve.")
    return None if cap is None else round(cap * NANO)


def _start(wanted: Wanted, quote: Quote) -> None:
    """Make the job and open it. Of two clicks on one form, the second opens what the first has made.

    Raises what is wrong with the form.
    """
    started: tuple[Wanted, Any] | None = st.session_state.get(_STARTED)
    if started is None or started[0] != wanted:
        user, provider = session.user(), llm.provider(session.config())
        draft = drafting.draft(user, files=session.files(), provider=provider, wanted=wanted)
        with db.session_scope(user, write=True) as scope:
            job_id = jobs.create(scope, draft, estimate=quote.estimate.to_json()).id
        st.session_state[_STARTED] = started = (wanted, job_id)
    links.go(JOB, id=started[1])
