"""What each folder of the UI adds to the whole, found by the names of its files: a new room adds files only.

`pages.py` states as `PAGES` the folder's pages: their titles, and where in the menu they stand. `home_items.py` states
as `HOME_ITEMS` what Home shows of it: what has failed, runs or waits, its totals and its newest things.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from core import ui
from core.ui.links import PageEntry
from core.ui.work_items import HomeItems


@cache
def pages() -> Sequence[PageEntry]:
    """Every page: those of the menu from its top, then those that only links lead to."""
    found = [entry for module in _stated_in("pages") for entry in module.PAGES]
    return sorted(found, key=lambda entry: math.inf if entry.position is None else entry.position)


def find(file: str) -> PageEntry | None:
    """A page of another folder by its file, for what links there without building on it; None where there is none."""
    return next((entry for entry in pages() if entry.file == file), None)


@cache
def home_items() -> Sequence[HomeItems]:
    """What each room shows on Home, in the rooms' order."""
    found: list[HomeItems] = [module.HOME_ITEMS for module in _stated_in("home_items")]
    return sorted(found, key=lambda room: room.position)


def _stated_in(name: str) -> Iterator[ModuleType]:
    """The module of this name of each folder that has one."""
    for folder in iter_modules(ui.__path__, "core.ui."):
        if not folder.ispkg:
            continue
        package = import_module(folder.name)
        if any(module.name == name for module in iter_modules(package.__path__)):
            yield import_module(f"{folder.name}.{name}")
