"""The HTTP API under `/api`: routes as thin as pages, errors as one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

_api = FastAPI(title="Model Desk", docs_url="/docs", redoc_url=None)


@_api.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


def routes() -> Sequence[BaseRoute]:
    return [Mount("/api", _api)]


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """The API's own start and stop: a mounted app's lifespan is not run by itself."""
    async with _api.router.lifespan_context(_api):
        yield
