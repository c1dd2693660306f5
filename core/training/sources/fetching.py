"""Fetching one page that a user has named, whatever answers there: public addresses alone, text alone, in bounded time.

`ssrfguard` looks each name up once, compares every address it gets with the policy, and connects to that very address,
at each redirect anew. So no name that changes what it means, no redirect and no way of writing an address leads into a
private network. What else bounds a page stands here: no environment, no compression, two ports, bytes and seconds.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from ssrfguard import Policy, Resolver, SSRFGuardError, TooManyRedirectsError
from ssrfguard.errors import BlockedAddressError
from ssrfguard.httpx import AsyncClient
from ssrfguard.resolvers import UdpResolver

from core.training.errors import PageUnread
from core.training.sources.addresses import POLICY, is_own

PAGE_S: Final = 10.0  # for all of one page, however it comes
LOOKUP_S: Final = 3.0
MOST_BYTES: Final = 2_000_000
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
    """What of the web may be reached. resolver: looks names up, as `socket.getaddrinfo`; None asks the name servers of
    this machine, with a deadline.
    """

    policy: Policy = POLICY
    resolver: Resolver | None = None


@dataclass(frozen=True)
class Fetched:
    """A page as it came. url: where redirects led. charset: as its head says, empty where it does not."""

    url: str
    content: bytes
    is_html: bool
    charset: str


def client(web: Web, *, app_url: str) -> AsyncClient:
    """For the pages of one training. Raises OSError, ValueError where this machine knows no name server."""

    async def refuse_own(request: httpx.Request) -> None:
        if is_own(request.url.host, app_url=app_url):
            raise PageUnread(problem="it leads to an address of this app", cure=UPLOAD)

    return AsyncClient(
        policy=web.policy,
        resolver=web.resolver or UdpResolver(timeout=LOOKUP_S),
        trust_env=False,
        follow_redirects=True,
        timeout=PAGE_S,
        headers=HEADERS,
        event_hooks={"request": [refuse_own]},
    )


async def fetch(opened: AsyncClient, address: str) -> Fetched:
    """One page, within PAGE_S. Raises PageUnread."""
    try:
        async with asyncio.timeout(PAGE_S), opened.stream("GET", address) as response:
            _require_text(response)
            content = await _read(response)
    except TimeoutError as error:
        raise PageUnread(problem=f"it did not come within {PAGE_S:.0f} seconds") from error
    except httpx.TimeoutException as error:
        raise PageUnread(problem=f"it did not come within {PAGE_S:.0f} seconds") from error
    except TooManyRedirectsError as error:
        raise PageUnread(problem="it redirects again and again") from error
    except BlockedAddressError as error:
        raise PageUnread(problem="it leads into a private network", cure=UPLOAD) from error
    except SSRFGuardError as error:
        raise PageUnread(problem="it leads to an address that is not read") from error
    except socket.gaierror as error:
        raise PageUnread(problem="its name is not known") from error
    except ssl.SSLError as error:
        raise PageUnread(problem="its certificate is not good") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
        raise PageUnread(problem=_trouble(error)) from error
    if content.startswith(NOT_TEXT) or (b"\0" in content[:4_000] and not content.startswith(WIDE)):
        raise PageUnread(problem="it is no text, whatever it says that it is")
    kind, charset = _kind(response.headers)
    return Fetched(str(response.url), content, is_html=kind in HTML, charset=charset)


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
    if any(isinstance(one, ConnectionRefusedError) for one in causes):
        return "nothing answers at its address"
    if isinstance(error, (httpx.ConnectError, OSError)):
        return "its server can't be reached"
    return "its server's answer can't be read"
