"""Storing what comes back, in rounds: whatever arrives while one round is stored is the next one.

A file that outlasts a power cut costs the processor, and the disk, several times what its share of forty at once does.
Where little comes, a round is one file, and nobody waits for company.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from core.generation.engine.requests.reply_store import ReplyStore

MOST: Final = 32  # files of one round


@dataclass(eq=False)
class _Round:
    """Files that are stored together. stored: what is under their keys then, in the same order."""

    contents: list[tuple[str, bytes]] = field(default_factory=list)
    stored: asyncio.Task[list[bytes]] | None = None


class Keeper:
    """Stores the replies and conversations of one attempt."""

    def __init__(self, store: ReplyStore, threads: ThreadPoolExecutor) -> None:
        self._store, self._threads = store, threads
        self._turn = asyncio.Lock()
        self._next: _Round | None = None

    async def keep(self, key: str, content: bytes) -> bytes:
        """Store this; what is stored then: another's, where that was first.

        Raises StorageUnavailable, DiskFull. Any file of its round may be stored all the same, and kept once more.
        """
        if self._next is None or len(self._next.contents) >= MOST:
            self._next = _Round()
            self._next.stored = asyncio.create_task(self._kept(self._next))
        mine, at = self._next, len(self._next.contents)
        mine.contents.append((key, content))
        assert mine.stored is not None
        return (await asyncio.shield(mine.stored))[at]  # whoever leaves takes nobody's file along

    async def _kept(self, this: _Round) -> list[bytes]:
        async with self._turn:
            if self._next is this:
                self._next = None
            verb = partial(self._store.keep, this.contents)
            return await asyncio.get_running_loop().run_in_executor(self._threads, verb)
