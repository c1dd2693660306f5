"""The API put together from its routes, and the front door that everything enters by."""

from __future__ import annotations

import re

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route

import core
from core import storage
from core.api.http import docs, error_responses
from core.api.http.allowed_methods import AllowedMethods
from core.api.http.front import MOUNT, Front
from core.api.http.request_metrics import RequestMetrics
from core.api.routes import (
    audit_trail,
    csv_upload,
    health,
    metrics,
    models,
    people,
    predictions,
    receipts,
    results,
    scale,
    sign_in,
    tokens,
    uploads,
)
from core.errors import AppError
from core.settings import Settings

N_HEAVY = 2  # examinations and conversions at once: each keeps a core busy
DESCRIPTION = (
    "Everything the pages can do, for programs. Times are ISO 8601 in UTC, ids are strings. "
    "Whatever is refused is answered with `error`: a stable `code`, a `message` and a `hint`. "
    "Every path answers with and without its last slash. Where people sign in, a program sends "
    "`Authorization: Bearer` with a personal token or a Supabase access token."
)


class Welcome(BaseModel):
    """Where to look."""

    version: str
    docs: str = f"{MOUNT}/docs"
    openapi: str = f"{MOUNT}/openapi.json"


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
    api.state.heavy = anyio.CapacityLimiter(N_HEAVY)


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
    # Results come before predictions: `/predictions/{id}/…` would take their paths.
    for module in (
        *(health, metrics, scale, csv_upload, uploads, results, receipts, predictions, models),
        *(tokens, people, audit_trail),
    ):
        api.include_router(module.router)

    @api.get("/", include_in_schema=False)
    async def welcome() -> Welcome:
        return Welcome(version=core.__version__)

    @api.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def documentation() -> HTMLResponse:
        return HTMLResponse(docs.page(api.openapi()), headers={"Content-Security-Policy": docs.POLICY})

    return api


def routes(api: FastAPI, settings: Settings) -> list[BaseRoute]:
    """The API under its mount, and the way in; the bare path is a route of its own, or the pages would answer it."""
    front = RequestMetrics(Front(AllowedMethods(api, api.routes)), api.state.metrics)
    below = Mount(MOUNT, front)
    # a path may hold a line's end, encoded, and would else be answered by the pages
    below.path_regex = re.compile(below.path_regex.pattern, re.DOTALL)
    return [*sign_in.SignIn(settings).routes(), Route(MOUNT, front), below]
