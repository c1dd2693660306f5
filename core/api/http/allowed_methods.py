"""What a path takes, and that every other method is refused with the whole list.

Each method of a path is a route of its own to the framework, which so names one of them in `Allow`; and as
`/models/{id}` takes GET, it would look for a model that is called `train`.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.errors import MethodNotTaken, NothingThere
from core.api.http.request_metrics import SEEN
from core.api.http.route_table import RouteTable


class AllowedMethods:
    """Wraps the API with these routes: only what one of them takes comes through; HEAD is taken where GET is."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NothingThere, MethodNotTaken."""
        routes = self._table.at(scope["path"].removeprefix(scope.get("root_path", "")))
        if not routes:
            raise NothingThere(path=scope["path"])
        scope[SEEN]["route"] = routes[0].path
        method, taken = scope["method"], set[str]().union(*(route.methods for route in routes))
        if method == "HEAD" and "HEAD" not in taken and "GET" in taken:
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        elif method not in taken:
            raise MethodNotTaken(path=scope["path"], method=method, allowed=", ".join(sorted(taken)))
        await self._app(scope, receive, send)
