"""A worker's slots, by pool: their children are started when they are needed, and end when nobody has needed them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from core import logs, queue
from core.queue import Pool
from core.settings import Settings
from core.worker.slots import Slot

IDLE_S = 600.0  # a child that had nothing to do for so long is ended
START_GRACE_S = 120.0  # a child that has not warmed up by then is started again
log = logs.get("worker")


class Pools:
    """The slots of one worker, and one more for work by hand, of any kind.

    workers: how many there are for scoring, of which the other pools' follow. modules: they state the kinds of task;
    a pool without a kind has no slots. now: seconds of a steady clock.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        workers: int,
        modules: Sequence[str],
        now: Callable[[], float],
        make_slot: Callable[..., Slot],
    ) -> None:
        self._now = now
        self.kinds = {pool: queue.known_kinds(pool, modules=modules) for pool in Pool}

        def slot(pool: Pool | None) -> Slot:
            needed = [
                name
                for name in modules
                if pool is None or any(queue.kind(kind).module == name for kind in self.kinds[pool])
            ]
            return make_slot(
                pool,
                modules=needed,
                environment=settings.environment(pools=[pool] if pool else list(Pool), inherited=os.environ),
                staging=settings.staging_dir,
                now=now,
            )

        self.by_hand = slot(None)
        self.slots = [
            slot(pool) for pool, kinds in self.kinds.items() if kinds for _ in range(pool.n_slots(workers))
        ]
        for one in self.of(Pool.SCORING):
            one.is_wanted = True  # from the start: whoever scores a file waits for it

    def __iter__(self) -> Iterator[Slot]:
        """All, the one for work by hand last."""
        yield from self.slots
        yield self.by_hand

    def of(self, pool: Pool) -> list[Slot]:
        return [slot for slot in self.slots if slot.pool is pool]

    def idle(self, pool: Pool) -> Slot | None:
        """One whose warm child has nothing to do."""
        return next((slot for slot in self.of(pool) if slot.is_idle), None)

    def soon(self, pool: Pool) -> list[Slot]:
        """Those that would be idle within seconds: no child died there, and none or one that is warming up is there."""
        return [
            slot for slot in self.of(pool) if not slot.is_warm and slot.task is None and not slot.n_deaths
        ]

    @property
    def has_room(self) -> bool:
        """Whether something that is enqueued now could begin, or have a child started for it."""
        return any(slot.is_idle or slot.is_resting for slot in self.slots)

    @property
    def has_grace(self) -> bool:
        """Whether a task that was told of the worker's end may still finish what it has paid for."""
        return any(slot.task is not None and queue.kind(slot.task.kind).hears_drain for slot in self)

    @property
    def longest_grace_s(self) -> float:
        """For how long that may last."""
        kinds = [queue.kind(name) for names in self.kinds.values() for name in names]
        return max((kind.grace_s for kind in kinds if kind.hears_drain), default=0.0)

    def need(self, pool: Pool) -> None:
        """Start one more child, if a slot is left and none is being started already."""
        soon = self.soon(pool)
        if soon and all(slot.is_resting for slot in soon):
            soon[0].is_wanted = True

    def tend(self) -> None:
        """Start the children that are wanted, again those that died, and end those that idle."""
        for slot in self:
            if slot.is_idle and self._now() - slot.free_since > IDLE_S:
                slot.kill()
                slot.is_wanted = False
            elif slot.pid and not slot.is_warm and self._now() - slot.heard_at > START_GRACE_S:
                log.warning("child process did not start in time; restarting it", pid=slot.pid)
                slot.kill()
            if slot.is_wanted:
                slot.open()

    def offered(self) -> dict[Pool, int]:
        """How many tasks can be done at a time in each pool: a child that is being started promises nothing yet."""
        return {
            pool: sum(slot.is_warm or slot.is_resting for slot in self.of(pool))
            for pool in Pool
            if self.of(pool)
        }
