"""The runner: claims tasks, hands them to warm children, beats for them, writes how they ended.

One thread does it all, so that children live exactly as long as it does, and nothing in it
blocks but short database transactions.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from core import db, logs, queue
from core.db.types import DATABASE_CLOCK, Clock
from core.queue import Wakeup, workers
from core.settings import Settings
from core.worker import outage
from core.worker.child_process import Child
from core.worker.dispatcher import LOOK_S, Dispatcher
from core.worker.ledger import Ledger
from core.worker.slots import Slot
from core.worker.sqs_transport import SqsTransport
from core.worker.supervisor import Supervisor

SWEEP_S = 3_600.0  # rows that nobody asks for any more are removed this often
START_GRACE_S = 120.0  # a child that has not warmed up by then is started again
RESPAWN_S = 2.0  # pause after a child died while warming up
log = logs.get("worker")


class Runner:
    """Takes tasks by itself in `slots` places, and on request (`run_now`) in one more.

    slots: 0 means that nothing is taken unless somebody asks.
    modules: those that state the kinds of task; this process and its children load them.
    start_child: makes a child of what `Child` takes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        slots: int,
        is_embedded: bool,
        modules: Sequence[str],
        clock: Clock = DATABASE_CLOCK,
        start_child: Callable[..., Child] = Child,
    ) -> None:
        self.id = uuid4()
        self._settings = settings
        self._is_embedded = is_embedded
        self._tell = log.debug if is_embedded else log.info  # inside the app, failures alone are news
        self._modules, self._start_child = modules, start_child
        for module in modules:
            importlib.import_module(module)
        self._ledger = Ledger(worker_id=self.id, lease_s=settings.lease_s, clock=clock)
        self._transport = (
            SqsTransport(settings, ledger=self._ledger, poke=self._wake)
            if settings.predictions_queue_url
            else None
        )
        self._supervisor = Supervisor(
            settings, ledger=self._ledger, transport=self._transport, tell=self._tell
        )
        self._slots = [Slot(start=self._child) for _ in range(slots)] + [
            Slot(start=self._child, by_hand=True)
        ]
        self._dispatcher = Dispatcher(
            self._slots, ledger=self._ledger, transport=self._transport, begin=self._begin
        )
        self._poked, self._poke = os.pipe()
        os.set_blocking(self._poked, False)
        self._stopping = threading.Event()
        self._drained: threading.Event | None = None
        self._thread = threading.Thread(target=self._live, name="runner", daemon=True)
        self._wakeup: Wakeup | None = None
        self._present_at = 0.0
        self._n_warm = 0
        self._sweep_at = 0.0
        self._outage = outage.Outage()
        self._respawn_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def run_now(self, task_id: UUID) -> None:
        """Claim exactly this task as soon as a place is free; harmless when somebody else has it."""
        self._dispatcher.want(task_id)
        self._wake()

    def drain(self, drained: threading.Event) -> None:
        """Begin nothing more from now on; set the event once nothing runs. What still runs then, `stop` hands back."""
        self._drained = drained
        self._wake()

    def stop(self, *, timeout_s: float = 10.0) -> bool:
        """Hand work in progress back, end the children and the thread. False if that took too long."""
        self._stopping.set()
        self._wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        os.write(self._poke, b"!")

    def _child(self) -> Child:
        return self._start_child(
            modules=self._modules,
            environment=self._settings.environment(),
            staging=self._settings.staging_dir,
        )

    @property
    def _n_slots(self) -> int:
        return len(self._slots) - 1

    def _live(self) -> None:
        with db.as_worker():
            self._work()

    def _work(self) -> None:
        if self._transport is not None:
            self._transport.start()
        while not self._stopping.is_set():
            try:
                self._turn()
                outage.tell_success(self._outage)
            except db.DatabaseUnavailable as error:
                outage.tell_failure(self._outage, problem=error.problem)
                self._close_wakeup()
                self._dispatcher.pause()
                self._stopping.wait(1.0)
            except Exception:  # whatever is wrong with one task, the others go on
                log.exception("a turn of the runner failed; going on")
                self._stopping.wait(1.0)
        try:
            self._hand_back()
        except db.DatabaseUnavailable as error:
            log.warning("could not hand work back; its lease will run out", problem=error.problem)
        for slot in self._slots:
            slot.kill()
        if self._transport is not None:
            self._transport.stop()
        self._close_wakeup()

    def _turn(self) -> None:
        if self._wakeup is None:
            self._wakeup = queue.watch(db.current())
            self._dispatcher.look_soon()
        self._open_children()
        self._wait()
        for slot in self._slots:
            was_idle = slot.idle
            slot.hear()
            if slot.idle and not was_idle:  # a child has warmed up: it need not wait for the next look
                self._dispatcher.look_soon()
        self._present()
        for slot in self._slots:
            if self._supervisor.tend(slot):
                self._dispatcher.look_soon()
        if self._drained is None:
            self._dispatcher.turn()
            self._sweep()
        else:
            self._dispatcher.close()
            if all(slot.task is None for slot in self._slots):
                self._drained.set()

    def _open_children(self) -> None:
        for slot in self._slots:
            if slot.child is not None and not slot.warm and time.monotonic() - slot.spoke_at > START_GRACE_S:
                log.warning("child did not warm up; starting it again")
                slot.kill()
            if slot.child is None and time.monotonic() >= self._respawn_at:
                if slot.by_hand and self._n_slots and not self._dispatcher.is_wanted:
                    continue  # the place for what cannot wait is opened when first needed
                if slot.n_deaths:
                    self._respawn_at = time.monotonic() + RESPAWN_S * min(slot.n_deaths, 5)
                slot.open()

    def _wait(self) -> None:
        assert self._wakeup is not None
        watched = {slot.child.fileno() for slot in self._slots if slot.child is not None} | {self._poked}
        heard_by = self._wakeup.fileno()
        watched |= {heard_by} if heard_by is not None else set()
        may_claim = any(slot.idle for slot in self._slots)
        timeout_s = self._wakeup.poll_s if may_claim and self._wakeup.poll_s else 0.25
        # Made anew each time: a number that was closed and given out again would not be heard.
        with selectors.PollSelector() as selector:
            for fd in watched:
                selector.register(fd, selectors.EVENT_READ)
            selector.select(timeout_s)
        with contextlib.suppress(BlockingIOError):
            os.read(self._poked, 4096)
        if self._wakeup.changed():
            self._dispatcher.enqueued()

    def _begin(self, slot: Slot, task: queue.Task) -> None:
        self._tell("task started", task=str(task.id), kind=task.kind, attempt=task.attempt)
        slot.take(task)

    def _present(self) -> None:
        """Say that this worker is there, with the places it has: one without a warm child promises nothing."""
        n_warm = sum(slot.warm and self._drained is None for slot in self._slots if not slot.by_hand)
        if self._n_slots and (time.monotonic() >= self._present_at or n_warm != self._n_warm):
            self._ledger.be_present(slots=n_warm, is_embedded=self._is_embedded)
            self._present_at, self._n_warm = time.monotonic() + workers.BEAT_S, n_warm

    def _sweep(self) -> None:
        if time.monotonic() >= self._sweep_at:
            is_done = self._ledger.sweep(tasks_after_s=self._settings.keep_tasks_days * 86_400.0)
            self._sweep_at = time.monotonic() + (SWEEP_S if is_done else LOOK_S)

    def _hand_back(self) -> None:
        for slot in self._slots:
            slot.hear()
            self._supervisor.hand_back(slot)
        if self._n_slots:
            self._ledger.leave()

    def _close_wakeup(self) -> None:
        if self._wakeup is not None:
            self._wakeup.close()
        self._wakeup = None
