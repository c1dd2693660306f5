"""A message with findings marked at their places. Its words reach the browser as text and are never read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.generation.quality import findings
from core.generation.quality.findings import Finding

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """A stretch of a message. says: what was found there; empty where nothing was."""

    text: str
    says: str = ""


def parts(content: str, found: Sequence[Finding]) -> list[Part]:
    """The whole content in stretches, those that findings point at apart. Where two overlap, both are said."""
    spans = [
        (max(0, one.start), min(len(content), one.end), findings.label(one.code))
        for one in found
        if one.start is not None and one.end is not None and one.start < min(len(content), one.end)
    ]
    cuts = sorted({0, len(content), *(at for start, end, _ in spans for at in (start, end))})
    return [
        Part(
            content[start:end],
            ", ".join(dict.fromkeys(says for a, b, says in spans if a <= start and end <= b)),
        )
        for start, end in pairwise(cuts)
    ]


def show(content: str, found: Sequence[Finding], *, key: str) -> None:
    """Draw a message, and in the margin's colour what was found in it."""
    told = [[part.text, part.says] for part in parts(content, found)]
    _component()(data={"parts": told}, key=key)


@cache
def _component() -> ComponentRenderer:
    css, js = ((HERE / f"marked.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return st.components.v2.component("model_desk_marked", html="<p></p>", css=css, js=js)
