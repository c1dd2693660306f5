"""What a page's address names; an address that names nothing we have is NotFound, never a crash."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import streamlit as st

from core.errors import Missing, NotFound

LONGEST: Final = 80  # characters of an id that are read, and said back
MOST_DIGITS: Final = 18


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


def number(text: str) -> int | None:
    """The whole number that is written so; None for anything else, and for more digits than ours have."""
    return int(text) if len(text) <= MOST_DIGITS and text.isascii() and text.isdigit() else None


def uuid(name: str, *, resource: str) -> UUID | None:
    """The id in `?name=…`; None where it is absent. Raises NotFound for what is no id."""
    text = st.query_params.get(name)
    if not text:
        return None
    try:
        return UUID(text[:LONGEST])
    except ValueError as error:
        raise NotFound(resource=resource, id=text[:LONGEST]) from error


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
    found = number(text)
    if found is None:
        raise NotFound(resource=resource, id=text[:LONGEST])
    return found
