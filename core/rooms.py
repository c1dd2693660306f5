"""The rooms, listed once. Starts of processes load them (app, worker, children, shell, tests), and nobody else does."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from core import queue
from core.access import audit
from core.room import Room

NAMES: Final = ("access", "uploads", "models", "predictions", "system")


@cache
def load() -> None:
    """Have every room of NAMES state what the others need of it."""
    for name in NAMES:
        register(_stated(name))


def task_modules() -> tuple[str, ...]:
    """The modules that state kinds of task: what a worker's child has to know, by their dotted names."""
    return tuple(f"core.{name}.room" for name in NAMES if _stated(name).kinds)


def load_module(module: str) -> None:
    """Have one module state what it does: a child loads no more than the tasks need that it is for."""
    if isinstance(room := getattr(import_module(module), "ROOM", None), Room):
        register(room)


def register(room: Room) -> None:
    """Hand what a room states to whoever asks for it; a second time changes nothing."""
    for kind in room.kinds:
        queue.register(kind)
    audit.register(room.actions, room.audited)


def _stated(name: str) -> Room:
    room: Room = import_module(f"core.{name}.room").ROOM
    return room
