"""Who asks: by bearer token, by the session of a browser, or without sign-in the local user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.requests import HTTPConnection

from core import db
from core.access import jwt_claims, sessions, supabase, tokens, users
from core.access.errors import NotLetIn, NotSignedIn
from core.settings import Settings

PRINCIPAL: Final = "model_desk.principal"  # in the scope of a request, once it is known
SAFE: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class RequestPrincipal:
    """Who asks.

    session_id: of a browser. scopes: what a token allows; None where nothing is held back. token_id: the token's.
    """

    user: db.User
    session_id: UUID | None = None
    scopes: frozenset[str] | None = None
    token_id: UUID | None = None

    def only_its_own(self, *scopes: str) -> UUID | None:
        """The token, where it reaches only what was made with it; None for whoever has one of these scopes, or all."""
        return self.token_id if self.scopes is not None and self.scopes.isdisjoint(scopes) else None


def bearer_of(request: HTTPConnection) -> str | None:
    """What a program sends to say who it is; a proxy's own kind of Authorization is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else None


def identify(
    request: HTTPConnection,
    *,
    bearer: str | None,
    cookie: str,
    settings: Settings,
    now: Callable[[], datetime],
) -> RequestPrincipal | None:
    """Blocking. None without sign-in, where nothing was sent to say who asks. Raises NotSignedIn."""
    address = address_of(request)
    if bearer is not None:
        return _by_bearer(bearer, settings=settings, now=now(), address=address)
    if not settings.has_sign_in:
        return None
    secret = request.cookies.get(cookie)
    if not secret:
        raise NotSignedIn
    user, session_id = sessions.resume(secret, settings=settings, now=now(), address=address)
    return RequestPrincipal(user, session_id=session_id)


def _by_bearer(bearer: str, *, settings: Settings, now: datetime, address: str) -> RequestPrincipal:
    if settings.has_supabase_auth and bearer.count(".") == 2:
        found = jwt_claims.of_supabase(bearer, settings=settings)
        try:
            user = users.known(UUID(found["sub"]), settings=settings, via="jwt", address=address)
            if user is None:
                unknown = supabase.identity(found, settings=settings, email=None)
                user = users.settle(unknown, settings=settings, via="jwt", address=address)
        except NotLetIn as error:
            raise NotSignedIn from error
        return RequestPrincipal(user)
    token = tokens.check(bearer, settings=settings, now=now, address=address)
    return RequestPrincipal(token.user, scopes=token.scopes, token_id=token.id)


def address_of(request: HTTPConnection) -> str:
    """From where; what a proxy says of it counts only from TRUSTED_PROXIES, which the server has looked at."""
    return request.client.host if request.client else ""
