"""Checks of storage: whether what was kept is still there, whether more can be kept, and how much room is left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from core import db, storage
from core.check import Check, State
from core.errors import counted
from core.room import CheckContext
from core.system import checks, storage_consistency, unreferenced_files

LOW_ROOM_BYTES = 1_000_000_000
N_LOOKED_AT = 20_000  # stored files: a page can't wait for more of them to be listed


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
        hint = (
            "Stop the app, restore the folder from a backup, and start it again. "
            "What `python -m core.system backup` has made holds it as `files`."
        )
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
    reserve = storage.disk_reserve.of(context.settings)
    if reserve is not None and reserve.is_tight and not reserve.is_there:
        message = f"The disk of {folder} is full: {free / 1e6:,.1f} MB are left, for deleting alone."
        hint = "Delete files that are no longer needed, free some space there, or point DATA_DIR to a larger disk."
        yield Check("Storage", "Free space", State.BROKEN, message, hint)
    elif free < LOW_ROOM_BYTES:
        yield Check(
            "Storage",
            "Free space",
            State.WARN,
            message,
            "Free some space, or point DATA_DIR to a larger disk.",
        )
    else:
        yield Check("Storage", "Free space", State.OK, message)


def unreferenced(context: CheckContext) -> Iterator[Check]:
    """A line only where files have no rows, for whoever sees everybody's. Raises DatabaseUnavailable."""
    principal, place = context.principal, storage.from_settings(context.settings)
    if principal is db.NOBODY or (isinstance(principal, db.User) and principal.role != "admin"):
        return
    try:
        found = unreferenced_files.find(place, principal, n_most=N_LOOKED_AT)
        unfinished = [one.size_bytes for one in place.unfinished()]
    except storage.StorageUnavailable:
        return  # as another line says
    if found.is_suspicious:
        message = f"{found.n:,} of {found.n_stored:,} stored files belong to nothing in the database."
        hint = (
            "If the database was emptied or is an older copy, stop the app and restore the newest backup: "
            "`python -m core.system restore FOLDER`. Nothing is removed until then. If the files are of no use, "
            "run `python -m core.system sweep`."
        )
        yield Check("Storage", "Unreferenced", State.BROKEN, message, hint)
    elif n := found.n + len(unfinished):
        megabytes = (found.size_bytes + sum(unfinished)) / 1e6
        some = "" if found.is_all else f" among the first {found.n_stored:,}"
        message = (
            f"{counted(n, 'file')}{some} that nothing refers to, {megabytes:,.1f} MB; removed after a day."
        )
        yield Check("Storage", "Unreferenced", State.OK, message)
