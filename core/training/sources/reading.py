"""All pages of a training at once, within one deadline: each becomes a text, or a sentence on why there is none."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ssrfguard.httpx import AsyncClient

from core.training.errors import PageUnread
from core.training.sources import extract, fetching
from core.training.sources.fetching import Fetched, Web

EXTRACT_S: Final = 8.0
N_EXTRACTED_AT_ONCE: Final = 2
MOST_ANSWER_BYTES: Final = 12 * extract.MOST_CHARACTERS + 1_000
EXTRACT: Final = Path(extract.__file__)


@dataclass(frozen=True)
class Page:
    """A page that was read, or not: then `unread` says why. text: Markdown. final_url: where redirects led."""

    url: str
    final_url: str | None = None
    text: str | None = None
    is_cut: bool = False
    unread: PageUnread | None = None

    @property
    def sha256(self) -> str | None:
        """Of the text in UTF-8."""
        return None if self.text is None else hashlib.sha256(self.text.encode()).hexdigest()


async def read(addresses: Sequence[str], *, web: Web, app_url: str) -> list[Page]:
    """Each address, in their order. Nothing that a page or its server does comes out of here as an exception."""
    try:
        opened = fetching.client(web)
    except (OSError, ValueError):
        unread = PageUnread(problem="this machine names no server to look names up by")
        return [Page(address, unread=unread) for address in addresses]
    places = asyncio.Semaphore(N_EXTRACTED_AT_ONCE)
    async with opened:
        tasks = [asyncio.create_task(_page(opened, places, address, web, app_url)) for address in addresses]
        try:
            await asyncio.wait(tasks, timeout=web.all_s)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    late = PageUnread(problem=f"all pages together were not read within {web.all_s:g} seconds")
    return [
        Page(address, unread=late) if isinstance(page, asyncio.CancelledError) else _known(page)
        for address, page in zip(addresses, ended, strict=True)
    ]


def _known(page: Page | BaseException) -> Page:
    if isinstance(page, BaseException):
        raise page
    return page


async def _page(opened: AsyncClient, places: asyncio.Semaphore, address: str, web: Web, app_url: str) -> Page:
    try:
        fetched = await fetching.fetch(opened, address, web=web, app_url=app_url)
        async with places:
            text, is_cut = await extracted(fetched)
    except PageUnread as unread:
        return Page(address, unread=unread)
    elsewhere = fetched.url if fetched.url.rstrip("/") != address.rstrip("/") else None
    return Page(address, elsewhere, text, is_cut)


async def extracted(page: Fetched, *, script: Path = EXTRACT, limit_s: float = EXTRACT_S) -> tuple[str, bool]:
    """Its text, and whether that was cut; by a child without anything of ours in its environment. Raises PageUnread.

    script: what the child runs, as `extract.py` is run. limit_s: after which it is killed.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        script,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    about = json.dumps({"is_html": page.is_html, "charset": page.charset}).encode()
    try:
        async with asyncio.timeout(limit_s):
            child.stdin.write(about + b"\n" + page.content)
            child.stdin.close()
            answer = await _all_of(child.stdout)
            await child.wait()
        said = json.loads(answer)
        text, is_cut = str(said["text"]), bool(said["is_cut"])
    except (TimeoutError, ConnectionError, ValueError, KeyError, TypeError) as error:
        raise PageUnread(problem="its text can't be told from what surrounds it") from error
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
    if not text:
        raise PageUnread(problem="it holds no text")
    return text[: extract.MOST_CHARACTERS], is_cut


async def _all_of(answer: asyncio.StreamReader) -> bytes:
    """Raises ValueError for more than any text makes."""
    content = b""
    while more := await answer.read(MOST_ANSWER_BYTES):
        content += more
        if len(content) > MOST_ANSWER_BYTES:
            raise ValueError("more than any text makes")
    return content
