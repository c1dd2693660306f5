"""What a connection may ask of the server before it is cut off: how large, how slow, and how many at once.

Streamlit's server is uvicorn, whose protocol for HTTP/1.1 is extended here: a head has a size and a deadline, a body
and the reading of an answer have a least rate, and connections are counted by the address that they come from.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from core import logs
from core.api.http.connections import Connections, Limits, affordable, origin_of
from core.api.http.seldom import AcceptErrors, OncePerSecond

HEAD_BYTES = 16 << 10
VALUE_BYTES = 2_000  # of a header that the app or its libraries take apart
LINE_BYTES = 8 << 10  # the request's first line: its path and query

# Taken apart, each by a parser of its own; of all others, what counts is the size of the whole head.
PARSED: Final = frozenset(
    b"accept accept-encoding accept-language access-control-request-headers connection content-disposition "
    b"content-length content-type expect forwarded host idempotency-key if-match if-modified-since if-none-match "
    b"if-range if-unmodified-since origin range sec-websocket-extensions sec-websocket-key sec-websocket-version "
    b"te transfer-encoding upgrade x-forwarded-for x-forwarded-host x-forwarded-proto".split()
)
NO_LINGER = struct.pack("ii", 1, 0)
_HEAD_END = re.compile(rb"\n\r?\n")

log = logs.get("api")


def bound(server: uvicorn.Server, *, trusted_proxies: str, limits: Limits | None = None) -> None:
    """Have a server, before it listens, bound its connections so; and say once a second at most that it can't accept.

    trusted_proxies: as in the settings. From within the server's event loop.
    """
    exempt = [ip_network(one.strip(), strict=False) for one in trusted_proxies.split(",") if one.strip()]
    if not server.config.loaded:
        server.config.load()  # which would set the protocol anew
    connections = Connections(limits or affordable(Limits()), exempt)
    server.config.http_protocol_class = partial(BoundedProtocol, connections=connections)  # type: ignore[assignment]  # called, no more
    logging.getLogger("uvicorn.error").addFilter(OncePerSecond(time.monotonic))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(AcceptErrors(time.monotonic, otherwise=loop.get_exception_handler()))


class BoundedHead(h11.Connection):
    """h11's connection, which refuses a head that is too large before anything of it is parsed."""

    def next_event(self) -> Any:
        if self.their_state is h11.IDLE:
            _require_bounded(self.trailing_data[0])
        return super().next_event()


def _require_bounded(received: bytes) -> None:
    end = _HEAD_END.search(received, 0, HEAD_BYTES + 2)
    if end is None and len(received) > HEAD_BYTES:
        raise h11.RemoteProtocolError("the head is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    first, *lines = received[: end.start() if end else len(received)].split(b"\n")
    if len(first) > LINE_BYTES:
        raise h11.RemoteProtocolError("the path is too long", HTTPStatus.REQUEST_URI_TOO_LONG)
    for line in lines:
        name, _, value = line.partition(b":")
        if len(value) > VALUE_BYTES and name.strip().lower() in PARSED:
            raise h11.RemoteProtocolError("a header is too long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 on one connection, within `Limits`."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = BoundedHead(h11.SERVER, HEAD_BYTES)
        self.ws_protocol_class = partial(CountedSocket, on_lost=self._release)  # type: ignore[assignment]  # as above
        self._connections, self._limits = connections, connections.limits
        self._origin: str | None = None  # once it is counted
        self._timer: asyncio.TimerHandle | None = None
        self._is_body = False  # what the timer is for: a head or a body
        self._unread: asyncio.TimerHandle | None = None
        self._n_bytes = 0  # in this window
        self._is_over = False  # it was refused, or is a websocket's

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        origin = origin_of(self.client[0] if self.client else "")
        if self._connections.take(origin):
            self._origin = origin
            self._watch()
            return
        if self._connections.may_tell():
            log.warning("too many connections; refusing more", address=origin)
        self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are open.", "Try again soon.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._n_bytes += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._is_over = True
        self._stop_timers()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._limits.unread_s, self._drop)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # says less than we do
        """What uvicorn does of a request that can't be read; one that is too large has a status of its own."""
        try:
            _require_bounded(self.conn.trailing_data[0])
        except h11.RemoteProtocolError as error:
            hint = f"A request's head has up to {HEAD_BYTES >> 10} kB, its first line up to {LINE_BYTES >> 10} kB."
            self._answer(HTTPStatus(error.error_status_hint), f"The request was refused: {error}.", hint)
            return
        self._answer(HTTPStatus.BAD_REQUEST, "The request can't be read as HTTP.", "")

    def _release(self) -> None:
        self._stop_timers()
        if self._origin is not None:
            self._connections.release(self._origin)
            self._origin = None

    def _drop(self) -> None:
        """Close at once, without waiting for the client to take what the system still holds for it."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()

    def _watch(self) -> None:
        """Have the timer that belongs to what is awaited: a head, a body, or none."""
        if self._is_over or self._origin is None or self.transport.is_closing():
            self._stop_timers()
            return
        is_body = self.conn.their_state is h11.SEND_BODY
        is_head = self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None
        if self._timer is not None and self._is_body == is_body and (is_body or is_head):
            return
        self._stop_timer()
        if is_body or is_head:
            self._is_body, self._n_bytes = is_body, 0
            late, after_s = (
                (self._look_at_rate, self._limits.window_s)
                if is_body
                else (self._head_is_late, self._limits.head_s)
            )
            self._timer = self.loop.call_later(after_s, late)

    def _head_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            self._answer(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.", "Send it again.")
        else:
            self._is_over = True
            self.transport.close()

    def _look_at_rate(self) -> None:
        self._timer = None
        is_slow = self._n_bytes < self._limits.body_rate * self._limits.window_s
        if self.conn.their_state is h11.SEND_BODY and is_slow and not self.flow.read_paused:
            hint = f"A body arrives with at least {self._limits.body_rate:.0f} bytes a second."
            self._answer(HTTPStatus.REQUEST_TIMEOUT, "The request's body arrives too slowly.", hint)
        else:
            self._watch()

    def _answer(self, status: HTTPStatus, message: str, hint: str) -> None:
        """Say why, where nothing was answered yet, and close; the app, if it is at work, sees the client leave."""
        self._is_over = True
        self._stop_timers()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            code = status.phrase.lower().replace(" ", "_").replace("-", "_")
            body = json.dumps({"error": {"code": code, "message": message, "hint": hint}}).encode()
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _stop_timers(self) -> None:
        self._stop_timer()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class CountedSocket(WebSocketsSansIOProtocol):
    """uvicorn's websocket, which says when it is over."""

    def __init__(self, *args: Any, on_lost: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on_lost = on_lost

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost()
        super().connection_lost(exc)
