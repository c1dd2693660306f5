"""What an attempt that is no success has left in storage."""

from __future__ import annotations

from core import logs, queue, storage
from core.storage import Storage

log = logs.get("worker")


def remove(files: Storage, task: queue.Task) -> None:
    """Remove what the task's present attempt has stored; its child must write no more."""
    leavings = queue.kind(task.kind).leavings
    if leavings is None:
        return
    try:
        for key in files.keys(leavings(task)):
            files.delete(key)
    except storage.StorageUnavailable as error:
        log.warning("could not remove what an attempt left", task=str(task.id), problem=error.problem)
