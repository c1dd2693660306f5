"""How a batch is done: its name, model, mode, and how much at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core import llm
from core.generation.jobs.drafts import MOST_AT_ONCE, MOST_TOKENS, Mode, Wanted
from core.llm.prices import Price

LONGEST_NAME: Final = 120
_MODES: Final[dict[Mode, str]] = {"realtime": "Real time", "batches": "Message Batches · half price"}


@dataclass(frozen=True)
class JobSettings:
    """name: empty where nobody has written one. model: None for the provider's own."""

    name: str
    model: str | None
    mode: Mode
    concurrency: int
    max_tokens: int
    auto_enrich: bool


def ask(provider: llm.Provider, *, name: str) -> JobSettings:
    """The boxes. name: what it is called where nobody writes another."""
    written = st.text_input("Name", key="generator_name", placeholder=name, max_chars=LONGEST_NAME)
    model = None if provider.is_offline else _model(provider)
    mode = _mode() if provider.kind is llm.ProviderKind.ANTHROPIC else "realtime"
    with st.expander("Pace and length", key="generator_pace"):
        left, right = st.columns(2, gap="small")
        concurrency = left.number_input(
            "Requests at once",
            min_value=1,
            max_value=MOST_AT_ONCE,
            value=Wanted.concurrency,
            key="generator_concurrency",
            help="Fewer are under way where the provider asks to slow down",
        )
        max_tokens = right.number_input(
            "Longest reply, in tokens",
            min_value=100,
            max_value=MOST_TOKENS,
            value=Wanted.max_tokens,
            step=100,
            key="generator_max_tokens",
            help="Thinking counts too. A reply that is cut off here can't be used, but is paid for",
        )
    auto_enrich = st.checkbox(
        "Enrich the conversations afterwards",
        key="generator_auto_enrich",
        help="Topics, emotion, difficulty and a summary of each, by another job that gets what the limit leaves",
    )
    return JobSettings(written.strip(), model, mode, int(concurrency), int(max_tokens), auto_enrich)


def _model(provider: llm.Provider) -> str:
    known = provider.prices.prices
    names = list(dict.fromkeys([provider.default_model, *known]))
    chosen: str | None = st.selectbox(
        "Model",
        names,
        key="generator_model",
        format_func=lambda name: f"{name}{_price(known.get(name, ()))}",
        accept_new_options=provider.kind is llm.ProviderKind.COMPATIBLE,
    )
    return chosen or provider.default_model


def _price(rows: Sequence[Price]) -> str:
    """ " · $0.10 in, $0.50 out per million tokens"."""
    return f" · ${rows[0].input} in, ${rows[0].output} out per million tokens" if rows else ""


def _mode() -> Mode:
    return st.segmented_control(
        "When",
        list(_MODES),
        default="realtime",
        format_func=_MODES.__getitem__,
        key="generator_mode",
        required=True,
        help="Message Batches are done within 24 hours, most within one",
    )
