"""Takes the reader to a live app in the same tab, once."""

from __future__ import annotations

from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

SCRIPT = """export default function ({ data }) {
  if (data?.url && !window.modelDeskOpened?.has(data.url)) {
    (window.modelDeskOpened ??= new Set()).add(data.url);
    window.location.assign(data.url);
  }
}
"""


def open_here(path: str) -> None:
    """path: of ours."""
    _component()(data={"url": path}, key="open_live")


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("model_desk_open_live", js=SCRIPT)
