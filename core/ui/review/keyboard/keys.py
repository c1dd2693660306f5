"""The keyboard of review: which key does what, whether they do, and that none acts on what nobody has seen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.ui import status_pills
from core.ui.review import address

HERE = Path(__file__).parent
OFF: Final = "off"
KEYS: Final = {
    "A": "approve",
    "X": "reject",
    "U": "undo",
    "E": "edit",
    "1 – 9": "choose a reason",
    "← →": "back and next",
}
_IS_OFF, _RUNS = "review_keys_off", "review_runs"


def shortcut(key: str) -> str | None:
    """The key of a button; none where they are off."""
    return key if are_on() else None


def are_on() -> bool:
    """As the address says, else as it was left in this session."""
    named = st.query_params.get(address.KEYS)
    return named != OFF if named else not st.session_state.get(_IS_OFF, False)


def show() -> None:
    """The box that tells the keys and switches them."""
    is_on = are_on()
    status_pills.remember(address.KEYS, "" if is_on else OFF)
    with st.popover("Keys", key="review_keys", icon=":material/keyboard:", type="tertiary"):
        st.toggle("Keyboard shortcuts", is_on, key=f"review_keys_{is_on}", on_change=_switch, args=(is_on,))
        lines = "  \n".join(f"**{key}** :gray[{what}]" for key, what in KEYS.items())
        st.markdown(lines)
        st.caption("While you type in a box, keys decide nothing.")


def guard(drawn: str, *, is_form: bool = False) -> None:
    """Drawn last, once all else is: from then on keys count. drawn: names what stands there. is_form: to edit it."""
    runs = st.session_state[_RUNS] = st.session_state.get(_RUNS, 0) + 1
    _guard()(data={"drawn": drawn, "isForm": is_form, "run": runs}, key="review_guard")


def _switch(was_on: bool) -> None:
    st.session_state[_IS_OFF] = was_on
    status_pills.remember(address.KEYS, OFF if was_on else "")


@cache
def _guard() -> ComponentRenderer:
    script = (HERE / "guard.js").read_text("utf-8")
    return st.components.v2.component("model_desk_review_guard", js=script)
