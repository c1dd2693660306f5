"""The addresses of pages, relative to pages/navigation.py, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

import streamlit as st

HOME: Final = "home.py"
UPLOADS: Final = "uploads.py"
PREDICTIONS: Final = "predictions.py"
PREDICTION: Final = "prediction.py"
MODELS: Final = "models.py"
MODEL: Final = "model.py"
SYSTEM: Final = "system.py"
ACCOUNT: Final = "account.py"
ADMIN: Final = "admin.py"


def go(page: str, **params: object) -> NoReturn:
    """Leave for another page, with these query parameters: `go(PREDICTION, id=prediction.id)`."""
    st.switch_page(page, query_params=texts(params))


def link(label: str, page: str, *, icon: str | None = None, tip: str | None = None, **params: object) -> None:
    """Draw a link to another page, with these query parameters. tip: what is shown on hover."""
    st.page_link(page, label=label, icon=icon, help=tip, query_params=texts(params))


def escape(text: str) -> str:
    """Text of a user's, such as a file name, so that markdown shows it as it is."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()<>#+-.!|~:$^=&" else char for char in text)


def texts(params: Mapping[str, object]) -> dict[str, str]:
    """Query parameters as the address writes them."""
    return {name: str(value) for name, value in params.items()}
