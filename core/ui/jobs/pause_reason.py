"""Why a job is paused, what mends it, and the button that goes on."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core import db, llm
from core.generation import errors
from core.generation.jobs import rest
from core.generation.jobs.estimate import Estimate
from core.llm import ProviderKind
from core.ui import formatting, links, page_frame, session
from core.ui.generator import quote
from core.ui.jobs import actions
from core.ui.jobs.progress import Look

_MARK: Final = ":orange[:material/pause_circle:]"
_WELL: Final = ":blue[:material/pause_circle:]"  # where nothing went wrong


def show(found: Look, *, is_mine: bool) -> None:
    """Draw it, with what the rest will cost where that is known."""
    job, reason = found.job, found.job.reason or {}
    code = reason.get("code", "")
    left = _estimate(found)
    with (
        st.container(border=True, gap="small", key="paused"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        with st.container(width="stretch", gap="xxsmall"):
            is_well = code in ("", errors.PilotDone.code)
            sentence = links.escape(reason.get("message") or "You paused this batch job.")
            st.markdown(f"{_WELL if is_well else _MARK} **{sentence}**")
            if code != errors.CapReached.code:  # its hint is the button
                st.caption(links.escape(reason.get("hint") or "Nothing is asked for until you resume it."))
            if left:
                st.markdown(f":small[{_cost_of(left, mode=job.mode, kind=job.provider)}]")
        if is_mine:
            _button(found, code, left)


def _estimate(found: Look) -> Estimate | None:
    """What is left may cost, where money flows."""
    job, provider = found.job, llm.provider(session.config())
    if job.max_cost is None or not provider.costs_money or not provider.prices.knows(job.model):
        return None
    with db.session_scope(session.user()) as scope:
        return rest.of(scope, job=job, n_left=found.progress.remaining, provider=provider)


def _cost_of(left: Estimate, *, mode: str, kind: str) -> str:
    items = formatting.exact(left.n_items, "item")
    if mode == "batches":
        return f"The {items} left will cost **{quote.money(left.batch_low, left.batch_high)}**."
    told = f"The {items} left will cost **{quote.money(left.low, left.high)}**"
    if kind == ProviderKind.ANTHROPIC:
        told += f", or {quote.money(left.batch_low, left.batch_high)} as Message Batches in a new job"
    return f"{told}."


def _button(found: Look, code: str, left: Estimate | None) -> None:
    job, spent = found.job, found.progress.cost
    high = 0 if left is None else left.batch_high if job.mode == "batches" else left.high
    needs_more = code == errors.CapReached.code or (
        job.max_cost is not None and left is not None and spent + high > job.max_cost
    )
    label = "Resume with a higher limit" if needs_more else "Resume"
    if st.button(label, key="resume", type="primary", icon=":material/play_arrow:"):
        with page_frame.guarded():
            if needs_more:
                actions.ask_for_more(job, spent=spent, rest=high)
            else:
                actions.resume(job.id)
