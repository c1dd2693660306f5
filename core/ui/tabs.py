"""Tabs whose open one stands in the address, and of which only that one is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

PARAM: Final = "tab"


def show(labels: Mapping[str, str], *, key: str) -> tuple[str, TabContainer]:
    """Draw them; returns the open one's name and its container. labels: by what the address calls them.

    A label may change from run to run: then the one that the address names is open again.
    """
    first = next(iter(labels.values()))
    if st.session_state.get(key) not in labels.values():
        st.session_state[key] = labels.get(st.query_params.get(PARAM, ""), first)
    drawn = dict(zip(labels, st.tabs(list(labels.values()), key=key, on_change="rerun"), strict=True))
    opened = next((name for name, tab in drawn.items() if tab.open), next(iter(labels)))
    if labels[opened] == first:
        st.query_params.pop(PARAM, None)
    elif st.query_params.get(PARAM) != opened:
        st.query_params[PARAM] = opened
    return opened, drawn[opened]
