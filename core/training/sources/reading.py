"""All pages of a training at once, within one deadline: each becomes a text, or a sentence on why there is none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ssrfguard.httpx import AsyncClient

from core import logs
from core.training.errors import PageUnread
from core.training.sources import fetching
from core.training.sources.extracting import Extractor
from core.training.sources.fetching import Web

log = logs.get("training")


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
    async with opened, Extractor() as extractor:
        tasks = [
            asyncio.create_task(_page(opened, extractor, address, web, app_url)) for address in addresses
        ]
        try:
            await asyncio.wait(tasks, timeout=web.all_s)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    late = PageUnread(problem=f"all pages together were not read within {web.all_s:g} seconds")
    return [
        page if isinstance(page, Page) else Page(address, unread=_why(page, late))
        for address, page in zip(addresses, ended, strict=True)
    ]


def _why(error: BaseException, late: PageUnread) -> PageUnread:
    """What is said of a page whose reading did not end. An error that nobody expects is one of ours, and goes to the
    log: it keeps this page from being read, and not the training from going on.
    """
    if isinstance(error, asyncio.CancelledError):
        return late
    log.error("a web page could not be read", exc_info=error)
    return PageUnread(problem="it could not be read, and the log of the worker says why")


async def _page(opened: AsyncClient, extractor: Extractor, address: str, web: Web, app_url: str) -> Page:
    try:
        fetched = await fetching.fetch(opened, address, web=web, app_url=app_url)
        text, is_cut = await extractor.text(fetched)
    except PageUnread as unread:
        return Page(address, unread=unread)
    return Page(address, fetched.led_to, text, is_cut)
