"""What a page's address names; an address that names nothing we have is NotFound, never a crash."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from core.errors import Missing, NotFound


class NotNamed(Missing):
    """A page of one thing whose address does not say which."""

    code = "not_named"
    message = "No {resource} was named in the address."
    hint = "Open the list and choose one."
    resource: str


class NoSuchPage(Missing):
    """The address names a page of a list that the list does not have."""

    code = "no_such_page"
    message = "This part of the list doesn't exist."
    hint = "The address may be cut or out of date. Open the list from its start."


def uuid(name: str, *, resource: str) -> UUID | None:
    """The id in `?name=…`; None where it is absent. Raises NotFound for what is no id."""
    text = st.query_params.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(resource=resource, id=text[:80]) from error


def required_uuid(name: str, *, resource: str) -> UUID:
    """The same for a page that is of one thing. Raises NotNamed too, where it is absent."""
    found = uuid(name, resource=resource)
    if found is None:
        raise NotNamed(resource=resource)
    return found


def integer(name: str, *, resource: str) -> int | None:
    """The same for an id that is a whole number."""
    text = st.query_params.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise NotFound(resource=resource, id=text[:80])
    return int(text)
