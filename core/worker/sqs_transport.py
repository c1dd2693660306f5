"""Between the runner and SQS: two threads that may wait for the network, so that the runner never does.

One receives, for as many slots as the runner has free. The other sends what was enqueued, hides from
others what is worked on, deletes what is done, and fails what SQS gave up.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from uuid import UUID

from core import db, logs
from core.queue.sqs import outbox
from core.queue.sqs.client import WAIT_S, Message, QueueUnavailable, SqsQueue
from core.queue.sqs.outbox import Unclaimed
from core.settings import Settings
from core.worker import outage

LOOK_S = 2.0  # what is to be sent is looked for this often, whatever the wake-up says
LOST_S = 5.0  # a message that was sent so long ago, and is not there, is sent again
SLOW_S = 3.0  # a receive that takes so much longer than it should is an outage
LATER_S = 30  # a message that can't be acted on yet comes again after so long
DEAD_S = 10.0  # the queue of dead letters is looked at this often
REDRIVE_S = 300.0  # and so often, whether there is one
PAUSE_S = 1.0
N_DEAD = 10
log = logs.get("worker")


@dataclass
class HeldMessage:
    """A message whose task is in a slot of this worker."""

    message: Message
    hidden_at: float


class SqsTransport:
    """Hands messages to the runner (`take`), and hears from it what became of them.

    now: seconds of a steady clock. poke: called when a message has arrived.
    """

    def __init__(self, settings: Settings, *, poke: Callable[[], None], now: Callable[[], float]) -> None:
        self._sqs = SqsQueue(settings)
        self._poke, self._now = poke, now
        self._visible_s = max(1, math.ceil(settings.lease_s))
        self._lock = threading.Condition()
        self._arrived: deque[Message] = deque()
        self._n_free = 0
        self._held: dict[UUID, HeldMessage] = {}
        self._done: list[Message] = []
        self._given_back: list[tuple[Message, int]] = []
        self._stopping = threading.Event()
        self._due = threading.Event()
        self._asked_at: float | None = None
        self._is_refused = False
        self._is_empty = False
        self._dead: SqsQueue | None = None
        self._n_given_up: int | None = None
        self._dead_at = self._redrive_at = self._look_at = 0.0
        self._outages: defaultdict[str, outage.Outage] = defaultdict(outage.Outage)
        self._sender: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with the rights of the thread that calls this."""
        for name, turn in (("receive", self._receive), ("send", self._tend)):
            self._sender = threading.Thread(
                target=copy_context().run, args=[self._live, turn], name=f"sqs {name}", daemon=True
            )
            self._sender.start()

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Say what is left to say; a receive that still waits gives back what it gets."""
        self.pause()
        self._stopping.set()
        with self._lock:
            self._lock.notify_all()
        self._due.set()
        if self._sender is not None:
            self._sender.join(timeout_s)

    @property
    def is_out(self) -> bool:
        """Whether no message can be expected, because SQS refuses or does not answer."""
        asked_at = self._asked_at
        return self._is_refused or (asked_at is not None and self._now() - asked_at > WAIT_S + SLOW_S)

    def pause(self) -> None:
        """Receive nothing until `want` is called again, and give back what nobody has taken."""
        self.want(0)
        while (message := self.take()) is not None:
            self.give_back(message)

    def want(self, n_free: int) -> None:
        """Receive until there is a message for each of `n_free` slots."""
        with self._lock:
            if n_free != self._n_free:
                self._n_free = n_free
                self._lock.notify_all()

    @property
    def has_arrived(self) -> bool:
        return bool(self._arrived)

    def take(self) -> Message | None:
        """The next message that has arrived."""
        with self._lock:
            return self._arrived.popleft() if self._arrived else None

    def hold(self, task_id: UUID, message: Message) -> None:
        """Its task has begun here: others are not to see it until it is `done` or `dropped`."""
        with self._lock:
            self._held[task_id] = HeldMessage(message, self._now())

    def done(self, task_id: UUID) -> None:
        """The task is settled, or queued again, for which it gets a new message."""
        with self._lock:
            held = self._held.pop(task_id, None)
            if held is not None:
                self._done.append(held.message)
        self._due.set()

    def dropped(self, task_id: UUID) -> None:
        """Another worker has the task now, and with it the message."""
        with self._lock:
            self._held.pop(task_id, None)

    def unclaimed(self, message: Message, why: Unclaimed) -> None:
        """It brought no task."""
        with self._lock:
            if why is Unclaimed.DONE:
                self._done.append(message)
            else:
                self._given_back.append((message, LATER_S))
        self._due.set()

    def give_back(self, message: Message) -> None:
        """There is no slot for it here: let another worker have it at once."""
        with self._lock:
            self._given_back.append((message, 0))
        self._due.set()

    def publish_soon(self) -> None:
        """Something may have been enqueued."""
        self._look_at = 0.0
        self._due.set()

    def _live(self, turn: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                turn()
            except (QueueUnavailable, db.DatabaseUnavailable):  # which are told elsewhere
                self._stopping.wait(PAUSE_S)
            except Exception:  # whatever is wrong with one message, the others go on
                log.exception("error in the SQS transport; continuing")
                self._stopping.wait(PAUSE_S)
        if turn == self._tend:
            self._say_last_words()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Log when this kind of call begins to fail, and when it works again."""
        try:
            yield
        except QueueUnavailable as error:
            outage.tell_failure(self._outages[what], problem=error.problem, what=what)
            raise
        outage.tell_success(self._outages[what], what=what)

    def _receive(self) -> None:
        with self._lock:
            n_wanted = self._n_free - len(self._arrived)
            if n_wanted <= 0:
                self._lock.wait(PAUSE_S)
        if n_wanted <= 0:
            if self._is_refused:  # the slots are full of what the table gave: is SQS back?
                self._sqs.attributes()
                self._is_refused = False
            return
        self._asked_at = self._now()
        try:
            with self._told("receiving from SQS"):
                messages = self._sqs.receive(limit=n_wanted, visible_s=self._visible_s)
            self._is_refused = False
        except QueueUnavailable:
            self._is_refused = True
            raise
        finally:
            self._asked_at = None
        if not messages:
            self._is_empty = True
            self.publish_soon()  # and with it, what must have been lost
            return
        with self._lock:
            self._arrived += [message for message in messages if message.notice is not None]
            self._done += [message for message in messages if message.notice is None]
            if self._n_free == 0:  # nobody wants them any more
                self._given_back += [(message, 0) for message in self._arrived]
                self._arrived.clear()
        if n_garbage := sum(message.notice is None for message in messages):
            log.warning("removed messages from SQS that name no task", n=n_garbage)
        if self._stopping.is_set():
            self._give_back()
        self._poke()

    def _tend(self) -> None:
        self._due.wait(min(LOOK_S, self._visible_s / 6))
        self._due.clear()
        self._delete()
        self._give_back()
        self._hide()
        if self._now() >= self._look_at:
            self._look_at = self._now() + LOOK_S
            self._publish()
        if self._now() >= self._dead_at:
            self._dead_at = self._now() + DEAD_S
            with self._told("the SQS dead-letter queue"):
                self._settle_dead_letters()

    def _delete(self) -> None:
        with self._lock:
            done, self._done = self._done, []
        self._sqs.delete(done)  # where that fails, they come again, and are seen to be done

    def _give_back(self) -> None:
        with self._lock:
            given_back, self._given_back = self._given_back, []
        for message, after_s in given_back:
            self._sqs.hide([message], visible_s=after_s)

    def _hide(self) -> None:
        now = self._now()
        with self._lock:
            due = [held for held in self._held.values() if now - held.hidden_at > self._visible_s / 3]
        for held in due:
            held.hidden_at = now
        self._sqs.hide([held.message for held in due], visible_s=self._visible_s)

    def _publish(self) -> None:
        lost_after_s = LOST_S if self._is_empty else None
        self._is_empty = False
        while True:
            with db.session_scope(db.WORKER) as session:  # a read first: idling takes no write lock
                if not outbox.is_due(session, lost_after_s=lost_after_s):
                    return
            with db.session_scope(db.WORKER, write=True) as session:
                notices = outbox.publish(session, lost_after_s=lost_after_s)
            try:
                with self._told("sending to SQS"):
                    self._sqs.send(notices)
            except QueueUnavailable:
                with db.session_scope(db.WORKER, write=True) as session:
                    outbox.take_back(session, notices)
                raise
            if len(notices) < outbox.N_AT_ONCE:
                return

    def _settle_dead_letters(self) -> None:
        if self._now() >= self._redrive_at:
            self._redrive_at = self._now() + REDRIVE_S
            self._dead = self._sqs.dead_letters()
            self._n_given_up = self._sqs.attributes().n_given_up
        if self._dead is None:
            return
        while messages := self._dead.receive(limit=N_DEAD, visible_s=LATER_S, wait_s=0):
            for message in messages:
                became: object = None
                if message.notice is not None:
                    with db.session_scope(db.WORKER, write=True) as session:
                        became = outbox.dead_letter(session, message.notice, n_deliveries=self._n_given_up)
                if became is Unclaimed.LATER:
                    continue
                if became is not Unclaimed.DONE:
                    task = str(message.notice.task_id) if message.notice else None
                    log.warning("SQS gave up on a message", task=task)
                self._dead.delete([message])

    def _say_last_words(self) -> None:
        try:
            self._delete()
            self._give_back()
        except QueueUnavailable as error:
            log.warning(
                "could not delete finished messages from SQS; they will come again", problem=error.problem
            )
