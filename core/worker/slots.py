"""One place for one task at a time: its child, the task in it, and what is still to be written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core import logs, queue
from core.worker.child_process import Child, ChildGone

log = logs.get("worker")


@dataclass(frozen=True)
class Outcome:
    """How a task ended in its child."""

    state: queue.TaskState
    result: dict[str, Any] | None = None
    reason: queue.Reason | None = None
    transient: bool = False


@dataclass
class Slot:
    """A child and the task it runs. Holds no database: the runner writes what is noted here."""

    start: Callable[[], Child]
    by_hand: bool = False
    child: Child | None = None
    warm: bool = False
    task: queue.Task | None = None
    outcome: Outcome | None = None
    progress: dict[str, Any] | None = None
    stop_sent_at: float | None = None
    spoke_at: float = field(default_factory=time.monotonic)
    beaten_at: float = field(default_factory=time.monotonic)
    asked_at: float = field(default_factory=time.monotonic)
    n_deaths: int = 0

    @property
    def idle(self) -> bool:
        return self.task is None and self.child is not None and self.warm

    def open(self) -> None:
        """Start a child if there is none."""
        if self.child is None:
            self.child = self.start()
            self.warm = False
            self.spoke_at = time.monotonic()

    def take(self, task: queue.Task) -> None:
        """Hand a claimed task to the child."""
        assert self.child is not None
        now = time.monotonic()
        self.task, self.outcome, self.progress, self.stop_sent_at = task, None, None, None
        self.spoke_at = self.beaten_at = self.asked_at = now
        try:
            self.child.run(task)
        except ChildGone as gone:
            self._lost(gone.exit_code)

    def hear(self) -> None:
        """Take in what the child has said; its death is an outcome too."""
        if self.child is None:
            return
        try:
            messages = self.child.heard()
        except ChildGone as gone:
            self._lost(gone.exit_code)
            return
        for message in messages:
            self.spoke_at = time.monotonic()
            match message["said"]:
                case "ready":
                    self.warm, self.n_deaths = True, 0
                case "progress":
                    noted = {name: message[name] for name in ("done", "total")}
                    known = {name: value for name, value in noted.items() if value is not None}
                    self.progress = {**(self.progress or {}), **known}
                case "succeeded":
                    self.outcome = Outcome(state=queue.TaskState.SUCCEEDED, result=message["result"])
                case "failed" if message["stopped"]:
                    self.outcome = Outcome(state=queue.TaskState.CANCELLED)
                case "failed":
                    self.outcome = Outcome(
                        state=queue.TaskState.FAILED,
                        reason=queue.Reason.from_json(message["reason"]),
                        transient=message["transient"],
                    )

    def ask_to_stop(self) -> None:
        """Pass a cancel on; the child ends the task soon, or is killed."""
        if self.child is None or self.stop_sent_at is not None:
            return
        self.stop_sent_at = time.monotonic()
        try:
            self.child.ask_to_stop()
        except ChildGone as gone:
            self._lost(gone.exit_code)

    def kill(self) -> None:
        """End the child, and with it whatever it does."""
        if self.child is not None:
            self.child.kill()
        self.child, self.warm = None, False

    def clear(self) -> None:
        """The task is written or lost: ready for the next."""
        self.task, self.outcome, self.progress, self.stop_sent_at = None, None, None, None

    def _lost(self, exit_code: int) -> None:
        self._tell_of_death(exit_code)
        self.kill()
        self.n_deaths += 1
        if self.task is None or self.outcome is not None:
            return
        if self.stop_sent_at is not None:
            self.outcome = Outcome(state=queue.TaskState.CANCELLED)
            return
        how = f"killed by signal {-exit_code}" if exit_code < 0 else f"ended with exit code {exit_code}"
        self.outcome = Outcome(
            state=queue.TaskState.FAILED,
            transient=True,
            reason=queue.Reason(
                code="worker_lost",
                message=f"The process that did the work was {how}.",
                hint="The file may need more memory than there is. Look at the worker's log, then retry.",
            ),
        )

    def _tell_of_death(self, exit_code: int) -> None:
        """One line for whoever runs the app: kept however the task ends, also when it is tried again."""
        assert self.child is not None
        how = {"signal": -exit_code} if exit_code < 0 else {"exit_code": exit_code}
        task = self.task
        doing = {"task": str(task.id), "kind": task.kind, "attempt": task.attempt} if task else {}
        log.warning("a process that does work has died", pid=self.child.pid, **how, **doing)
