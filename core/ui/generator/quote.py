"""What a batch comes to: its items, its tokens, its price; told before anybody starts it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from uuid import UUID

import streamlit as st

from core import llm
from core.generation.jobs import drafting, estimate
from core.generation.jobs.drafts import Wanted
from core.generation.jobs.estimate import Estimate
from core.ui import formatting, links, session


@dataclass(frozen=True)
class Quote:
    """What was found out about a batch as the form describes it. template_id: the named one, or the one that was
    chosen, with the reason. worst: what a single item may cost, in nano-dollars.
    """

    estimate: Estimate
    template_id: UUID
    reason: str | None
    worst: int


def of(wanted: Wanted, *, provider: llm.Provider) -> Quote:
    """Raises what is wrong with the form. The same form is looked at once."""
    alike = replace(wanted, name="", max_cost=None, concurrency=Wanted.concurrency, pilot=False)
    described = json.dumps({**vars(alike), "template_id": str(alike.template_id or "")}, default=str)
    return _of(session.user().id, provider.key_id, described, alike)


@st.cache_data(ttl=300, max_entries=64, show_spinner="Counting tokens…", scope="session")
def _of(user_id: UUID, key_id: str, described: str, _wanted: Wanted) -> Quote:
    """user_id, key_id, described: what it depends on."""
    del user_id, key_id, described
    user, config = session.user(), session.config()
    provider = llm.provider(config)
    draft = drafting.draft(user, files=session.files(), provider=provider, wanted=_wanted)
    found = estimate.of(user, draft=draft, provider=provider)
    return Quote(found, draft.template.id, draft.choice, draft.worst)


def show(quote: Quote, *, provider: llm.Provider, mode: str) -> None:
    """The price and what it rests on."""
    found = quote.estimate
    if provider.is_offline:
        st.info(
            "No key is set: an offline generator writes clearly synthetic text, and nothing is paid.",
            icon=":material/cloud_off:",
        )
        return
    if provider.costs_money:
        realtime, batches = money(found.low, found.high), money(found.batch_low, found.batch_high)
        told = [f"**{realtime}** in real time", f"**{batches}** as Message Batches"]
        if provider.kind is not llm.ProviderKind.ANTHROPIC:
            told = [f"**{realtime}**"]
        elif mode == "batches":
            told.reverse()
        st.markdown("  \n".join(told))
        if found.enrich_high:
            is_batch = mode == "batches"
            low = found.enrich_batch_low if is_batch else found.enrich_low
            high = found.enrich_batch_high if is_batch else found.enrich_high
            st.caption(f"{money(low, high)} of it for enriching the conversations afterwards.")
    else:
        st.markdown(f":gray[{links.escape(provider.label)} answers, and nothing is paid.]")
    st.caption(f"{_tokens(found)} {_basis(found)}")


def money(low: int, high: int) -> str:
    """ "$0.52–$1.10", escaped."""
    ends = dict.fromkeys((formatting.money(low), formatting.money(high)))
    return links.escape("–".join(ends))


def _tokens(found: Estimate) -> str:
    rough = " (rough: counted by the app)" if found.is_rough else ""
    out = "–".join(f"{n:,}" for n in dict.fromkeys((found.n_output_low, found.n_output_high)))
    return f"Per item about {found.n_input:,} tokens in{rough} and {out} out, thinking included."


def _basis(found: Estimate) -> str:
    if found.source == "past":
        return f"Told by {formatting.exact(found.n_past, 'past reply', 'past replies')} of this template."
    return "How long replies get is not known yet: a pilot shows it."
