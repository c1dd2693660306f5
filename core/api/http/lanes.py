"""Heavy work in threads: few at once, and of large files fewer, so that a small one never waits for two of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

N_HEAVY = 2  # examinations and conversions at once: each keeps a core busy
N_LARGE = 1  # of them
LARGE_BYTES = 20_000_000


@dataclass(frozen=True)
class Lanes:
    """Of one app. heavy: limits the threads themselves."""

    heavy: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(N_HEAVY))
    _large: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(N_LARGE))

    @asynccontextmanager
    async def lane(self, n_bytes: int, *, is_packed: bool = False) -> AsyncIterator[anyio.CapacityLimiter]:
        """The limiter for work on a file of so many bytes, once it is its turn. is_packed: it may hold many more."""
        if n_bytes <= LARGE_BYTES and not is_packed:
            yield self.heavy
            return
        async with self._large:
            yield self.heavy
