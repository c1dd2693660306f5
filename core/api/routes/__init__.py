"""The routes: every module in here, and in the folders below, that has a `router` is part of the API."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


def declared() -> list[BaseRoute]:
    """The routes of all modules by their paths, a name before an id, so that none takes the paths of another.

    `/predictions/{prediction_id}/metrics` would else be asked for what `/predictions/download_predictions/metrics` is.
    """
    modules = (import_module(found.name) for found in pkgutil.walk_packages(__path__, f"{__name__}."))
    routers = (module.router for module in modules if hasattr(module, "router"))
    return sorted((route for router in routers for route in router.routes), key=_specificity)


def _specificity(route: BaseRoute) -> list[tuple[bool, str]]:
    assert isinstance(route, APIRoute)
    return [(part.startswith("{"), part) for part in route.path.split("/")]
