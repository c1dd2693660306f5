"""How a status looks: a word, an icon and a colour, never colour alone. Which there are, each room's folder says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

Color = Literal["red", "orange", "blue", "green", "violet", "gray"]


@dataclass(frozen=True)
class Badge:
    """How a status looks. `markdown` puts it into running text."""

    word: str
    icon: str
    color: Color

    @property
    def markdown(self) -> str:
        return f":{self.color}-badge[{self.icon} {self.word}]"


OFFLINE = Badge("OFFLINE", ":material/cloud_off:", "violet")
OFFLINE_TIP = "Written by the offline generator, not by a model: not for training"


def show(badge: Badge, *, tip: str | None = None) -> None:
    """Draw a badge on a line of its own, or in a toolbar."""
    st.badge(badge.word, icon=badge.icon, color=badge.color, help=tip)
