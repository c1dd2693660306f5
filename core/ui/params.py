"""What a page's address names; an address that names nothing we have is NotFound, never a crash."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core.errors import NotFound


def uuid(name: str, *, resource: str) -> UUID | None:
    """The id in `?name=…`; None where it is absent. Raises NotFound for what is no id."""
    text = st.query_params.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(resource=resource, id=text[:80]) from error


def integer(name: str, *, resource: str) -> int | None:
    """The same for an id that is a whole number."""
    text = st.query_params.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise NotFound(resource=resource, id=text[:80])
    return int(text)
