"""Lists of things with a page of their own: what it is, its status, and facts in columns that line up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.ui import links
from core.ui.badges import Badge
from core.ui.links import PageEntry

BADGE_PX, FACT_PX, GAP_PX = 108, 84, 15  # together no wider than a phone


def box(*, key: str | None = None) -> DeltaGenerator:
    """The frame around rows: `with lists.box(): lists.row(…)`."""
    return st.container(border=True, gap="xsmall", key=key)


def row(
    label: str,
    page: PageEntry,
    *,
    icon: str,
    badge: Badge | None = None,
    facts: Sequence[str] = (),
    tip: str | None = None,
    query: Mapping[str, object],
) -> None:
    """A line that leads to a page. facts: short texts, each in a column of the same width, right-aligned."""
    with st.container(horizontal=True, vertical_alignment="center", gap=None):
        with st.container(width="stretch"):
            st.page_link(
                page.file, label=links.escape(label), icon=icon, help=tip, query_params=links.query(query)
            )
        _facts(badge, facts)


def choice(
    label: str,
    *,
    key: str,
    icon: str,
    badge: Badge | None = None,
    facts: Sequence[str] = (),
    tip: str | None = None,
) -> bool:
    """Such a line for another thing on this same page: a link here would look as if it were chosen already."""
    with st.container(horizontal=True, vertical_alignment="center", gap=None):
        with st.container(width="stretch"):
            clicked = st.button(
                links.escape(label), key=key, type="tertiary", icon=icon, help=tip, wrap=False
            )
        _facts(badge, facts)
    return clicked


def _facts(badge: Badge | None, facts: Sequence[str]) -> None:
    widths = [*([BADGE_PX] if badge else []), *([FACT_PX] * len(facts))]
    width = sum(widths) + GAP_PX * (len(widths) - 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width=width):
        if badge:
            with st.container(width=BADGE_PX):
                st.markdown(badge.markdown)
        for fact in facts:
            st.caption(fact, width=FACT_PX, text_alignment="right")
