"""Sign-in with an OpenID Connect provider: authorization code with PKCE, state and nonce."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from httpx2 import HTTPError, Timeout

from core import logs
from core.access import jwt_claims, roles
from core.access.errors import NotLetIn, NotSignedIn, ProviderUnavailable, SignInFailed
from core.access.users import Identity
from core.settings import Settings

CALLBACK = "/login/callback"
SCOPE = "openid email profile"
TIMEOUT_S = 10.0
KEPT_S = 3600.0  # of what the provider says of itself

log = logs.get("access")


@dataclass(frozen=True)
class Provider:
    """What the provider says of itself. end_session_endpoint: where people sign out of it, if it says so."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun: kept by the browser that began it, so that none other can end it."""

    state: str
    nonce: str
    verifier: str


_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_known: dict[str, tuple[float, Provider]] = {}
_one_discovers = threading.Lock()


def begin(settings: Settings) -> tuple[str, PendingSignIn]:
    """Where to send the browser, and what it has to bring back. Raises ProviderUnavailable."""
    provider = discover(settings)
    pending = PendingSignIn(*(secrets.token_urlsafe(32) for _ in range(3)))
    with _client(settings) as client:
        url, _ = client.create_authorization_url(
            provider.authorization_endpoint,
            state=pending.state,
            nonce=pending.nonce,
            code_verifier=pending.verifier,
        )
    return url, pending


def finish(settings: Settings, *, pending: PendingSignIn, code: str) -> Identity:
    """Whom the provider says has signed in. Raises SignInFailed, NotLetIn, ProviderUnavailable."""
    provider = discover(settings)
    try:
        with _client(settings) as client:
            token = client.fetch_token(
                provider.token_endpoint,
                code=code,
                code_verifier=pending.verifier,
                grant_type="authorization_code",
            )
    except AuthlibBaseError as error:
        log.warning("code refused", reason=str(error)[:200])
        raise SignInFailed(reason="the provider did not confirm the sign-in") from error
    except (HTTPError, ValueError) as error:
        raise ProviderUnavailable(problem="it sent an unexpected answer") from error
    try:
        found = jwt_claims.verified(
            str(token.get("id_token", "")),
            issuer=provider.issuer,
            audience=settings.oidc_client_id,
            keys_url=provider.jwks_uri,
        )
    except NotSignedIn as error:
        raise SignInFailed(reason="the provider's answer could not be verified") from error
    if not secrets.compare_digest(str(found.get("nonce", "")), pending.nonce) or (
        found.get("azp", settings.oidc_client_id) != settings.oidc_client_id
    ):
        log.warning("claims refused", reason="nonce or authorized party", issuer=provider.issuer)
        raise SignInFailed(reason="the provider's answer belongs to another sign-in")
    return _identity(provider, found, settings)


def sign_out_url(settings: Settings) -> str | None:
    """Where people sign out of the provider too; None where it tells none, or does not answer.

    After OpenID Connect RP-Initiated Logout 1.0, section 2, without a way back, which would have to be registered.
    """
    try:
        found = discover(settings).end_session_endpoint
    except ProviderUnavailable:
        return None
    if urlsplit(found).scheme not in ("https", "http"):
        return None
    return f"{found}{'&' if '?' in found else '?'}{urlencode({'client_id': settings.oidc_client_id})}"


def _identity(provider: Provider, found: dict[str, Any], settings: Settings) -> Identity:
    is_verified = found.get("email_verified") is True or settings.oidc_vouches_for_email
    email = found.get("email")
    if settings.allowed_emails and not is_verified:
        raise NotLetIn(reason="the provider has not verified your address")
    name = str(found.get("name") or found.get("preferred_username") or "")
    return Identity(
        means="oidc",
        issuer=provider.issuer,
        subject=str(found["sub"]),
        name=name,
        email=roles.normal(email) if is_verified and isinstance(email, str) and email else None,
    )


def _client(settings: Settings) -> OAuth2Client:
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value() or None,
        token_endpoint_auth_method=None if settings.oidc_client_secret.get_secret_value() else "none",
        scope=SCOPE,
        redirect_uri=settings.url + CALLBACK,
        code_challenge_method="S256",
        timeout=Timeout(TIMEOUT_S),
    )


def discover(settings: Settings) -> Provider:
    """What the provider says of itself, at most an hour ago.

    Raises ProviderUnavailable, also for one that calls itself something else than OIDC_ISSUER.
    """
    issuer = settings.oidc_issuer
    with _one_discovers:
        kept_at, known = _known.get(issuer, (0.0, None))
        if known is not None and monotonic() - kept_at < KEPT_S:
            return known
        try:
            with _client(settings) as client:
                url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                answer = client.request("GET", url, withhold_token=True)
            answer.raise_for_status()
            said = answer.json()
            found = Provider(
                **{name: str(said[name]) for name in _NEEDED},
                end_session_endpoint=str(said.get("end_session_endpoint") or ""),
            )
        except (HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("provider does not describe itself", issuer=issuer, reason=str(error)[:200])
            raise ProviderUnavailable(problem="its OpenID configuration can't be read") from error
        if found.issuer.rstrip("/") != issuer.rstrip("/"):
            raise ProviderUnavailable(problem="its issuer is not OIDC_ISSUER")
        _known[issuer] = (monotonic(), found)
        return found
