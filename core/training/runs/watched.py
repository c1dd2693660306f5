"""Waiting for others without going deaf: who cancels is heard, and the worker hears that its child is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from core import queue

LOOK_S: Final = 0.3
Answer = TypeVar("Answer")


def watched(task: queue.Task, job: queue.Job, work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine answers, in an event loop of its own. Raises TaskStopped once somebody cancels."""

    async def looked_after() -> Answer:
        under_way = asyncio.create_task(work)
        while True:
            await asyncio.wait({under_way}, timeout=LOOK_S)
            if under_way.done():
                return under_way.result()
            if job.stop_requested():
                under_way.cancel()
                await asyncio.gather(under_way, return_exceptions=True)
                raise queue.TaskStopped(task_id=task.id)
            job.report()

    return asyncio.run(looked_after())
