"""Having conversations enriched: what it may cost is told first, and a limit is set."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import streamlit as st

from core import db, llm
from core.generation.enrichment import drafts
from core.generation.enrichment.drafts import Wanted
from core.generation.enrichment.errors import NothingToEnrich
from core.generation.jobs import estimate
from core.generation.jobs.drafts import Draft
from core.generation.jobs.estimate import Estimate
from core.llm.prices import NANO
from core.ui import formatting, links, page_frame, session
from core.ui.generator import quote
from core.ui.jobs.pages import JOB

RESERVE: Final = 0.1  # of the high estimate; at least what one conversation may cost
_WHEN: Final = {"realtime": "Real time", "batches": "Message Batches · half price"}


@st.dialog("Enrich conversations", icon=":material/label:")
def ask(wanted: Wanted) -> None:
    """Say what is taken and what it may cost; with a click the job is made, and its page opens."""
    with page_frame.guarded():
        provider = llm.provider(session.config())
        made = drafts.draft(session.user(), provider=provider, wanted=wanted)
        if made.draft is None:
            raise NothingToEnrich
        n = len(made.selection.taken)
        st.markdown(
            f"A model finds out topics, emotion, difficulty and a summary of "
            f"**{formatting.exact(n, 'conversation')}**. Their words and decisions stay as they are."
        )
        if left_out := sum(made.selection.left_out.values()):
            st.caption(f"{formatting.exact(left_out, 'conversation')} left out: {_why(made)}.")
        expected = _estimate(made.draft, provider)
        if provider.kind is llm.ProviderKind.ANTHROPIC:
            chosen = st.segmented_control(
                "When", list(_WHEN), default="realtime", format_func=_WHEN.__getitem__,
                key="enrich_mode", required=True,
            )  # fmt: skip
            wanted = replace(wanted, mode="batches" if chosen == "batches" else "realtime")
        cap = _price(expected, made.draft, provider, batches=wanted.mode == "batches")
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            if st.button("Cancel", key="enrich_cancel"):
                st.rerun()
            is_ready = cap is not None or not provider.costs_money
            clicked = st.button(
                f"Enrich {n:,}",
                key="enrich_start",
                type="primary",
                icon=":material/label:",
                disabled=not is_ready,
            )
        if clicked:
            _start(replace(wanted, max_cost=cap), expected)


def _why(made: drafts.EnrichmentDraft) -> str:
    """ "3 enriched already, 1 of somebody else"."""
    words = {
        "already_enriched": "enriched already",
        "being_enriched": "being enriched",
        "owned_by_another": "of somebody else",
        "over_the_limit": "over the limit of one job",
        "not_found": "no longer there",
    }
    return ", ".join(f"{n:,} {words[code]}" for code, n in made.selection.left_out.items())


def _estimate(draft: Draft, provider: llm.Provider) -> Estimate:
    """Of these conversations; asked for once as long as the dialog is open."""
    rows = [row["params"]["conversation"] for row in draft.rows]
    key = hash((provider.key_id, draft.model, len(rows), rows[0], rows[-1]))
    return _counted(session.user().id, key, draft, provider)


@st.cache_data(ttl=120, max_entries=16, show_spinner="Counting tokens…", scope="session")
def _counted(user_id: object, key: int, _draft: Draft, _provider: llm.Provider) -> Estimate:
    """user_id, key: what it depends on."""
    del user_id, key
    return estimate.of(session.user(), draft=_draft, provider=_provider)


def _price(found: Estimate, draft: Draft, provider: llm.Provider, *, batches: bool) -> int | None:
    """What it may cost, and at most, in nano-dollars."""
    if provider.is_offline:
        st.info(
            "No key is set: an offline generator makes this up of frequent words, and nothing is paid.",
            icon=":material/cloud_off:",
        )
    if not provider.costs_money:
        return None
    low, high = (found.batch_low, found.batch_high) if batches else (found.low, found.high)
    st.markdown(f"It will cost **{quote.money(low, high)}**.")
    cap = st.number_input(
        "Stop at, in dollars",
        min_value=0.01,
        max_value=1_000_000.0,
        value=math.ceil((high + max(high * RESERVE, draft.worst)) / NANO * 100) / 100,
        step=0.01,
        format="%.2f",
        key=f"enrich_cap_{batches}",
        help="What was spent and what is being asked for never pass it. The job then pauses",
    )
    return round(cap * NANO)


def _start(wanted: Wanted, expected: Estimate) -> None:
    """Raises what is wrong with it by now."""
    user, provider = session.user(), llm.provider(session.config())
    made = drafts.draft(user, provider=provider, wanted=wanted)
    if made.draft is None:
        raise NothingToEnrich
    with db.session_scope(user, write=True) as scope:
        job_id = drafts.create(scope, made.draft, estimate=expected.to_json()).id
    links.go(JOB, id=job_id)
