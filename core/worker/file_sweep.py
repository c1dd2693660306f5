"""When files that nothing refers to are looked for, and when they are removed: once a day, in two turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from core import logs
from core.storage import Storage, StorageUnavailable
from core.system import installation, unreferenced_files

TURN_S: Final = (
    60.0  # between looking and removing, by a steady clock: a row that was to come is there by then
)
PERIOD_S: Final = 86_400.0
log = logs.get("worker")


class FileSweep:
    """One turn looks, the next one removes what still has no row. now: seconds of a steady clock."""

    def __init__(self, files: Storage, *, now: Callable[[], float]) -> None:
        self._files, self._now = files, now
        self._suspects: Sequence[str] = ()
        self._look_at = self._remove_at = 0.0

    def turn(self) -> None:
        """What is due. Raises StorageUnavailable, DatabaseUnavailable; then the same is due at the next turn."""
        if self._suspects:
            if self._now() >= self._remove_at:
                n_removed = unreferenced_files.remove(self._files, self._suspects)
                log.info("removed files that nothing referred to for a day", n=n_removed)
                self._suspects = ()
        elif self._now() >= self._look_at:
            self._look()
            self._look_at = self._now() + PERIOD_S

    def _look(self) -> None:
        try:
            if n_removed := unreferenced_files.remove_unfinished(self._files):
                log.info("removed what writes that were broken off had left for a day", n=n_removed)
        except StorageUnavailable as error:  # such as a bucket's policy that does not allow to ask
            log.warning("could not remove what writes that were broken off have left", problem=error.problem)
        if (database := installation.database_id()) is None:
            return
        if installation.belonging(self._files, database) is not installation.Belonging.OURS:
            return  # whose files they are is for people to say
        found = unreferenced_files.find(self._files)
        if found.is_suspicious:
            log.warning(
                "most stored files have no rows: is the database the right one? Nothing is removed",
                n=len(found.keys),
                stored=found.n_stored,
            )
            return
        self._suspects, self._remove_at = found.keys, self._now() + TURN_S * 0.9
