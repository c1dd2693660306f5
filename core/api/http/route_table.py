"""What the calls of the API have declared, by their path: methods, scopes, and how much they read.

The framework looks at dependencies after it has read a body, and names one method of a path in `Allow`. The layers
before it ask this table, so that a call is refused unread and with the whole list of methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path


@dataclass(frozen=True)
class DeclaredRoute:
    """One call. scopes: of its `Security` dependencies. max_body_bytes: None where it says nothing of it."""

    path: str
    methods: frozenset[str]
    scopes: tuple[str, ...]
    max_body_bytes: int | None

    def takes(self, method: str) -> bool:
        """HEAD is taken where GET is."""
        return method in self.methods or (method == "HEAD" and "GET" in self.methods)


class RouteTable:
    """The calls of these routes, which are tried in their order."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.declared = [
            DeclaredRoute(
                path=route.path or "/",
                methods=frozenset(route.methods or ()),
                scopes=tuple(dict.fromkeys(_scopes(getattr(route, "dependant", None)))),
                max_body_bytes=getattr(route, "max_body_size", None),
            )
            for route in iter_route_contexts(routes)
        ]
        self._literal: dict[str, list[DeclaredRoute]] = {}
        self._by_pattern: list[tuple[re.Pattern[str], DeclaredRoute]] = []
        for route in self.declared:
            pattern, _, parameters = compile_path(route.path)
            if parameters:
                self._by_pattern.append((pattern, route))
            else:
                self._literal.setdefault(route.path, []).append(route)

    def at(self, path: str) -> list[DeclaredRoute]:
        """The calls of a path below the API's mount, as they are tried; a call's own name is never an id."""
        if path in self._literal:
            return self._literal[path]
        # the patterns end in `$`, before which a line may end
        return [route for pattern, route in self._by_pattern if pattern.fullmatch(path)]

    def max_body_bytes(self, path: str) -> int | None:
        """The most that any call of the path reads; None where none says anything of it."""
        return max((n for route in self.at(path) if (n := route.max_body_bytes) is not None), default=None)


def _scopes(dependant: Any) -> Iterator[str]:
    """Of everything that a call depends on. dependant: the framework's; None for a route of Starlette's."""
    if dependant is not None:
        yield from dependant.own_oauth_scopes or ()
        for one in dependant.dependencies:
            yield from _scopes(one)
