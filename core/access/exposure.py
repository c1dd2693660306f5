"""Whether others can reach the app, and so whether people have to sign in."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from core.access.errors import InsecureAddress, SignInMissing
from core.settings import Settings

LOOPBACK_NAMES = ("localhost",)


def require_safe(settings: Settings) -> None:
    """Look before the start. Raises SignInMissing, InsecureAddress."""
    if settings.has_sign_in:
        if urlsplit(settings.url).scheme != "https" and not is_loopback(_host(settings)):
            raise InsecureAddress(url=settings.url)
    elif not settings.allow_anonymous:
        if not is_loopback(settings.listen_address):
            raise SignInMissing(reason=f"The app would listen on {settings.listen_address}")
        if not is_loopback(_host(settings)):
            raise SignInMissing(reason=f"APP_URL is {settings.url}")


def require_unreachable(settings: Settings, addresses: set[str]) -> None:
    """The same of the addresses that the server really listens on, however it was started. Raises SignInMissing."""
    reachable = sorted(address for address in addresses if not is_loopback(address))
    if reachable and not settings.has_sign_in and not settings.allow_anonymous:
        raise SignInMissing(reason=f"The app listens on {', '.join(reachable)}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES or host.endswith(".localhost")


def _host(settings: Settings) -> str:
    return urlsplit(settings.url).hostname or ""
