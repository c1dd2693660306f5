"""How many calls came in, how they were answered and how long that took: counted in this process."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SEEN = "model_desk.seen"  # in the scope: a dict in which the routes note which of them it was
SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)
OTHER = "other"  # a path that is none of ours: each would else be a series of its own
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


class RequestMetrics:
    """Wraps the API. Pure ASGI, so that bodies stream through it in both directions."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "model_desk_http_requests",
            "Calls of the API that were answered, by this process.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "model_desk_http_request_seconds",
            "From a call's first byte to its answer's last, by this process.",
            ["method", "route"],
            buckets=SECONDS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen: dict[str, str] = {}
        status = "none"  # the client went away first
        begun = time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app({**scope, SEEN: seen}, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in METHODS else OTHER
            route = seen.get("route", OTHER)
            self._requests.labels(method, route, status).inc()
            self._seconds.labels(method, route).observe(time.monotonic() - begun)
