"""The rooms, listed once. Starts of processes load them (app, worker, children, shell, tests), and nobody else does."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from core import dependants, queue
from core.access import audit, work_transfer
from core.room import Room

# Lowest first: a room may import those before it.
NAMES: Final = ("access", "uploads", "models", "predictions", "generation", "training", "system")


@cache
def load() -> None:
    """Have every room of NAMES state what the others need of it."""
    # What a child has no use for, and would load for half a second.
    from core.system import checks, gauges, storage_consistency, unreferenced_files

    for name in NAMES:
        room = _stated(name)
        register(room)
        checks.register(room.checks)
        gauges.register(room.gauges)
        storage_consistency.register(room.kept_files)
        unreferenced_files.register(room.owned_files)


def task_modules() -> tuple[str, ...]:
    """The modules that state kinds of task: what a worker's child has to know, by their dotted names."""
    return tuple(f"core.{name}.room" for name in NAMES if _stated(name).kinds)


def load_module(module: str) -> None:
    """Have one module state what it does: a child loads no more than the tasks need that it is for."""
    if isinstance(room := getattr(import_module(module), "ROOM", None), Room):
        register(room)


def register(room: Room) -> None:
    """Hand what a room states to whoever asks for it while something is done; a second time changes nothing."""
    for kind in room.kinds:
        queue.register(kind)
    audit.register(room.actions, room.audited)
    dependants.register(room.dependants)
    work_transfer.register(room.handed_over)


def _stated(name: str) -> Room:
    room: Room = import_module(f"core.{name}.room").ROOM
    return room
