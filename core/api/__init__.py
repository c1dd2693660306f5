"""The HTTP API under `/api`: routes as thin as pages, failures in one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from core import settings
from core.access import exposure
from core.api import application
from core.api.http import sockets
from core.api.security.gate import Gate


@cache
def _api() -> FastAPI:
    return application.build(settings.current())


def routes() -> Sequence[BaseRoute]:
    """What `st.App` serves beside the pages."""
    return application.routes(_api(), settings.current())


def middleware() -> Sequence[Middleware]:
    """The gate that pages, their websocket, media, uploads and API are behind."""
    return [Middleware(Gate, settings=settings.current(), table=_api().state.table)]


def require_unreachable() -> None:
    """Raises SignInMissing where others can reach this process, however it was started, and nobody has to sign in."""
    exposure.require_unreachable(settings.current(), sockets.listening())


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The API's own start and stop: a mounted app's lifespan is not run by itself."""
    api = _api()
    sockets.answer_at_once(settings.current().port)
    async with api.router.lifespan_context(api):
        yield
