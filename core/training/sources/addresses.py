"""Addresses of web pages that a user names: what is taken, and what is refused before anything is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from ssrfguard import Policy, SSRFGuardError

from core.settings import LOOPBACK
from core.training.errors import ResourceRefused, TooManyResources

MOST: Final = 10
LONGEST: Final = 2_000
POLICY: Final = Policy(
    max_url_length=LONGEST
)  # public addresses, http and https, ports 80 and 443, no passwords


def tidied(given: Sequence[str], *, app_url: str, policy: Policy = POLICY) -> tuple[str, ...]:
    """The addresses as they are kept: without blanks around, and each once. Raises TooManyResources, ResourceRefused.

    app_url: by which people reach this app. policy: what may be reached; names are looked up when pages are fetched.
    """
    found = tuple(dict.fromkeys(address for one in given if (address := one.strip())))
    if len(found) > MOST:
        raise TooManyResources(n_given=len(found), limit=MOST)
    for address in found:
        if (problem := refusal(address, app_url=app_url, policy=policy)) is not None:
            raise ResourceRefused(address=address, problem=problem)
    return found


def refusal(address: str, *, app_url: str, policy: Policy) -> str | None:
    """Why an address is not taken, as the end of a sentence; None for one that may be fetched."""
    if len(address) > LONGEST:
        return f"has {len(address):,} characters, and {LONGEST:,} at most are taken"
    if any(not letter.isprintable() or letter == " " for letter in address):
        return "holds blanks or characters that nobody can see"
    try:
        host = urlsplit(address).hostname or ""
        if is_own(host, app_url=app_url):
            return "is an address of this app"
        if (literal := _literal(host)) is not None and not policy.permits_address(literal):
            return "is an address of a private network"
        policy.check_url(address)
    except (SSRFGuardError, ValueError):
        return _malformed(address)
    return None


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_own(host: str, *, app_url: str) -> bool:
    """Whether a host is this machine by name, or the one by which people reach this app."""
    name = host.rstrip(".").lower()
    return name in {*LOOPBACK, urlsplit(app_url).hostname} or name.endswith(".localhost")


def _malformed(address: str) -> str:
    """What is wrong with an address that no policy takes, in our words: its own may quote what was sent."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "is no web address"
    if parts.scheme.lower() not in ("http", "https"):
        return "does not begin with https:// or http://"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password"
    if port not in (None, 80, 443):
        return f"names the port {port}, and only 80 and 443 are read"
    return "is no web address"


def lines(text: str) -> Sequence[str]:
    """Addresses as people write them into a box: one a line."""
    return [line for line in text.splitlines() if line.strip()]
