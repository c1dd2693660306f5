"""The calls that there are: what a path takes, and that every other method is refused with the whole list.

Each method of a path is a route of its own to the framework, which so names one of them in `Allow`; and as
`/models/{id}` takes GET, it would look for a model that is called `train`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.errors import MethodNotTaken, NothingThere
from core.api.http.request_metrics import SEEN


class AllowedMethods:
    """Wraps the API with these routes: only what one of them takes comes through; HEAD is taken where GET is."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._literal: dict[str, set[str]] = {}
        self._by_pattern: list[tuple[re.Pattern[str], str, set[str]]] = []
        for route in iter_route_contexts(routes):
            path, methods = route.path or "/", route.methods or set()
            pattern, _, parameters = compile_path(path)
            if parameters:
                self._by_pattern.append((pattern, path, methods))
            else:
                self._literal.setdefault(path, set()).update(methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NothingThere, MethodNotTaken."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        method, (route, taken) = scope["method"], self._found(path)
        if not taken:
            raise NothingThere(path=scope["path"])
        scope[SEEN]["route"] = route
        if method == "HEAD" and "HEAD" not in taken and "GET" in taken:
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        elif method not in taken:
            raise MethodNotTaken(path=scope["path"], method=method, allowed=", ".join(sorted(taken)))
        await self._app(scope, receive, send)

    def _found(self, path: str) -> tuple[str, set[str]]:
        """The route of a path, and the methods it takes; a call's own name is never an id."""
        if path in self._literal:
            return path, self._literal[path]
        # the patterns end in `$`, before which a line may end
        found = [(route, methods) for pattern, route, methods in self._by_pattern if pattern.fullmatch(path)]
        return (found[0][0] if found else ""), set[str]().union(*(methods for _, methods in found))
