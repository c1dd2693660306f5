"""The product's name and mark, at the head and the foot of the menu."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

import core

NAME: Final = "Model Desk"
MARK: Final = Path(core.__file__).with_name("logo.svg").read_text("utf-8")
_INK = {"light": "#1b1d22", "dark": "#f0f1f3"}
_FONT = "'Source Sans 3', 'Source Sans Pro', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"


def show() -> None:
    """Put mark and name at the head of the menu; the mark alone where the menu is closed."""
    st.logo(_wordmark(st.context.theme.type or "light"), icon_image=MARK, size="medium")


def icon() -> str:
    """The mark for the browser's tab."""
    return str(Path(core.__file__).with_name("logo.svg"))


def footer() -> None:
    """The version, at the foot of the menu."""
    st.sidebar.caption(f"Version {core.__version__} · [API](/api/docs)")


def _wordmark(theme: str) -> str:
    inner = MARK.split(">", 1)[1].removesuffix("\n").removesuffix("</svg>")
    ink = _INK.get(theme, _INK["light"])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32" width="150" height="32">'
        f'{inner}<text x="42" y="22.4" font-size="19" font-weight="650" fill="{ink}" '
        f'font-family="{_FONT}">{NAME}</text></svg>'
    )
