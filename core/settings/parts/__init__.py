"""The settings of each room, one module a room; a new one is found by being here."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from core.settings.part import Part


def found() -> list[type[Part]]:
    """Every part, those that others build on first."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    return list(dict.fromkeys(_below(Part)))


def bases() -> tuple[type[Part], ...]:
    """The parts that no other builds on: whoever has these as bases has all."""
    every = found()
    return tuple(part for part in every if not any(part in other.__mro__[1:] for other in every))


def _below(part: type[Part]) -> Iterator[type[Part]]:
    for child in part.__subclasses__():
        if child.__module__.startswith(f"{__name__}."):
            yield child
            yield from _below(child)
