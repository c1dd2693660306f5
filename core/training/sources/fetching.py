"""Fetching one page that a user has named, whatever answers there: public addresses alone, text alone, in bounded time.

`ssrfguard` looks each name up once, compares every address it gets with the policy, and connects to that very address,
at each redirect anew. So no name that changes what it means, no redirect and no way of writing an address leads into a
private network. What else bounds a page stands here: no environment, no compression, two ports, bytes and seconds.
Redirects are followed here too: httpx would read the whole body of each, however long.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final

import httpx
from ssrfguard import BlockedAddressError, Policy, Resolver, SSRFGuardError
from ssrfguard.httpx import AsyncClient
from ssrfguard.resolvers import UdpResolver, nameservers_from_resolv_conf

from core.training.errors import PageUnread
from core.training.sources.addresses import LONGEST_SENT, POLICY, refusal

LOOKUP_S: Final = 3.0
MOST_BYTES: Final = 2_000_000
MOST_REDIRECTS: Final = 5
UPLOAD: Final = "Choose an upload that holds what the page says."
HEADERS: Final = {
    "accept": "text/html, application/xhtml+xml, text/plain;q=0.9, text/*;q=0.8",
    "accept-encoding": "identity",
    "user-agent": "ModelDesk",
}
TEXT: Final = re.compile(r"text/[\w.+-]+|application/(?:xhtml\+xml|xml|json)")
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
NOT_TEXT: Final = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF")
WIDE: Final = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 and UTF-32 begin, whose text holds NUL


@dataclass(frozen=True)
class Web:
    """What of the web may be reached, and how long that may take.

    resolver: looks names up, as `socket.getaddrinfo`; None asks the name servers that `resolv_conf` lists, with a
    deadline. page_s: for all of one page, however it comes. all_s: for all pages of a training together.
    """

    policy: Policy = POLICY
    resolver: Resolver | None = None
    resolv_conf: Path = Path("/etc/resolv.conf")
    page_s: float = 10.0
    all_s: float = 20.0


@dataclass(frozen=True)
class Fetched:
    """A page as it came. charset: as its head says, else empty. led_to: where redirects led, if that is elsewhere."""

    content: bytes
    is_html: bool
    charset: str
    led_to: str | None = None


def client(web: Web) -> AsyncClient:
    """For the pages of one training. Raises OSError, ValueError where this machine knows no name server."""
    resolver = web.resolver or UdpResolver(nameservers_from_resolv_conf(web.resolv_conf), timeout=LOOKUP_S)

    return AsyncClient(
        policy=web.policy,
        resolver=resolver,
        trust_env=False,
        follow_redirects=False,
        timeout=web.page_s,
        headers=HEADERS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


async def fetch(opened: AsyncClient, address: str, *, web: Web, app_url: str) -> Fetched:
    """One page, within its time. app_url: by which people reach this app, which is no page. Raises PageUnread."""
    try:
        async with asyncio.timeout(web.page_s):
            return await _followed(opened, address, web.policy, app_url)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise PageUnread(problem=f"it did not come within {web.page_s:g} seconds") from error
    except BlockedAddressError as error:
        raise PageUnread(problem="it leads into a private network", cure=UPLOAD) from error
    except SSRFGuardError as error:
        raise PageUnread(problem="it leads to an address that is not read", cure=UPLOAD) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
        raise PageUnread(problem=_trouble(error)) from error


async def _followed(opened: AsyncClient, address: str, policy: Policy, app_url: str) -> Fetched:
    """The page to which at most MOST_REDIRECTS lead."""
    url = first = httpx.URL(address)
    for _ in range(MOST_REDIRECTS + 1):
        problem = refusal(str(url), app_url=app_url, policy=policy, longest=LONGEST_SENT)
        if problem is not None:
            raise PageUnread(problem=f"what it leads to {problem}", cure=UPLOAD)
        async with opened.stream("GET", url) as response:
            if response.next_request is None:
                return await _page(response, is_elsewhere=not _is_same(url, first))
            url = response.next_request.url
    raise PageUnread(problem="it redirects again and again")


def _is_same(url: httpx.URL, other: httpx.URL) -> bool:
    return str(url).rstrip("/") == str(other).rstrip("/")


async def _page(response: httpx.Response, *, is_elsewhere: bool) -> Fetched:
    _require_text(response)
    content = await _read(response)
    kind, charset = _kind(response.headers)
    is_wide = content.startswith(WIDE) or charset.startswith(("utf-16", "utf-32"))
    if content.startswith(NOT_TEXT) or (b"\0" in content[:4_000] and not is_wide):
        raise PageUnread(problem="it is no text, whatever it says that it is")
    led_to = str(response.url) if is_elsewhere else None
    return Fetched(content, is_html=kind in HTML, charset=charset, led_to=led_to)


def _require_text(response: httpx.Response) -> None:
    """Raises PageUnread for what can't be a page, before any of it is read."""
    if not response.is_success:
        raise PageUnread(problem=f"its server answers {response.status_code}")
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise PageUnread(problem="it comes compressed, which was not asked for")
    kind, _ = _kind(response.headers)
    if not TEXT.fullmatch(kind):
        raise PageUnread(
            problem=f"it is no text but {kind[:60]}" if kind else "it does not say that it is text"
        )
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 12 or int(length) > MOST_BYTES):
        raise _too_large()


async def _read(response: httpx.Response) -> bytes:
    """Raises PageUnread once it is too much."""
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MOST_BYTES:
            raise _too_large()
    return bytes(content)


def _too_large() -> PageUnread:
    return PageUnread(problem=f"it has more than {MOST_BYTES // 1_000_000} MB")


def _kind(headers: Mapping[str, str]) -> tuple[str, str]:
    """Media type and charset, in lower case."""
    kind, _, more = headers.get("content-type", "").partition(";")
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", more, re.IGNORECASE)
    return kind.strip().lower(), found[1].lower() if found else ""


def _trouble(error: Exception) -> str:
    """What went wrong, in words that hold nothing of the answer's."""
    causes = [error]
    while len(causes) < 8 and (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)  # type: ignore[arg-type]  # nobody raises a BaseException from another here
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return "its certificate is not good"
    if any(isinstance(one, socket.gaierror) for one in causes):
        return "its name can't be looked up"
    if isinstance(error, (httpx.ConnectError, OSError)):
        return "its server can't be reached"
    return "its server's answer can't be read"
