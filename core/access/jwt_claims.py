"""Signed claims, verified here and not at the provider's: signature, expiry, issuer and audience, all four always."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

import jwt
from jwt import PyJWKClient

from core import logs
from core.access.errors import NotSignedIn, ProviderUnavailable
from core.settings import Settings

# Public keys verify these only: with a shared-secret algorithm, a public key would be a secret all can read.
BY_PUBLIC_KEY = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]
BY_SHARED_SECRET = ["HS256"]
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
LEEWAY_S = 30  # between our clock and theirs
KEYS_TIMEOUT_S = 5.0

log = logs.get("access")


def verified(
    text: str, *, issuer: str, audience: str, keys_url: str, shared_secret: str = ""
) -> dict[str, Any]:
    """The claims of a JWT. keys_url: the provider's public keys, kept for five minutes.

    Raises NotSignedIn whatever is wrong with it, ProviderUnavailable when the keys can't be had.
    """
    try:
        algorithm = jwt.get_unverified_header(text).get("alg", "")
        by_secret = bool(shared_secret) and algorithm in BY_SHARED_SECRET
        if not by_secret and algorithm not in BY_PUBLIC_KEY:
            raise jwt.InvalidAlgorithmError(f"signed by {str(algorithm)[:20]}")
        key: Any = shared_secret if by_secret else _keys(keys_url).get_signing_key_from_jwt(text).key
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=BY_SHARED_SECRET if by_secret else BY_PUBLIC_KEY,
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": REQUIRED},
        )
    except jwt.PyJWKClientConnectionError as error:
        raise ProviderUnavailable(problem="its keys can't be fetched") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        log.warning("claims refused", reason=f"{type(error).__name__}: {error}"[:200], issuer=issuer)
        raise NotSignedIn from error
    return claims


def of_supabase(text: str, *, settings: Settings) -> dict[str, Any]:
    """The claims of a person's access token: no key of the project, no anonymous visitor. Raises as `verified`."""
    issuer = supabase_issuer(settings)
    claims = verified(
        text,
        issuer=issuer,
        audience="authenticated",
        keys_url=f"{issuer}/.well-known/jwks.json",
        shared_secret=settings.supabase_jwt_secret.get_secret_value(),
    )
    try:
        UUID(claims["sub"])
    except ValueError:
        claims["sub"] = ""
    if claims.get("role") != "authenticated" or claims.get("is_anonymous") or not claims["sub"]:
        log.warning("claims refused", reason="not a person's", issuer=issuer)
        raise NotSignedIn
    return claims


def supabase_issuer(settings: Settings) -> str:
    """Who signs for the project."""
    return f"{settings.supabase_url.rstrip('/')}/auth/v1"


@cache
def _keys(url: str) -> PyJWKClient:
    return PyJWKClient(url, timeout=KEYS_TIMEOUT_S)
