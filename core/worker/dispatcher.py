"""Which task goes into which place: what somebody waits for, what messages bring, then what is first in line."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

from core import queue
from core.queue.sqs.outbox import Unclaimed
from core.worker.ledger import Ledger
from core.worker.slots import Slot
from core.worker.sqs_transport import SqsTransport

LOOK_S = 2.0  # the table is asked this often, whatever the wake-up says
UNSENT_S = 5.0  # where messages carry the tasks, one that has none for so long is taken without


class Dispatcher:
    """Claims for the idle ones of `slots`. begin: told of each claimed task and its place."""

    def __init__(
        self,
        slots: Sequence[Slot],
        *,
        ledger: Ledger,
        transport: SqsTransport | None,
        begin: Callable[[Slot, queue.Task], None],
    ) -> None:
        self._slots, self._ledger, self._transport, self._begin = slots, ledger, transport, begin
        self._wanted: deque[UUID] = deque()
        self._look_at = 0.0

    def want(self, task_id: UUID) -> None:
        """Claim exactly this task as soon as a place is free."""
        self._wanted.append(task_id)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for a task that no place has taken yet."""
        return bool(self._wanted)

    def look_soon(self) -> None:
        """A place may have become free."""
        self._look_at = 0.0

    def enqueued(self) -> None:
        """Something may have been enqueued."""
        self._look_at = 0.0
        if self._transport is not None:
            self._transport.publish_soon()

    def pause(self) -> None:
        """Begin nothing until the next turn: what messages have brought meanwhile is for others."""
        if self._transport is not None:
            self._transport.pause()

    def close(self) -> None:
        """Begin nothing more: what messages have brought goes to another worker at once."""
        if self._transport is not None:
            self._transport.pause()

    def turn(self) -> None:
        """Begin what can begin now. Raises DatabaseUnavailable."""
        self._take_wanted()
        if self._transport is not None:
            self._take_arrived(self._transport)
        self._take_next()

    def _take_wanted(self) -> None:
        for _ in range(len(self._wanted)):
            slot = next((slot for slot in self._slots if slot.idle), None)
            if slot is None:
                return
            task_id = self._wanted.popleft()
            if (task := self._ledger.claim_one(task_id)) is not None:
                self._begin(slot, task)

    def _take_arrived(self, transport: SqsTransport) -> None:
        """Begin what messages have brought, and ask for as many as there are places left."""
        free = self._free()
        while (message := transport.take()) is not None:
            if not free:
                transport.give_back(message)
                continue
            assert message.notice is not None
            found = self._ledger.claim_named(message.notice)
            if isinstance(found, Unclaimed):
                transport.unclaimed(message, found)
                continue
            transport.hold(found.id, message)
            self._begin(free.pop(0), found)
        transport.want(len(free))

    def _take_next(self) -> None:
        if time.monotonic() < self._look_at:
            return
        is_transported = self._transport is not None and not self._transport.is_out
        for slot in self._free():
            task = self._ledger.claim_next(unsent_s=UNSENT_S if is_transported else None)
            if task is None:
                break
            self._begin(slot, task)
        self._look_at = time.monotonic() + LOOK_S

    def _free(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.idle and not slot.by_hand]
