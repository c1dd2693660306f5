"""What a token may do: a call declares its scopes by `Security`, and the gate looks before anything is read.

One of the scopes that a call declares is enough. Whoever comes without a token has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.access import tokens
from core.access.errors import NotByToken, ScopeMissing
from core.api.http.route_table import RouteTable
from core.api.security.authentication import SAFE, RequestPrincipal

ANY: Final = "any"  # every token has it
PERSON: Final = "person"  # none has it: for what would keep a program inside after its token is revoked


def require(principal: RequestPrincipal, declared: Sequence[str]) -> None:
    """Raises NotByToken, ScopeMissing."""
    if principal.scopes is None or ANY in declared or not principal.scopes.isdisjoint(declared):
        return
    if PERSON in declared:
        raise NotByToken(needed="view or change who has access")
    raise ScopeMissing(needed=declared[-1], role=" and ".join(sorted(principal.scopes)))


def declared(table: RouteTable, *, method: str, path: str) -> Sequence[str]:
    """The scopes of a call, also of one that is not there, which is refused later. path: below the API's mount."""
    routes = table.at(path)
    for route in routes:
        if route.takes(method) and route.scopes:
            return route.scopes
    usual = tokens.READ if method in SAFE else tokens.WRITE
    others = [scope for route in routes for scope in route.scopes if scope not in (tokens.READ, tokens.WRITE)]
    if ANY in others or PERSON in others:
        return others
    if not routes and _is_below_people(table, path):
        return [PERSON]
    if not others:
        return [usual]
    return [usual, *others] if usual == tokens.READ else others


def _is_below_people(table: RouteTable, path: str) -> bool:
    """Whether a path above is closed to tokens: then so is all below it, whether or not there is anything."""
    while path := path.rpartition("/")[0]:
        if any(PERSON in route.scopes for route in table.at(path)):
            return True
    return False
