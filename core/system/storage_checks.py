"""Checks of storage: whether what was kept is still there, whether more can be kept, and how much room is left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from core import storage
from core.check import Check, State
from core.room import CheckContext
from core.system import checks, storage_consistency

LOW_ROOM_BYTES = 1_000_000_000


def files(context: CheckContext) -> Iterator[Check]:
    """Raises StorageUnavailable, DiskFull."""
    lost = list(checks.attempt("Storage", "Kept", lambda: _lost(context))) if context.has_database else []
    # Looking whether it can be written would make the folder anew: where it is gone, that is for a backup to do.
    yield from lost or _writable(context)


def _lost(context: CheckContext) -> Iterator[Check]:
    """A line only when files are gone that there must be."""
    place = storage.from_settings(context.settings)
    if lost := storage_consistency.missing(place, context.principal):
        what = " and ".join(f"the newest {resource}" for resource in lost)
        message = f"{what[0].upper()}{what[1:]} {'is' if len(lost) == 1 else 'are'} gone ({place.label})."
        hint = "Stop the app, restore the folder from a backup, and start it again."
        yield Check("Storage", "Kept", State.BROKEN, message, hint)


def _writable(context: CheckContext) -> Iterator[Check]:
    place = storage.from_settings(context.settings)
    place.check()
    yield Check("Storage", "Writable", State.OK, place.label)


def room(context: CheckContext) -> Iterator[Check]:
    """How much is free in DATA_DIR. Raises OSError."""
    folder = context.settings.data_dir
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    message = f"{free / 1e9:,.1f} GB free in {folder}."
    if free < LOW_ROOM_BYTES:
        yield Check(
            "Storage",
            "Free space",
            State.WARN,
            message,
            "Free some space, or point DATA_DIR to a larger disk.",
        )
    else:
        yield Check("Storage", "Free space", State.OK, message)
