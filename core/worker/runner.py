"""The runner: claims tasks, hands them to warm children, beats for them, writes how they ended.

One thread does it all, so that children live exactly as long as it does, and nothing in it
blocks but short database transactions: it writes to no child that does not read, and storage is another thread's.
"""

from __future__ import annotations

import importlib
import os
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO
from uuid import UUID, uuid4

from core import db, logs, process_locks, queue
from core.queue import Wakeup, retention, workers
from core.settings import Settings
from core.worker import file_sweep, outage
from core.worker.dispatcher import LOOK_S, Dispatcher
from core.worker.pools import Pools
from core.worker.slots import Slot
from core.worker.sqs_transport import SqsTransport
from core.worker.supervisor import Supervisor

PAUSE_S = 1.0
SWEEP_S = 3_600.0  # rows that nobody asks for any more are removed this often
STAGING_S = 600.0  # and so often what dead processes have staged and leased
log = logs.get("worker")


class Runner:
    """Takes tasks by itself, in `slots` slots for scoring and those of the other pools; on request in one more.

    slots: 0 means that nothing is taken unless somebody asks.
    modules: those that state the kinds of task; this process and its children load them.
    now: seconds of a steady clock, for what is due in this process. make_slot: a slot of what
    `Slot` takes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        slots: int,
        is_embedded: bool,
        modules: Sequence[str],
        now: Callable[[], float] = time.monotonic,
        make_slot: Callable[..., Slot] = Slot,
    ) -> None:
        self.id = uuid4()
        self._settings, self._is_embedded, self._now = settings, is_embedded, now
        for module in modules:
            importlib.import_module(module)
        self._pools = Pools(settings, workers=slots, modules=modules, now=now, make_slot=make_slot)
        has_sqs = bool(settings.predictions_queue_url)
        self._transport = SqsTransport(settings, poke=self._wake, now=now) if has_sqs else None
        tell = log.debug if is_embedded else log.info  # inside the app, failures alone are news
        self._supervisor = Supervisor(settings, transport=self._transport, now=now, tell=tell)
        self._dispatcher = Dispatcher(
            self._pools,
            worker_id=self.id,
            lease_s=settings.lease_s,
            transport=self._transport,
            now=now,
            tell=tell,
        )
        self._poked, self._poke = os.pipe()
        os.set_blocking(self._poked, False)
        self._stopping = threading.Event()
        self._drained: threading.Event | None = None
        self._thread = threading.Thread(target=self._live, name="runner", daemon=True)
        self._wakeup: Wakeup | None = None
        self._life: IO[bytes] | None = None
        self._offered: dict[queue.Pool, int] | None = None
        self._present_at = self._sweep_at = self._staging_at = self._files_at = 0.0
        self._outage = outage.Outage()

    def start(self) -> None:
        self._thread.start()

    def run_now(self, task_id: UUID, *, once: bool = False) -> None:
        """Claim exactly this task as soon as a slot is free; harmless when somebody else has it.

        once: for one attempt: this runner does not go on with it unless its pool has slots.
        """
        self._dispatcher.want(task_id, once=once)
        self._wake()

    def drain(self, drained: threading.Event) -> None:
        """Begin nothing more from now on; set the event once nothing runs. What still runs then, `stop` hands back."""
        self._drained = drained
        self._wake()

    def stop(self, *, timeout_s: float = 10.0) -> bool:
        """Hand work in progress back, end the children and the thread. False if that took longer than it may.

        Kinds that hear of a drain have their grace first.
        """
        self._stopping.set()
        self._wake()
        self._thread.join(timeout_s + self._pools.longest_grace_s)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        os.write(self._poke, b"!")

    def _live(self) -> None:
        with db.as_worker():
            self._work()

    def _work(self) -> None:
        if self._transport is not None:
            self._transport.start()
        with suppress(OSError):  # a full disk: others wait for the leases to end, then
            self._life = process_locks.hold(self._settings.workers_dir, self.id.hex)
        while not self._stopping.is_set() or self._pools.has_grace:
            try:
                self._turn()
                outage.tell_success(self._outage)
            except db.DatabaseUnavailable as error:
                outage.tell_failure(self._outage, problem=error.problem)
                if self._stopping.is_set():
                    break
                self._close_wakeup()
                self._dispatcher.pause()
                self._stopping.wait(PAUSE_S)
            except Exception:  # a mistake of ours: nothing that runs is given up for it
                log.exception("error in the runner; continuing")
                time.sleep(PAUSE_S)  # also while it is stopping
        try:
            self._hand_back()
        except db.DatabaseUnavailable as error:
            log.warning("could not hand tasks back; their leases will expire", problem=error.problem)
        for slot in self._pools:
            slot.kill()
        self._supervisor.close()
        if self._transport is not None:
            self._transport.stop()
        self._close_wakeup()
        if self._life is not None:
            self._life.close()

    def _turn(self) -> None:
        if self._wakeup is None:
            self._wakeup = queue.watch(db.current())
            self._dispatcher.look_soon()
        self._pools.tend()
        self._wait()
        is_ending = self._drained is not None or self._stopping.is_set()
        for slot in self._pools:
            was_idle = slot.is_idle
            slot.tell()
            slot.hear()
            if is_ending:
                slot.ask_to_drain()
            if self._supervisor.write(slot) or slot.is_idle > was_idle:  # it need not wait for the next look
                self._dispatcher.look_soon()
        self._present(is_ending=is_ending)
        if not is_ending:
            self._dispatcher.turn()
            self._sweep()
            return
        self._dispatcher.pause()
        if self._drained is not None and all(slot.task is None for slot in self._pools):
            self._drained.set()

    def _wait(self) -> None:
        assert self._wakeup is not None
        heard_by = (self._wakeup.fileno(), *(slot.fileno() for slot in self._pools))
        watched = {self._poked} | {fd for fd in heard_by if fd is not None}
        timeout_s = self._wakeup.poll_s if self._pools.has_room and self._wakeup.poll_s else 0.25
        # Made anew each time: a number that was closed and given out again would not be heard.
        with selectors.PollSelector() as selector:
            for fd in watched:
                selector.register(fd, selectors.EVENT_READ)
            for unsent_to in filter(None, (slot.unsent_to() for slot in self._pools)):
                selector.register(unsent_to, selectors.EVENT_WRITE)
            selector.select(timeout_s)
        with suppress(BlockingIOError):
            os.read(self._poked, 4096)
        if self._wakeup.changed():
            self._dispatcher.enqueued()

    def _present(self, *, is_ending: bool) -> None:
        """Say that this worker is there, and what it can do: one that ends promises nothing any more."""
        offered = {pool: 0 if is_ending else n for pool, n in self._pools.offered().items()}
        if offered and (self._now() >= self._present_at or offered != self._offered):
            with db.session_scope(db.WORKER, write=True) as session:
                workers.beat(
                    session,
                    worker_id=self.id,
                    pools=offered,
                    is_embedded=self._is_embedded,
                )
            self._present_at, self._offered = self._now() + workers.BEAT_S, offered

    def _sweep(self) -> None:
        """Forget what nobody asks for any more, a part at a time. What comes next is due by when this one began."""
        now = self._now()
        if now >= self._supervisor.sweeps_at:
            self._supervisor.sweep()
        if now >= self._staging_at:
            self._supervisor.sweep()
            self._bury_the_dead()
            self._staging_at = now + STAGING_S
        if now >= self._files_at:
            self._supervisor.renew_reserve()
            if self._is_first():
                self._supervisor.sweep_files()
            self._files_at = now + file_sweep.TURN_S
        if now < self._sweep_at:
            return
        keep_s = self._settings.keep_tasks_days * 86_400.0
        with db.session_scope(db.WORKER) as session:
            found = retention.find(session, tasks_after_s=keep_s)
        if found:
            with db.session_scope(db.WORKER, write=True) as session:
                retention.remove(session, found)
        self._sweep_at = now + (SWEEP_S if all(one.is_all for one in found) else LOOK_S)

    def _bury_the_dead(self) -> None:
        """Let nobody wait for the leases of this machine's workers that are gone."""
        for name in process_locks.of_the_dead(self._settings.workers_dir):
            with db.session_scope(db.WORKER, write=True) as session:
                n_left = workers.bury(session, worker_id=UUID(name))
            if n_left:
                log.warning("a worker of this machine is gone; taking up what it left", worker=name, n=n_left)
                self._dispatcher.look_soon()

    def _is_first(self) -> bool:
        """Whether this is the worker that has been there longest: of several, one alone looks through the storage."""
        with db.session_scope(db.WORKER) as session:
            there = workers.alive(session)
        return not there or there[0].id == self.id

    def _hand_back(self) -> None:
        for slot in self._pools:
            slot.hear()
            self._supervisor.hand_back(slot)
        if self._pools.slots:
            with db.session_scope(db.WORKER, write=True) as session:
                workers.leave(session, worker_id=self.id)

    def _close_wakeup(self) -> None:
        if self._wakeup is not None:
            self._wakeup.close()
        self._wakeup = None
