"""The drop zone: files go straight from the browser to the API, each with its own progress and its own refusal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.uploads.detect.encodings import charsets

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Done:
    """The last file of one drop that was taken in, or the one of several that is to be opened.

    is_duplicate: its bytes were there before, so it is that earlier upload.
    """

    upload_id: int
    is_duplicate: bool


def uploader(*, max_mb: int, is_compact: bool, key: str) -> Done | None:
    """Draw the drop zone. Returns what was taken in, once, in the run that follows.

    is_compact: lower, for where something else on the page comes first.
    """
    data = {
        "url": "/api/csv",
        "max_bytes": max_mb * 1_000_000,
        "is_compact": is_compact,
        "encodings": [(codec, charsets.label(codec)) for codec in charsets.CODECS],
    }
    result = _component()(data=data, key=key, on_done_change=lambda: None)
    done = cast(dict[str, Any] | None, result.get("done"))
    if not done:
        return None
    return Done(upload_id=int(done["upload_id"]), is_duplicate=bool(done["is_duplicate"]))


@cache
def _component() -> ComponentRenderer:
    html, css, js = ((HERE / f"uploader.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("model_desk_uploader", html=html, css=css, js=js)
