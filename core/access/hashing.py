"""Secrets that we give out: long, random, and never kept; only their hash is.

A plain SHA-256 is enough for 256 random bits: there is nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

import hashlib
import secrets

N_BYTES = 32
TOKEN_PREFIX = "mdk_"  # noqa: S105  # what scanners for leaked secrets look for
N_SHOWN = 9


def new_secret() -> str:
    """256 random bits, as text for a cookie."""
    return secrets.token_urlsafe(N_BYTES)


def new_token() -> str:
    """The same for a program; its beginning says what it is."""
    return TOKEN_PREFIX + new_secret()


def hash_of(secret: str) -> str:
    """What is kept of it: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
