"""The gate before everything the process serves: pages, their websocket, media, uploads and API alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import db, logs
from core.access import audit, sessions
from core.access.errors import NotAllowed, NotSignedIn
from core.api.errors import ForeignRequest
from core.api.http import error_responses
from core.api.http.front import MOUNT
from core.api.http.route_table import RouteTable
from core.api.security import cookies, open_sockets, scopes, sign_in_page
from core.api.security.authentication import (
    PRINCIPAL,
    SAFE,
    RequestPrincipal,
    address_of,
    bearer_of,
    identify,
)
from core.api.security.site import PENDING, Site
from core.errors import AppError
from core.settings import Settings

# The way in, which looks by itself at who asks, and whether the process lives.
OPEN: Final = ("/login", "/login/oidc", "/login/callback", "/logout", "/api/health", "/_stcore/health")
OPEN_BELOW: Final = "/static/"  # Streamlit's own scripts and fonts, the same in every installation
HEALTH: Final = ("/api/health", "/_stcore/health")  # asked for by address, without our name
N_LOOKUPS = 8  # threads of its own: whoever waits for the database must not hold everybody up

Found = TypeVar("Found")


def policy(url: str) -> str:
    """The Content-Security-Policy of pages: whatever a page shows, it asks nobody but this app for anything.

    Streamlit's own scripts are inline in part, compile what they draw charts by, and draw from `data:` and `blob:`.
    url: the app's. Browsers before 2022 don't take its websocket for its own.
    """
    socket = url.replace("http", "ws", 1)
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
        f"connect-src 'self' {socket} data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self'"
    )


log = logs.get("access")


class Gate:
    """Wraps the whole process. Pure ASGI, so that bodies and sockets stream through it.

    table: the calls of the API, whose scopes a token needs. clock: aware UTC, for what expires. recheck_s: until an
    open websocket notices that its session is over.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        table: RouteTable,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        recheck_s: float = open_sockets.RECHECK_S,
    ) -> None:
        self._app = app
        self._settings = settings
        self._site = Site(settings)
        self._cookies = (self._site.cookie, self._site.cookie + PENDING, *cookies.STREAMLITS)
        self._policy = policy(self._site.url)
        self._table = table
        self._clock = clock
        self._recheck_s = recheck_s
        self._limiter = anyio.CapacityLimiter(N_LOOKUPS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope = cookies.bounded(scope, self._cookies)
        send = self._with_headers(send)
        try:
            principal = await self._admitted(scope)
        except AppError as error:
            await self._refuse(error, scope, receive, send)
            return
        if principal is not None:
            scope = {**scope, PRINCIPAL: principal}
        if scope["type"] == "websocket" and principal is not None and principal.session_id is not None:
            await open_sockets.serve(
                self._app,
                scope,
                receive,
                send,
                session_id=principal.session_id,
                is_alive=partial(self._is_alive, HTTPConnection(scope)),
                recheck_s=self._recheck_s,
            )
        else:
            await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope) -> RequestPrincipal | None:
        """Who comes in; None for the local user, and for what is open to all.

        Raises WrongHost, WrongOrigin, NotSignedIn, NotAllowed, DatabaseUnavailable.
        """
        request, headers = HTTPConnection(scope), Headers(scope=scope)
        path = _settled(scope["path"])
        if path in HEALTH:
            return None
        bearer = bearer_of(request) if _is_api(path) else None
        if bearer is None:
            self._site.require_host(headers)
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        is_socket = scope["type"] == "websocket"
        method = "GET" if is_socket else scope["method"]
        if bearer is None:
            is_change = is_socket or method not in SAFE
            self._site.require_origin(headers, always=is_change and self._settings.has_sign_in)
        who = partial(
            identify,
            request,
            bearer=bearer,
            cookie=self._site.cookie,
            settings=self._settings,
            now=self._clock,
        )
        principal = await self._in_a_thread(who) if self._settings.has_sign_in or bearer is not None else None
        if principal is not None:
            try:
                below = path.removeprefix(MOUNT) or "/"
                scopes.require(principal, scopes.declared(self._table, method=method, path=below))
            except NotAllowed as error:
                await self._in_a_thread(partial(_note_refusal, principal, method, path, error))
                raise
        return principal

    async def _is_alive(self, request: HTTPConnection) -> bool:
        """Whether the session of an open websocket is not over; while the database is away, nobody is sent off."""
        secret = request.cookies.get(self._site.cookie, "")
        look = partial(
            sessions.resume,
            secret,
            settings=self._settings,
            now=self._clock(),
            address=address_of(request),
            touch=False,
        )
        try:
            await self._in_a_thread(look)
        except NotSignedIn:
            return False
        except db.DatabaseUnavailable as error:
            log.warning("sessions can't be looked at", problem=str(error))
        return True

    async def _in_a_thread(self, look: Callable[[], Found]) -> Found:
        return await anyio.to_thread.run_sync(look, limiter=self._limiter)

    async def _refuse(self, error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
        """A page leads to the sign-in, everything else is told what is wrong."""
        if scope["type"] == "websocket":
            await receive()  # its request, before it is refused
            await send({"type": "websocket.close", "code": open_sockets.SIGNED_OUT})  # a 403 to the browser
            return
        headers = Headers(scope=scope)
        if isinstance(error, ForeignRequest):
            log.info("request refused", code=error.code, path=scope["path"][:200])
        wants_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
        if not wants_page or _is_api(_settled(scope["path"])):
            await error_responses.answer(error)(scope, receive, send)
            return
        if isinstance(error, NotSignedIn):
            query = scope["query_string"].decode("latin-1")
            asked = scope["path"] + (f"?{query}" if query else "")
            answer = RedirectResponse(
                f"/login?next={quote(asked, safe='', errors='replace')}" if asked != "/" else "/login", 303
            )
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)
            return
        page = sign_in_page.refusal(error.message, error.hint)
        kept = {"Content-Security-Policy": sign_in_page.POLICY, "Cache-Control": "no-store"}
        await HTMLResponse(page, error.http_status, headers=kept)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        """Every answer forbids other sites to frame it and browsers to guess what it is."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Content-Security-Policy", self._policy)
                headers.setdefault("X-Frame-Options", "SAMEORIGIN")
                headers.setdefault("Referrer-Policy", "same-origin")
                if self._site.is_secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        return sending


def _settled(path: str) -> str:
    return path.removesuffix("/") or "/"


def _is_api(path: str) -> bool:
    return path == MOUNT or path.startswith(f"{MOUNT}/")


def _note_refusal(principal: RequestPrincipal, method: str, path: str, error: AppError) -> None:
    log.warning("call refused", user_id=str(principal.user.id), code=error.code, path=path[:200])
    with db.session_scope(principal.user, write=True) as session:
        subject = audit.Subject("call", f"{method} {path}")
        audit.note(session, "access.refused", subject, is_refused=True, code=error.code)
