"""Making a toy in a worker's child."""

from __future__ import annotations

import os
from typing import Any

from core.settings.parts.toys import ToySettings
from core.toys import toys

from core import queue, settings, storage


def run(task: queue.Task, job: queue.Job) -> dict[str, Any]:
    """Returns what the toy's row keeps."""
    config, key = settings.current(), f"{toys.output_prefix(task)}txt"
    with storage.stage(config.staging_dir) as staged:
        staged.write(settings.part(config, ToySettings).toy_text.encode())
        staged.close()
        storage.from_settings(config).put(key, staged.path)
    job.report(1, total=1)
    return {"storage_key": key, "pid": os.getpid()}
