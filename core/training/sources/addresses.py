"""Addresses of web pages that a user names: what is taken, and what is refused before anything is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx
from ssrfguard import Policy, SSRFGuardError

from core.settings import LOOPBACK
from core.training.errors import ResourceRefused, TooManyResources

MOST: Final = 10
LONGEST: Final = 2_000
LONGEST_NAMED: Final = 100
LONGEST_SENT: Final = 12 * LONGEST  # where each character is written as four bytes of three signs
POLICY: Final = Policy(
    max_url_length=LONGEST_SENT
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
            raise ResourceRefused(address=short(address), problem=problem)
    return found


def short(address: str) -> str:
    """An address as a sentence names it: of a long one the beginning."""
    return address if len(address) <= LONGEST_NAMED else f"{address[:LONGEST_NAMED]}…"


def refusal(address: str, *, app_url: str, policy: Policy, longest: int = LONGEST) -> str | None:
    """Why an address is not taken, as the end of a sentence; None for one that may be fetched.

    longest: in characters; as it is sent, an address has up to twelve for one that was written.
    """
    if len(address) > longest:
        return f"has {len(address):,} characters, and {longest:,} at most are taken"
    if any(not letter.isprintable() or letter == " " for letter in address):
        return "holds blanks or characters that nobody can see"
    try:
        host = _plain(urlsplit(address).hostname or "")
        if is_own(host, app_url=app_url):
            return "is an address of this app"
        if (literal := _literal(host)) is not None and not policy.permits_address(literal):
            return "is an address of a private network"
        policy.check_url(address)
        httpx.URL(address)  # what nobody can send
    except (SSRFGuardError, httpx.InvalidURL, ValueError):
        return _malformed(address)
    return None


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_own(host: str, *, app_url: str) -> bool:
    """Whether a host is this machine by name, or the one by which people reach this app."""
    name, own = _plain(host), _plain(urlsplit(app_url).hostname or "")
    return name in {*LOOPBACK, own} - {""} or name.endswith(".localhost")


def _plain(host: str) -> str:
    """A host in the letters in which it is looked up: however it is written, the same one is the same."""
    host = host.rstrip(".").lower()
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".") if not host.isascii() else host
    except UnicodeError:
        return host


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
