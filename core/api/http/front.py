"""The API's front: which spelling of a path is meant, how much is read, and how an unforeseen error looks outside."""

from __future__ import annotations

import sys
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import logs
from core.api.errors import RequestTooLarge
from core.api.http import error_responses
from core.api.http.route_table import RouteTable
from core.errors import AppError

MOUNT = "/api"
MAX_BODY_BYTES = 1_000_000  # of any call that declares no other limit
UNLIMITED: Final = sys.maxsize  # for a router whose calls count for themselves

log = logs.get("api")


class Front:
    """Wraps the API with these routes. Pure ASGI, so that bodies stream through it in both directions."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the API has none
            await receive()
            await send({"type": "websocket.close"})
            return
        has_begun = has_ended = False

        async def noting(message: Message) -> None:
            nonlocal has_begun, has_ended
            has_begun = True
            await send(message)
            has_ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        scope = _settled_path(scope)
        try:
            limit_bytes = self._table.max_body_bytes(scope["path"].removeprefix(MOUNT))
            body = _limited(Headers(scope=scope), receive, limit_bytes=limit_bytes or MAX_BODY_BYTES)
            await self._app(scope, body, noting)
        except AppError as error:
            await error_responses.answer(error)(scope, receive, send)
        except ClientDisconnect:
            log.info("the client went away", path=scope["path"])
        except Exception:  # the router's one place: nobody outside may see a trace
            log.exception("unforeseen error", path=scope["path"], method=scope["method"])
            if not has_begun:
                await error_responses.unforeseen()(scope, receive, send)
            elif not has_ended:
                raise  # the server cuts the connection, so that half an answer is not taken for a whole


def _settled_path(scope: Scope) -> Scope:
    """The path without its last slash, so that each is declared once and answers both spellings at once.

    Two routes, `GET /x/` and `POST /x`, would else refuse or redirect each other's spelling.
    """
    path = scope["path"].removesuffix("/")
    if path == MOUNT:  # the exact path is no part of the mount below it
        return {**scope, "path": f"{MOUNT}/", "root_path": MOUNT}
    return {**scope, "path": path}


def _limited(headers: Headers, receive: Receive, *, limit_bytes: int) -> Receive:
    """Raises RequestTooLarge: at once, where Content-Length says so."""
    declared = headers.get("content-length", "")
    too_large = RequestTooLarge(
        resource="request",
        limit_mb=limit_bytes // 1_000_000,
        remedy="Send files to POST /api/csv; other calls take little data.",
    )
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise too_large
    n_bytes = 0

    async def counted() -> Message:
        nonlocal n_bytes
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > limit_bytes:
            # the framework hides any other error that a body raises
            raise HTTPException(413, detail=too_large)  # type: ignore[arg-type]  # any detail passes
        return message

    return counted
