"""One slot for one task at a time: its child process, the task in it, and what is still to be written.

A child speaks JSON lines over its stdin and stdout; `core.worker.child_main` is its side of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from core import logs, queue, storage

PROJECT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RESPAWN_S = 2.0  # pause after a child died while warming up
REAP_S = 1.0  # a child that has closed its pipe has ended by then, or is killed
OUT_OF_MEMORY = "The file may need more memory than is available. Check the worker's log, then retry."
STOPPED = "Check the worker's log, then retry."
log = logs.get("worker")


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended in its child. QUEUED: handed back, or to go on `delay_s` from now and from `checkpoint`."""

    state: queue.TaskState
    result: dict[str, Any] | None = None
    reason: queue.Reason | None = None
    transient: bool = False
    delay_s: float | None = None
    checkpoint: dict[str, Any] | None = None


class Slot:
    """A child, if there is one, and the task it runs. Holds no database: the supervisor writes what is noted here.

    pool: whose kinds it takes; None for work by hand, which may be of any kind. modules: what its child imports.
    environment: all that its child finds there. staging: where its child leaves files. now: seconds of a steady clock.
    Used by one thread alone: a child dies when the thread ends that started it.
    """

    start: ClassVar[Callable[..., subprocess.Popen[bytes]]] = subprocess.Popen

    def __init__(
        self,
        pool: queue.Pool | None,
        *,
        modules: Sequence[str],
        environment: Mapping[str, str],
        staging: Path,
        now: Callable[[], float],
    ) -> None:
        self.pool = pool
        self._modules, self._environment, self._staging, self._now = modules, environment, staging, now
        self._child: subprocess.Popen[bytes] | None = None
        self._unread, self._unsent = b"", bytearray()
        self.is_wanted = False  # there should be a child
        self.is_warm = False
        self.n_deaths = 0  # since a child was warm last
        self.heard_at = self.beaten_at = self.asked_at = self._opens_at = now()
        self.clear()

    def clear(self) -> None:
        """The task is written or lost: ready for the next."""
        self.task: queue.Task | None = None
        self.outcome: Outcome | None = None
        self.progress: dict[str, Any] = {}
        self.stop_sent_at: float | None = None
        self.drain_sent_at: float | None = None
        self.free_since = self._now()

    @property
    def is_idle(self) -> bool:
        return self.task is None and self.is_warm

    @property
    def is_resting(self) -> bool:
        """Whether it has no child because none is needed: one can be started at any time."""
        return self._child is None and not self.is_wanted

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    def fileno(self) -> int | None:
        """What becomes readable when the child has said something."""
        return None if self._child is None else self._out.fileno()

    def unsent_to(self) -> int | None:
        """What becomes writable when the child takes more of what it was not told yet; None where that is nothing."""
        return None if self._child is None or not self._unsent else self._in.fileno()

    def open(self) -> None:
        """Start a child, where there is none and the last did not die just now."""
        if self._child is not None or self._now() < self._opens_at:
            return
        try:
            child = self.start(
                [sys.executable, "-m", "core.worker.child_main", str(os.getpid()), *self._modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env={**self._environment, **ONE_THREAD},
                cwd=PROJECT,
                start_new_session=True,  # a Ctrl+C for the app is the runner's to answer
            )
        except OSError as error:  # no memory, or no process number, is left
            log.warning("a child process can't be started; trying again", problem=str(error))
            self._pause_opening()
            return
        self.adopt(child)

    def adopt(self, child: subprocess.Popen[bytes]) -> None:
        """Have this child as one's own. Neither reading from it nor writing to it ever waits."""
        assert child.stdin is not None
        assert child.stdout is not None
        self._child, self._in, self._out = child, child.stdin, child.stdout
        for pipe in (self._in, self._out):
            os.set_blocking(pipe.fileno(), False)
        self._unread, self._unsent, self.heard_at = b"", bytearray(), self._now()

    def take(self, task: queue.Task) -> None:
        """Hand a claimed task to the warm child."""
        self.clear()
        self.task = task
        self.heard_at = self.beaten_at = self.asked_at = self._now()
        names = ("kind", "payload", "attempt", "done", "total", "checkpoint")
        told = {name: getattr(task, name) for name in names}
        self._send({"run": {"id": str(task.id), "user_id": str(task.user_id), **told}})

    def ask_to_stop(self) -> None:
        """Pass a cancel on, once."""
        if self.stop_sent_at is None:
            self.stop_sent_at = self._now()
            self._send({"stop": True})

    def ask_to_drain(self) -> None:
        """Tell a task of a kind that hears it, once, that its worker is to end."""
        if self.task and self.drain_sent_at is None and queue.kind(self.task.kind).hears_drain:
            self.drain_sent_at = self._now()
            self._send({"drain": True})

    def hear(self) -> None:
        """Take in what the child has said; its death is an outcome too."""
        if self._child is None:
            return
        try:
            chunk = os.read(self._out.fileno(), 1 << 20)
        except BlockingIOError:
            return
        if not chunk:
            self._lose()
            return
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            self.heard_at = self._now()
            self._note(**json.loads(line))

    def kill(self) -> None:
        """End the child, whatever it does, reap it, and remove what it had staged."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()  # soon: it can't refuse
        with contextlib.suppress(OSError):  # the next start sweeps too
            storage.sweep(self._staging)
        self._out.close()
        self._in.close()
        self._child, self.is_warm = None, False

    def _note(self, said: str, **told: Any) -> None:
        match said:
            case "ready":
                self.is_warm, self.n_deaths, self.free_since = True, 0, self._now()
            case "progress":
                self.progress |= {name: value for name, value in told.items() if value is not None}
            case _:
                reason = queue.Reason.from_json(told.pop("reason")) if "reason" in told else None
                self.outcome = Outcome(queue.TaskState(said), reason=reason, **told)

    def _send(self, message: dict[str, Any]) -> None:
        self._unsent += json.dumps(message).encode() + b"\n"
        self.tell()

    def tell(self) -> None:
        """Hand the child what it was not told yet, as much as it takes now: one that is frozen takes none."""
        try:
            while self._child is not None and self._unsent:
                del self._unsent[: os.write(self._in.fileno(), self._unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._lose()

    def _pause_opening(self) -> None:
        self.n_deaths += 1
        self._opens_at = self._now() + RESPAWN_S * min(self.n_deaths - 1, 5)

    def _lose(self) -> None:
        """The child's pipe is closed: it died, or was killed. One line for whoever runs the app, however that ends."""
        assert self._child is not None
        try:
            exit_code = self._child.wait(REAP_S)
        except subprocess.TimeoutExpired:  # it lives on, and nobody can hear it
            self._child.kill()
            exit_code = self._child.wait()
        task = self.task
        how = {"signal": -exit_code} if exit_code < 0 else {"exit_code": exit_code}
        doing = {"task": str(task.id), "kind": task.kind, "attempt": task.attempt} if task else {}
        log.warning("a child process died", pid=self._child.pid, **how, **doing)
        self.kill()
        self._pause_opening()
        if task is None or self.outcome is not None:
            return
        if self.stop_sent_at is not None:
            self.outcome = Outcome(queue.TaskState.CANCELLED)
            return
        ended = f"was killed by signal {-exit_code}" if exit_code < 0 else f"ended with exit code {exit_code}"
        reason = queue.Reason(
            code="worker_lost",
            message=f"The process that ran this {ended}.",
            hint=OUT_OF_MEMORY if exit_code == -signal.SIGKILL else STOPPED,
        )
        self.outcome = Outcome(queue.TaskState.FAILED, reason=reason, transient=True)
