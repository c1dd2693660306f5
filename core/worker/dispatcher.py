"""Which task goes into which slot: what somebody waits for, what is first in each pool, and what messages bring."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from core import db, logs, queue
from core.queue import Pool, outbox
from core.worker.pools import Pools
from core.worker.slots import Slot
from core.worker.sqs_transport import SqsTransport

LOOK_S = 2.0  # the table is asked this often, whatever the wake-up says
UNSENT_S = 5.0  # where messages transport the tasks, one that has none for so long is taken without

Found = TypeVar("Found")
log = logs.get("worker")


class Dispatcher:
    """Claims for the worker `worker_id`, for which its `pools` have a free slot, and hands to the slot's child.

    A pool whose slots are full holds no other up: of its kinds nothing is asked for. tell: takes a line of what goes
    as it should, for whoever runs the app.
    """

    def __init__(
        self,
        pools: Pools,
        *,
        worker_id: UUID,
        lease_s: float,
        transport: SqsTransport | None,
        now: Callable[[], float],
        tell: Callable[..., Any],
    ) -> None:
        self._pools, self._transport, self._now, self._tell = pools, transport, now, tell
        self._claimant: dict[str, Any] = {"worker_id": worker_id, "lease_s": lease_s}
        self._wanted: dict[UUID, bool] = {}  # in this order; whether for one attempt
        self._begun_by_hand: set[UUID] = set()  # of pools without slots: nobody else would go on with them
        self._look_at = self._look_by_hand_at = 0.0

    def want(self, task_id: UUID, *, once: bool = False) -> None:
        """Claim exactly this task as soon as a slot is free. once: for one attempt, whatever is left then."""
        self._wanted[task_id] = once

    def look_soon(self) -> None:
        """A slot may have become free."""
        self._look_at = 0.0

    def enqueued(self) -> None:
        """Something may have been enqueued."""
        self._look_at = 0.0
        if self._transport is not None:
            self._transport.publish_soon()

    def pause(self) -> None:
        """Begin nothing until the next turn: what messages have brought goes to another worker at once."""
        if self._transport is not None:
            self._transport.pause()

    def turn(self) -> None:
        """Begin what can begin now. Raises DatabaseUnavailable; what is wanted then is still wanted."""
        self._want_again()
        self._take_wanted()
        if self._now() >= self._look_at:
            self._look_at = self._now() + LOOK_S
            is_transported = self._transport is not None and not self._transport.is_out
            self._take_next([pool for pool in Pool if not is_transported or pool is not outbox.TRANSPORTED])
            if is_transported:  # what was abandoned brings no message, and has waited longest
                self._take_next([outbox.TRANSPORTED], unsent_s=UNSENT_S)
        if self._transport is not None:
            self._take_arrived(self._transport)

    def _take_wanted(self) -> None:
        """Each by an idle child of its pool or, where that has none, by the slot for work by hand."""
        for task_id in list(self._wanted):
            with db.session_scope(db.WORKER) as session:
                kind = queue.claimable_kind(session, task_id=task_id, worker_id=self._claimant["worker_id"])
            if kind is None:
                self._wanted.pop(task_id)
                continue
            pool, by_hand = queue.kind(kind).pool, self._pools.by_hand
            slot = self._pools.idle(pool) or (by_hand if by_hand.is_idle else None)
            if slot is None:
                by_hand.is_wanted = True
                continue
            task = self._claimed(partial(queue.claim_one, task_id=task_id, **self._claimant))
            once = self._wanted.pop(task_id)
            if task is not None:
                self._begin(slot, task)
                if not once and not self._pools.of(pool):
                    self._begun_by_hand.add(task_id)

    def _want_again(self) -> None:
        """What was begun by hand and is to be tried again, or to go on later, is due to nobody else."""
        if not self._begun_by_hand or self._now() < self._look_by_hand_at:
            return
        self._look_by_hand_at = self._now() + LOOK_S
        with db.session_scope(db.WORKER) as session:
            due, over = queue.due_or_over(session, task_ids=self._begun_by_hand)
        self._begun_by_hand -= over | due
        self._wanted |= dict.fromkeys(due, False)

    def _claimed(self, claim: Callable[[Session], Found]) -> Found | None:
        """What a claim found. A task whose resource does not follow is set aside, so that it holds no other up."""
        try:
            with db.session_scope(db.WORKER, write=True) as session:
                return claim(session)
        except queue.NotFollowed as error:
            log.exception("a task can't begin; the others go first", task=str(error.task_id))
            reason = replace(queue.Reason.of(error), traceback=traceback.format_exc())
            with db.session_scope(db.WORKER, write=True) as session:
                queue.set_aside(session, task_id=error.task_id, reason=reason)
            self._look_at = 0.0
            return None

    def _take_arrived(self, transport: SqsTransport) -> None:
        """Begin what messages have brought, and ask for as many as there are slots left.

        A message whose slot has a child that is being started waits here, hidden from other workers.
        """
        pool = outbox.TRANSPORTED
        n_soon = len(self._pools.soon(pool))
        while (slot := self._pools.idle(pool)) and (message := transport.take()) is not None:
            assert message.notice is not None
            found = self._claimed(partial(outbox.claim_named, notice=message.notice, **self._claimant))
            if found is None or isinstance(found, outbox.Unclaimed):
                transport.unclaimed(message, found or outbox.Unclaimed.LATER)
            else:
                transport.hold(found.id, message)
                self._begin(slot, found)
        if transport.has_arrived and n_soon:
            self._pools.need(pool)
        elif transport.has_arrived:
            transport.pause()
        transport.want(n_soon + sum(slot.is_idle for slot in self._pools.of(pool)))

    def _take_next(self, pools: list[Pool], *, unsent_s: float | None = None) -> None:
        """Begin what is first in those of `pools` that have a free slot, and start the children that wait for it.

        A read comes first: idling takes no write lock, and no child is started for nothing.
        """
        free = [pool for pool in pools if self._pools.idle(pool) or self._pools.soon(pool)]
        if not (asked := [kind for pool in free for kind in self._pools.kinds[pool]]):
            return
        with db.session_scope(db.WORKER) as session:
            ready = queue.ready_kinds(
                session,
                worker_id=self._claimant["worker_id"],
                kinds=asked,
                unsent_s=unsent_s,
            )
        for pool in free:
            kinds = [kind for kind in self._pools.kinds[pool] if kind in ready]
            if kinds and not self._pools.idle(pool):
                self._pools.need(pool)
            while kinds and (slot := self._pools.idle(pool)):
                task = self._claimed(partial(queue.claim, kinds=kinds, unsent_s=unsent_s, **self._claimant))
                if task is None:
                    break
                self._begin(slot, task)
                if self._pools.soon(pool):
                    self._look_at = 0.0  # more may wait for another child

    def _begin(self, slot: Slot, task: queue.Task) -> None:
        self._tell("task started", task=str(task.id), kind=task.kind, attempt=task.attempt)
        slot.take(task)
