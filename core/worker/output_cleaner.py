"""What storage takes its time for, beside the runner: removing what is of no use any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from uuid import UUID

from core import db, logs, sandboxes, storage
from core.db import DatabaseUnavailable
from core.settings import Settings
from core.storage import Storage
from core.worker.file_sweep import FileSweep

CLOSE_S = 5.0  # what is not removed by then, when the worker ends, is left
log = logs.get("worker")


class OutputCleaner:
    """Removes files in a thread of its own, which begins with the first of them."""

    def __init__(self, files: Storage, *, now: Callable[[], float]) -> None:
        """now: seconds of a steady clock."""
        self._files = files
        self._file_sweep = FileSweep(files, now=now)
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def remove(self, task_id: UUID, prefix: str) -> None:
        """Remove, soon, every file whose key begins so. Whoever wrote them must write no more."""
        self._soon(partial(self._remove, task_id, prefix))

    def sweep(self, settings: Settings) -> None:
        """Remove, soon, what processes that are gone have staged, and their sandboxes."""
        self._soon(partial(self._sweep, settings.staging_dir))
        self._soon(partial(self._sweep_sandboxes, sandboxes.configured(settings)))

    def renew_reserve(self) -> None:
        """Make, soon, the file that keeps room for deletions, where there is room for it again."""
        self._soon(storage.disk_reserve.renew)

    def sweep_files(self) -> None:
        """Remove, soon, files that nothing refers to, once it is their time."""
        self._soon(self._sweep_files)

    def close(self) -> None:
        """Remove what is left to be removed, unless that takes too long."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _soon(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="output cleaner", daemon=True)
            self._thread.start()
        self._waiting.put(job)

    def _live(self) -> None:
        with db.as_worker():
            while (job := self._waiting.get()) is not None:
                job()

    def _remove(self, task_id: UUID, prefix: str) -> None:
        try:
            for key in self._files.keys(prefix):
                self._files.delete(key)
        except storage.StorageUnavailable as error:
            log.warning("could not remove the files of an attempt", task=str(task_id), problem=error.problem)
        except Exception:
            log.exception("could not remove the files of an attempt", task=str(task_id))

    def _sweep(self, staging: Path) -> None:
        try:
            if n_removed := storage.sweep(staging):
                log.info("removed what processes that are gone had staged", n=n_removed)
        except Exception:
            log.exception("could not sweep the staging folder")

    def _sweep_sandboxes(self, backend: sandboxes.Backend) -> None:
        try:
            if n_removed := backend.sweep():
                log.info("removed sandboxes of processes that are gone", n=n_removed)
        except Exception:
            log.exception("could not sweep the sandboxes")

    def _sweep_files(self) -> None:
        try:
            self._file_sweep.turn()
        except (storage.StorageUnavailable, DatabaseUnavailable) as error:
            log.warning("could not look for files that nothing refers to", problem=error.problem)
        except Exception:
            log.exception("could not look for files that nothing refers to")
