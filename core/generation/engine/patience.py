"""Waiting for a database or a storage that is away, without asking anybody anything meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from core import logs, queue
from core.db import DatabaseUnavailable
from core.storage import DiskFull, StorageUnavailable

log = logs.get("generation")

RETRY_S: Final = 1.0
Wait = Callable[[Callable[[], Any]], Awaitable[Any]]


def patient(job: queue.Job, threads: ThreadPoolExecutor) -> Wait:
    """What calls a verb that blocks, in a thread, until database and storage are there; the verb's answer.

    Whatever else it raises comes through, as LeaseLost.
    """

    async def wait(verb: Callable[[], Any]) -> Any:
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(threads, verb)
            except (DatabaseUnavailable, StorageUnavailable, DiskFull) as away:
                log.warning("a batch job waits", problem=str(away))
                job.report()
                await asyncio.sleep(RETRY_S)

    return wait
