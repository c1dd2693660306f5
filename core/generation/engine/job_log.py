"""The log of a job that runs: its file is written anew from its lines, not too often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from core import logs
from core.generation.engine.ledger.ledger import Ledger
from core.generation.engine.patience import Wait
from core.generation.engine.requests.reply_store import ReplyStore
from core.storage import DiskFull, StorageUnavailable

log = logs.get("generation")

EVERY_S: Final = 5.0


class JobLog:
    """The file is for people: where it can't be written now, it is later, or at the end.

    wait(verb): the answer of a verb that blocks, once the database is there.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: ReplyStore,
        *,
        wait: Wait,
        threads: ThreadPoolExecutor,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._store, self._wait, self._threads, self._now = ledger, store, wait, threads, now
        self._written_at = now()
        self.has_news = False

    async def write_if_due(self) -> None:
        if self.has_news and self._now() - self._written_at >= EVERY_S:
            await self.write()

    async def write(self) -> None:
        self._written_at, self.has_news = self._now(), False
        lines = await self._wait(self._ledger.stored.log_lines)
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._store.keep_log(lines)
            )
        except (StorageUnavailable, DiskFull) as away:
            self.has_news = True
            log.warning("a batch job's log could not be stored", problem=str(away))
