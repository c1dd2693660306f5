"""What is served below `/live/{id}/`: the page, what state its app is in, and predictions."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core import access, db, logs
from core.access.errors import NotSignedIn
from core.api.dependencies import uuid_of
from core.api.errors import RequestTooLarge
from core.api.http import error_responses
from core.api.live.asking import Asking
from core.api.security import sign_in_page
from core.api.security.authentication import PRINCIPAL, RequestPrincipal, address_of
from core.errors import AppError, BadRequest
from core.settings import Settings
from core.training.deployments import deployments, page

MAX_BODY_BYTES = 1_000_000
log = logs.get("api")
Answering = Callable[[Request, db.User, UUID], Awaitable[Response]]


class NotJson(BadRequest):
    """The body of a request is no JSON."""

    code = "not_json"
    message = "The request can't be read as JSON."
    hint = 'Send {{"rows": [{{…}}]}}.'


def routes(settings: Settings, asking: Asking) -> list[BaseRoute]:
    """Of every live app."""

    async def predict(request: Request, user: db.User, deployment_id: UUID) -> Response:
        answers = await asking.predict(user, deployment_id=deployment_id, given=await _rows(request))
        return JSONResponse({"predictions": [answer.to_json() for answer in answers]})

    def behind(answer: Answering, *, is_page: bool = False) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                user = await anyio.to_thread.run_sync(_caller, request, settings)
                deployment_id = uuid_of(request.path_params["deployment_id"], resource="live app")
                return await answer(request, user, deployment_id)
            except ClientDisconnect:
                log.info("the client went away", path=request.url.path)
                return Response(status_code=408)  # which nobody reads
            except AppError as error:
                if not is_page:
                    return error_responses.answer(error)
                shown = sign_in_page.refusal(error.message, error.hint)
                headers = {"Content-Security-Policy": sign_in_page.POLICY, "Cache-Control": "no-store"}
                return HTMLResponse(shown, error.http_status, headers=headers)

        return endpoint

    below = "/live/{deployment_id}"
    return [
        Route(below, _add_slash, methods=["GET"]),
        Route(f"{below}/", behind(_page, is_page=True), methods=["GET"]),
        Route(f"{below}/status", behind(_status), methods=["GET"]),
        Route(f"{below}/start", behind(_start), methods=["POST"]),
        Route(f"{below}/predict", behind(predict), methods=["POST"]),
    ]


def _caller(request: Request, settings: Settings) -> db.User:
    principal: RequestPrincipal | None = request.scope.get(PRINCIPAL)
    if principal is not None:
        return principal.user
    if settings.has_sign_in:  # the gate lets nobody come this far
        raise NotSignedIn
    return access.local_user(address_of(request))


async def _add_slash(request: Request) -> Response:
    return RedirectResponse(
        f"./{request.path_params['deployment_id']}/", 307
    )  # whatever a proxy puts before it


async def _page(_request: Request, user: db.User, deployment_id: UUID) -> Response:
    """The page, or the way to the one that the app has on another machine at present."""

    def look() -> page.Shown | str:
        with db.session_scope(user) as session:
            found = deployments.get(session, deployment_id=deployment_id)
            return found.url if found.is_public and found.url else page.Shown.of(found, me=user)

    shown, nonce = await anyio.to_thread.run_sync(look), secrets.token_urlsafe(16)
    if isinstance(shown, str):
        return RedirectResponse(shown, 303, headers={"Cache-Control": "no-store"})
    headers = {"Content-Security-Policy": page.policy(nonce), "Cache-Control": "no-store"}
    return HTMLResponse(page.html(shown, nonce=nonce), headers=headers)


async def _status(_request: Request, user: db.User, deployment_id: UUID) -> Response:
    def look() -> dict[str, Any]:
        with db.session_scope(user) as session:
            return page.status(deployments.get(session, deployment_id=deployment_id))

    return JSONResponse(await anyio.to_thread.run_sync(look), headers={"Cache-Control": "no-store"})


async def _start(_request: Request, user: db.User, deployment_id: UUID) -> Response:
    def start() -> dict[str, Any]:
        with db.session_scope(user, write=True) as session:
            return page.status(deployments.restart(session, deployment_id=deployment_id))

    return JSONResponse(await anyio.to_thread.run_sync(start), 202)


async def _rows(request: Request) -> Any:
    """The rows of a request, as they are. Raises RequestTooLarge, NotJson."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RequestTooLarge(
                resource="request",
                limit_mb=MAX_BODY_BYTES // 1_000_000,
                remedy="Send fewer rows at a time, or upload a file to score many.",
            )
    try:
        said = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    return said.get("rows") if isinstance(said, dict) else None
