"""The product's name and mark, at the head and the foot of the menu."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

import core

NAME: Final = "Model Desk"
MARK: Final = Path(core.__file__).with_name("logo.svg").read_text("utf-8")
WORDMARK: Final = Path(__file__).with_name("wordmark.svg").read_text("utf-8")
INK = {"light": "#1b1d22", "dark": "#f0f1f3"}
ACCENT_TEXT = {"light": "#2f4fcb", "dark": "#9db0ff"}


def show() -> None:
    """Put mark and name at the head of the menu; the mark alone where the menu is closed."""
    st.logo(wordmark(st.context.theme.type or "light"), icon_image=MARK, size="medium")


def icon() -> str:
    """The mark for the browser's tab."""
    return str(Path(core.__file__).with_name("logo.svg"))


def footer() -> None:
    """The version, at the foot of the menu."""
    st.sidebar.caption(f"Version {core.__version__} · [API](/api/docs)")


def accent_text(theme: str) -> str:
    """The accent as a color of text, which the page's own is too dark for where the page is dark."""
    return ACCENT_TEXT.get(theme, ACCENT_TEXT["light"])


def wordmark(theme: str) -> str:
    """Mark and name in one picture; its letters are outlines, for an image has none of the page's fonts.

    An evening turns an open page dark without drawing it anew. The picture then takes the page's `color-scheme` by
    itself; a browser that does not tell pictures of it shows the theme that the page began with.
    """
    ink = INK.get(theme, INK["light"])
    turns = "".join(
        f"@media (prefers-color-scheme: {name}) {{ path {{ fill: {INK[name]} }} }}" for name in INK
    )
    return WORDMARK.replace("currentColor", ink).replace("<rect", f"<style>{turns}</style><rect", 1)
