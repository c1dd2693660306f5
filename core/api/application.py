"""The API put together from its routes, and the front door that everything enters by."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route

import core
from core import storage
from core.api import live
from core.api.dependencies import NEEDS_READ
from core.api.http import docs, error_responses
from core.api.http.allowed_methods import AllowedMethods
from core.api.http.front import MOUNT, Front
from core.api.http.request_metrics import RequestMetrics
from core.api.http.route_table import RouteTable
from core.api.routes import declared, metrics, sign_in
from core.errors import AppError
from core.settings import Settings

DESCRIPTION = (
    "Everything the pages can do, for programs. Times are ISO 8601 in UTC; ids are strings. "
    "An error has a stable `code`, a `message` and a `hint`. "
    "Every path works with and without a trailing slash. Where sign-in is on, send "
    "`Authorization: Bearer` with a personal token or a Supabase access token."
)

N_HEAVY = 2  # examinations and conversions at once: each keeps a core busy
N_LARGE = 1  # of them
LARGE_BYTES = 20_000_000


class Welcome(BaseModel):
    """Where to look."""

    version: str
    docs: str = f"{MOUNT}/docs"
    openapi: str = f"{MOUNT}/openapi.json"


@dataclass(frozen=True)
class Lanes:
    """Heavy work in threads: few at once, and of large files fewer, so that a small one never waits for two of them.

    heavy: limits the threads themselves.
    """

    heavy: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(N_HEAVY))
    _large: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(N_LARGE))

    @asynccontextmanager
    async def lane(self, n_bytes: int, *, is_packed: bool = False) -> AsyncIterator[anyio.CapacityLimiter]:
        """The limiter for work on a file of so many bytes, once it is its turn. is_packed: it may hold many more."""
        if n_bytes <= LARGE_BYTES and not is_packed:
            yield self.heavy
            return
        async with self._large:
            yield self.heavy


def build(settings: Settings) -> FastAPI:
    """The API without its front, for these settings."""
    api = unconfigured()
    configure(api, settings)
    return api


def configure(api: FastAPI, settings: Settings) -> None:
    """Have the API answer for these settings from now on, with counters that begin anew."""
    api.state.settings = settings
    api.state.storage = storage.from_settings(settings)
    api.state.metrics = metrics.registry()
    api.state.lanes = Lanes()
    api.state.asking = live.Asking()


def unconfigured() -> FastAPI:
    """The API with all its routes; `configure` comes before its first call."""
    api = FastAPI(
        title="Model Desk",
        version=core.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": MOUNT}],
        root_path_in_servers=False,
        redirect_slashes=False,  # the front settles slashes
        exception_handlers={
            AppError: error_responses.of_app_error,
            HTTPException: error_responses.of_framework,
            RequestValidationError: error_responses.of_validation,
            Exception: error_responses.of_unforeseen,
        },
    )
    api.router.routes.extend(declared())

    @api.get("/", include_in_schema=False, dependencies=[NEEDS_READ])
    async def welcome() -> Welcome:
        return Welcome(version=core.__version__)

    @api.get("/docs", include_in_schema=False, response_class=HTMLResponse, dependencies=[NEEDS_READ])
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs.page(api.openapi()), headers={"Content-Security-Policy": docs.POLICY})

    api.state.table = RouteTable(api.routes)
    return api


def routes(api: FastAPI, settings: Settings) -> list[BaseRoute]:
    """The API under its mount, and the way in; the bare path is a route of its own, or the pages would answer it."""
    table: RouteTable = api.state.table
    front = RequestMetrics(Front(AllowedMethods(api, table), table), api.state.metrics)
    below = Mount(MOUNT, front)
    # a path may hold a line's end, encoded, and would else be answered by the pages
    below.path_regex = re.compile(below.path_regex.pattern, re.DOTALL)
    return [
        *sign_in.SignIn(settings).routes(),
        *live.routes(settings, api.state.asking),
        Route(MOUNT, front),
        below,
    ]
