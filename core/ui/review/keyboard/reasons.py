"""Reasons to choose by a digit: those that the reader gave lately, then usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.ui import links
from core.ui.review.keyboard import keys

USUAL: Final = (
    *("Off topic", "Wrong facts", "Unnatural", "Repetitive", "Too short"),
    *("Too long", "Wrong tone", "Personal data", "Wrong language"),
)
MOST: Final = 9
LONGEST_SHOWN: Final = 28  # characters
_OFFERED: Final = "review_reasons_offered"
_CHOSEN: Final = "review_reason"  # the version of a conversation, and the reason that was chosen for it


def offered(recent: Sequence[str]) -> list[str]:
    """At most nine, no two that differ in case alone; the same all session, so that a digit keeps its reason."""
    if (kept := st.session_state.get(_OFFERED)) is not None:
        return list(kept)
    found: dict[str, str] = {}
    for reason in (*recent, *USUAL):
        found.setdefault(reason.casefold(), reason)
    st.session_state[_OFFERED] = list(found.values())[:MOST]
    return list(found.values())[:MOST]


def show(reasons: Sequence[str], *, version: str, disabled: bool) -> None:
    """A button each, with its digit; the chosen one stands out, and again it is none. version: of a conversation."""
    chosen = of(version)
    with st.container(horizontal=True, gap="xsmall", key="review_reasons"):
        for digit, reason in enumerate(reasons, start=1):
            shown = reason if len(reason) <= LONGEST_SHOWN else f"{reason[:LONGEST_SHOWN]}…"
            st.button(
                links.escape(shown),
                key=_key(digit, version),
                type="primary" if reason == chosen else "secondary",
                shortcut=keys.shortcut(str(digit)),
                disabled=disabled,
                help=links.escape(reason) if shown != reason else None,
                on_click=_choose,
                args=(version, reason),
            )


def of(version: str) -> str:
    """The reason that was chosen for this version of a conversation; "" where none was."""
    of_version, reason = st.session_state.get(_CHOSEN, ("", ""))
    return reason if of_version == version else ""


def settle(version: str, reasons: Sequence[str]) -> str:
    """The same within a callback: a digit that was pressed right before has come with it, and maybe not its turn."""
    for digit, reason in enumerate(reasons, start=1):
        if st.session_state.get(_key(digit, version)):
            return reason
    return of(version)


def _key(digit: int, version: str) -> str:
    return f"pick_{digit}_{version}"


def _choose(version: str, reason: str) -> None:
    st.session_state[_CHOSEN] = (version, "" if of(version) == reason else reason)
