"""A web site on loopback whose pages misbehave in every way, in a thread; and how a test's client finds it by name.

    with Site() as site:
        site.pages["/terms"] = page(b"<p>…</p>")
        web = site.web()             # http://pages.example/terms leads here, by a resolver of the test's own

Names: `pages.example` is this server; `private.example` an address that no policy lets through; `both.example` both;
`dead.example` a closed port; others are not known.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from ssrfguard import Policy

from core.training.sources.fetching import Web

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]
GOOD, PRIVATE = "127.0.0.1", "10.0.0.7"


def page(body: bytes, *, kind: str = "text/html; charset=utf-8", status: int = 200, **headers: str) -> Serve:
    """A whole answer."""
    given = {"content-type": kind, "content-length": str(len(body)), "connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in given.items())]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return serve


def redirect(to: str) -> Serve:
    return page(b"", status=302, location=to)


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 Said\r\ncontent-type: text/html\r\n\r\n")
    while True:
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.5)


async def endless(writer: asyncio.StreamWriter) -> None:
    """As fast as it is taken, for ever."""
    writer.write(b"HTTP/1.1 200 Said\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    """Nothing, for ever."""
    del writer
    await asyncio.Event().wait()


@dataclass
class Site:
    """pages: what is served, by path; any other is 404. asked: the heads of all requests."""

    pages: dict[str, Serve] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._under_way = set[object]()  # a loop alone would forget who waits for ever
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, GOOD, 0), self._loop)
        self._server = started.result(30)
        self.port = int(self._server.sockets[0].getsockname()[1])
        with socket.socket() as spare:  # bound and not listening: whoever connects is refused
            spare.bind((GOOD, 0))
            self._dead_port = int(spare.getsockname()[1])

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def web(self) -> Web:
        """A client's policy and resolver that reach this server by its names."""
        return Web(Policy(allowed_networks=(ip_network(f"{GOOD}/32"),)), self._resolved)

    def _resolved(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        addresses = {
            "pages.example": [(GOOD, self.port)],
            "elsewhere.example": [(GOOD, self.port)],
            "dead.example": [(GOOD, self._dead_port)],
            "private.example": [(PRIVATE, port)],
            "metadata.example": [("169.254.169.254", port)],
            "both.example": [(GOOD, self.port), (PRIVATE, port)],
        }
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", found) for found in addresses[host]]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._under_way.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head)
            path = head.split(" ")[1]
            await self.pages.get(path, page(b"gone", status=404))(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, or we do
        finally:
            writer.close()
