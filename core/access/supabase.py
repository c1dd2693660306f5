"""Sign-in with an e-mail address and password at Supabase Auth. Of the password nothing is kept, nor of its tokens."""

from __future__ import annotations

import atexit
from contextlib import suppress
from functools import cache

import httpx

from core import logs
from core.access import jwt_claims, roles
from core.access.errors import NotLetIn, NotSignedIn, ProviderUnavailable, SignInFailed
from core.access.users import Identity
from core.settings import Settings

TIMEOUT_S = 10.0

log = logs.get("access")


@cache
def _wire() -> httpx.Client:
    """One for all sign-ins: a client of its own would read the machine's certificates each time."""
    client = httpx.Client(http2=False, timeout=TIMEOUT_S)
    atexit.register(client.close)
    return client


def sign_in(settings: Settings, *, email: str, password: str) -> Identity:
    """Who has this address and password. Raises SignInFailed, NotLetIn, ProviderUnavailable."""
    # Imported where it is used: it takes a third of a second.
    from supabase import AuthApiError, AuthError, AuthRetryableError, ClientOptions, create_client

    # A client of its own: one that is shared ends up as whoever signed in last.
    options = ClientOptions(auto_refresh_token=False, persist_session=False, httpx_client=_wire())
    client = create_client(settings.supabase_url, settings.supabase_anon_key.get_secret_value(), options)
    try:
        answer = client.auth.sign_in_with_password({"email": email, "password": password})
    except AuthApiError as error:
        log.info("sign-in refused by Supabase", code=error.code, status=error.status)
        if error.status >= 500 or error.status == 429:
            raise ProviderUnavailable(problem="it is overloaded or down") from error
        raise SignInFailed(reason="wrong address or password") from error
    except (AuthRetryableError, httpx.HTTPError, ValueError) as error:
        raise ProviderUnavailable(problem="it can't be reached") from error
    except AuthError as error:
        raise SignInFailed(reason="wrong address or password") from error
    if answer.session is None or answer.user is None:
        raise SignInFailed(reason="wrong address or password")
    with suppress(AuthError, httpx.HTTPError):  # our own session takes over from here
        client.auth.sign_out({"scope": "local"})
    try:
        found = jwt_claims.of_supabase(answer.session.access_token, settings=settings)
    except NotSignedIn as error:
        raise SignInFailed(reason="the provider's answer could not be verified") from error
    if any(factor.status == "verified" for factor in answer.user.factors or []):
        raise NotLetIn(reason="your account uses a second factor, which this app does not support")
    confirmed = answer.user.email if answer.user.email_confirmed_at else None
    return identity(found, settings=settings, email=confirmed)


def identity(found: dict[str, object], *, settings: Settings, email: str | None) -> Identity:
    """Whom verified claims name. email: confirmed; what a bearer token says of it is not proven to be."""
    return Identity(
        means="supabase",
        issuer=jwt_claims.supabase_issuer(settings),
        subject=str(found["sub"]),
        name=str(found.get("email") or ""),
        email=roles.normal(email) if email else None,
    )
