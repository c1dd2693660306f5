"""The connections below the SDK: pools of httpx2 whose answers have a bound, and that send no key but ours.

A pool looks at each of its idle connections before it sends anything, whether the other end has closed it. A hundred
of them, as a gate leaves idle that waits for a quota, take more processor than the requests themselves. So there are
several pools of a few connections each, and the first that has one to spare is taken.

This module loads httpx2, and with it half of what the SDK loads: only `core.llm.client` imports it, when it is used.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any, Final

import httpx2
from anthropic import DefaultAsyncHttpxClient

from core.llm.provider import Provider
from core.settings import LOOPBACK

MOST_BYTES: Final = 16_000_000  # of one answer, unpacked; the longest that a model writes is some 400 kB
N_AT_ONCE: Final = 8  # requests in one pool, unless it is the only one
N_CONNECTIONS: Final = 1_000
NOT_OF_THE_COPY: Final = ("content-encoding", "content-length", "transfer-encoding")


class TooMuch(httpx2.TransportError):
    """An answer goes on beyond MOST_BYTES."""


class ElsewhereRefused(httpx2.TransportError):
    """A request would go to another address than the provider's, and with it the key."""


class Connections(DefaultAsyncHttpxClient):
    """All connections to one provider. Answers are read whole here, with a bound, unless they are streamed."""

    def __init__(self, provider: Provider, **more: Any) -> None:
        self._authorization = f"Bearer {provider.key.get_secret_value()}"
        self._address = _address(address := httpx2.URL(provider.base_url))
        limits = httpx2.Limits(max_connections=N_CONNECTIONS, max_keepalive_connections=N_CONNECTIONS)
        self._more: dict[str, Any] | None = None  # what other pools are made with; None: there is but one
        self._others: list[Connections] = []
        self._n_under_way = 0
        self._provider = provider
        if "transport" not in more:
            self._more = dict(more)
            more["verify"] = _trust()
            if address.host in LOOPBACK:  # proxies are for other machines
                more["transport"] = httpx2.AsyncHTTPTransport(
                    limits=limits, trust_env=False, verify=more["verify"]
                )
        super().__init__(
            limits=limits, follow_redirects=False, **more
        )  # a prompt goes where the settings say

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        """As httpx2 does. Raises TooMuch, ElsewhereRefused."""
        if _address(request.url) != self._address:
            raise ElsewhereRefused("it points to another address than its own")
        request.headers["authorization"] = self._authorization  # whatever the machine's environment adds
        request.headers.pop("x-api-key", None)
        pool = self._free()
        pool._n_under_way += 1
        try:
            return await pool._sent(request, stream=stream, **more)
        finally:
            pool._n_under_way -= 1

    @property
    def n_pools(self) -> int:
        return 1 + len(self._others)

    async def aclose(self) -> None:
        for pool in self._others:
            await pool.aclose()
        await super().aclose()

    def _free(self) -> Connections:
        """The first pool that has a connection to spare; a new one, where none has."""
        if self._more is None:
            return self
        for pool in (self, *self._others):
            if pool._n_under_way < N_AT_ONCE:
                return pool
        self._others.append(Connections(self._provider, **self._more))
        return self._others[-1]

    async def _sent(self, request: httpx2.Request, *, stream: bool, **more: Any) -> httpx2.Response:
        response = await super().send(request, stream=True, **more)
        if stream and response.is_success:
            return response
        content = await read_bounded(response)
        headers = [one for one in response.headers.multi_items() if one[0].lower() not in NOT_OF_THE_COPY]
        return httpx2.Response(response.status_code, headers=headers, content=content, request=request)


@cache
def _trust() -> ssl.SSLContext:
    """Which certificates are trusted: read once, as that takes a tenth of a second."""
    return httpx2.create_ssl_context()


def _address(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def read_bounded(response: httpx2.Response) -> bytes:
    """The whole of an answer. Raises TooMuch."""
    parts, size = [], 0
    try:
        async for part in response.aiter_bytes():
            parts.append(part)
            if (size := size + len(part)) > MOST_BYTES:
                raise TooMuch(f"its answer goes on beyond {MOST_BYTES // 1_000_000} MB")
    finally:
        await response.aclose()
    return b"".join(parts)
