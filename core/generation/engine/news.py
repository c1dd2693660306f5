"""What a running job waits for: something that came back, and others that share its transaction."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

GATHER_S: Final = 0.1  # so long at most a first piece of news waits for others
LOOK_S: Final = 0.5  # between looks at what others want, while nothing happens


class News:
    """Pieces of news, counted since they were last waited for."""

    def __init__(self, *, enough: int) -> None:
        """enough: pieces after which none waits for others."""
        self._n, self._n_enough = 0, enough
        self._any, self._enough = asyncio.Event(), asyncio.Event()

    def add(self) -> None:
        self._n += 1
        self._any.set()
        if self._n >= self._n_enough:
            self._enough.set()

    async def wait(self, *, are_more_expected: bool) -> None:
        """Until something is back, with others that share its transaction, or it is time to look around."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._any.wait(), LOOK_S)
            if are_more_expected:
                await asyncio.wait_for(self._enough.wait(), GATHER_S)
        self._n = 0
        self._any.clear()
        self._enough.clear()
