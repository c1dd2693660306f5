"""The websockets that are open in this process, by the session they were opened with: they end with it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNED_OUT = 1008  # what RFC 6455 calls a policy violation
RECHECK_S = 10.0  # until a session that was ended elsewhere is noticed

_open: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)


def close(session_id: UUID) -> None:
    """End every websocket of a session; from the event loop."""
    for is_over in _open.get(session_id, ()):
        is_over.set()


async def serve(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    session_id: UUID,
    is_alive: Callable[[], Awaitable[bool]],
    recheck_s: float,
) -> None:
    """Serve a websocket for as long as its session is alive."""
    is_over = asyncio.Event()
    pending: asyncio.Future[Message] | None = None

    async def watch() -> None:
        while not is_over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), recheck_s)
            if not is_over.is_set() and not await is_alive():
                is_over.set()

    async def receive_or_end() -> Message:
        nonlocal pending
        pending = pending or asyncio.ensure_future(receive())
        ended = asyncio.ensure_future(is_over.wait())
        either: set[asyncio.Future[Any]] = {pending, ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if is_over.is_set():
            await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        message, pending = pending.result(), None
        return message

    async def send_until_end(message: Message) -> None:
        if not is_over.is_set():
            await send(message)

    _open[session_id].add(is_over)
    watching = asyncio.create_task(watch())
    try:
        await app(scope, receive_or_end, send_until_end)
    finally:
        watching.cancel()
        if pending is not None:
            pending.cancel()
        _open[session_id].discard(is_over)
        if not _open[session_id]:
            del _open[session_id]
