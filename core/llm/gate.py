"""Lets requests through as fast as the provider takes them: one gate for each key and model in a process.

Gates of other processes on the same key are not known here; what they take shows in the provider's own answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from core.llm.errors import Failure, ProviderUnavailable, RateLimited
from core.llm.limits import Quota
from core.llm.messages import Usage
from core.llm.pacer import Mark, Pacer
from core.llm.provider import Provider

SILENT_AFTER_S: Final = 60.0
IDLE_S: Final = 120.0
PROBE_EVERY_S: Final = 5.0
LOOK_AGAIN_S: Final = 1.0
SHORTEST_PAUSE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5, 60.0
_random = Random()  # noqa: S311  # not secret
_gates: dict[tuple[str, str], Gate] = {}


class _Door:
    """The line before a gate, of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.turn = asyncio.Lock()  # first come, first served
        self.changed = asyncio.Event()
        self.n_in_flight = 0

    async def wait(self, seconds: float | None) -> None:
        """Until something changes, or so long."""
        self.changed.clear()
        timer = None if seconds is None else self.loop.call_later(seconds, self.changed.set)
        try:
            await self.changed.wait()
        finally:
            if timer is not None:
                timer.cancel()


class Gate:
    """Admits at most `at_once` requests at a time, no faster than quotas allow, and single ones while nothing answers.

    Used by one event loop at a time. now: seconds of a steady clock, the loop's own. wall: the time of day.
    """

    def __init__(
        self,
        at_once: int = 100,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.at_once = at_once
        self._now, self._wall = now, wall
        self._pacer = Pacer()
        self._door: _Door | None = None
        self._bad_since: float | None = None  # from the first failure after a good answer to the next
        self._bad_at = self._good_at = 0.0
        self._probed_at = 0.0
        self._most: int | None = None  # fewer than `at_once` for a while after a silence
        self._silent_since: datetime | None = None

    @property
    def n_in_flight(self) -> int:
        """How many requests are admitted at present."""
        return 0 if self._door is None else self._door.n_in_flight

    @property
    def silent_since(self) -> datetime | None:
        """Since when no request was answered, where that is longer than SILENT_AFTER_S; None otherwise."""
        return self._silent_since if self._is_silent() else None

    @contextlib.asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Wait for one's turn; the place is given back at the end."""
        loop = asyncio.get_running_loop()
        if self._door is None or self._door.loop is not loop:
            self._door = _Door(loop)
        door = self._door
        async with door.turn:
            while (wait_s := self._wait_s(door)) != 0:
                await door.wait(wait_s)
            door.n_in_flight += 1
            self._pacer.admitted(self._now())
        try:
            yield
        finally:
            door.n_in_flight -= 1
            self._pacer.ended()
            door.changed.set()

    def sent(self) -> Mark:
        """Count a request that goes out now."""
        now = self._now()
        if self.n_in_flight <= 1 and now - max(self._bad_at, self._probed_at) > IDLE_S:
            self._bad_since = None  # nobody has asked meanwhile
        self._probed_at = now
        return self._pacer.sent(now)

    def answered(self, mark: Mark, quotas: Iterable[Quota], usage: Usage | None) -> None:
        """A reply came to the request with this mark."""
        self._pacer.answered(mark, quotas, usage, self._now())
        self._heard()
        self._changed()

    def refused(self, mark: Mark, failure: Failure, quotas: Iterable[Quota]) -> None:
        """The request with this mark failed."""
        now = self._now()
        if isinstance(failure, ProviderUnavailable):
            self._bad_at = now
            if self._bad_since is None:
                self._bad_since = max(mark.at, self._good_at)
                self._silent_since = self._wall() - timedelta(seconds=now - self._bad_since)
        else:
            self._heard()
        if isinstance(failure, RateLimited):
            self._pacer.refused(
                mark, quotas, is_empty=failure.from_quota, wait_s=failure.retry_after_s, now=now
            )
        self._changed()

    def _wait_s(self, door: _Door) -> float | None:
        """0: the next may go. Else how long it has to wait, at least; None: until something changes."""
        now = self._now()
        if self._is_silent():
            return None if door.n_in_flight else max(0.0, self._probed_at + PROBE_EVERY_S - now)
        if door.n_in_flight >= (self._most or self.at_once):
            return None
        return min(self._pacer.wait_s(now), LOOK_AGAIN_S)  # the pace rises meanwhile

    def _is_silent(self) -> bool:
        return self._bad_since is not None and self._bad_at - self._bad_since >= SILENT_AFTER_S

    def _heard(self) -> None:
        if self._is_silent():
            self._most = 1
        if self._most is not None:  # whoever comes back is not met by all at once
            self._most = self._most + 1 if self._most + 1 < self.at_once else None
        self._good_at, self._bad_since = self._now(), None

    def _changed(self) -> None:
        if self._door is not None:
            self._door.changed.set()


def pause_s(failure: RateLimited | ProviderUnavailable, n_before: int, *, random: Random = _random) -> float:
    """How long to wait with what failed, by the provider's word or else longer each time; never the same twice.

    n_before: how often the same has failed before.
    """
    if failure.retry_after_s is not None:
        least_s: float = SHORTEST_PAUSE_S * 2 ** min(n_before, 5)  # "0" again and again would be a busy loop
        return max(failure.retry_after_s, least_s) * (1 + 0.1 * random.random())
    longer_s: float = FIRST_PAUSE_S * 2 ** min(n_before, 20)
    return min(LONGEST_PAUSE_S, longer_s) * (0.75 + 0.25 * random.random())


def of(provider: Provider, model: str, *, at_once: int | None = None) -> Gate:
    """The gate of this key and model. at_once: raises how many it admits, where that is less."""
    found = _gates.setdefault((provider.key_id, model), Gate())
    if at_once is not None:
        found.at_once = max(found.at_once, at_once)
    return found
