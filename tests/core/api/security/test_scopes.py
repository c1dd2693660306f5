"""What each call declares that a token needs for it."""

from __future__ import annotations

from core.access import tokens
from core.api import application
from core.api.security.authentication import SAFE
from core.api.security.scopes import ANY, PERSON

# The framework's own route takes no dependencies; it needs what every call needs that reads.
UNDECLARED = ["/openapi.json"]


def test_every_call_declares_scopes_and_only_such_as_there_are() -> None:
    table = application.unconfigured().state.table
    assert [route.path for route in table.declared if not route.scopes] == UNDECLARED
    known = {*tokens.SCOPES, ANY, PERSON}
    assert {scope for route in table.declared for scope in route.scopes} <= known


def test_no_call_that_changes_something_is_content_with_reading() -> None:
    table = application.unconfigured().state.table
    assert [
        route.path
        for route in table.declared
        if not route.methods <= set(SAFE) and {tokens.READ, ANY} & set(route.scopes)
    ] == ["/templates/{template_id}/preview"]  # its values come as a body, and nothing changes
