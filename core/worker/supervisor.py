"""What is written for tasks that run: beats, progress, cancels, and how they ended."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core import db, logs, queue, storage
from core.settings import Settings
from core.worker.ledger import Ledger
from core.worker.slots import Outcome, Slot
from core.worker.sqs_transport import SqsTransport

PROGRESS_S = 0.5  # progress is written at most this often
CANCEL_S = 1.0  # a cancel is seen within this time
STOP_GRACE_S = 3.0  # then a child that does not stop is killed
log = logs.get("worker")

UNWRITTEN = queue.Reason(
    code="internal_error",
    message="The work was done, but the app could not write it down.",
    hint="Your file may be fine. The System page keeps the details for whoever runs the app.",
)
SILENT = queue.Reason(
    code="worker_silent",
    message="The process that did the work stopped answering.",
    hint="Look at the worker's log and at the machine's memory, then retry.",
)


class Supervisor:
    """Tends the places of one runner. tell: takes a line of what goes as it should, for whoever runs the app."""

    def __init__(
        self, settings: Settings, *, ledger: Ledger, transport: SqsTransport | None, tell: Callable[..., Any]
    ) -> None:
        self._settings, self._ledger, self._transport, self._tell = settings, ledger, transport, tell
        self._storage = storage.from_settings(settings)

    def tend(self, slot: Slot) -> bool:
        """Write what is due for the task in `slot`: its outcome, its progress, a beat, a cancel.

        True when its end is written and the place is free. Raises DatabaseUnavailable.
        """
        if slot.task is None:
            return False
        task, now = slot.task, time.monotonic()
        try:
            if slot.outcome is not None:
                self._settle(task, slot.outcome, slot.progress)
                slot.clear()
                return True
            if now - slot.spoke_at > self._settings.silence_s:
                log.warning("child fell silent; replacing it", task=str(task.id))
                slot.kill()
                slot.outcome = Outcome(state=queue.TaskState.FAILED, transient=True, reason=SILENT)
            elif slot.stop_sent_at is not None and now - slot.stop_sent_at > STOP_GRACE_S:
                slot.kill()
                slot.outcome = Outcome(state=queue.TaskState.CANCELLED)
            due = slot.progress is not None and now - slot.beaten_at > PROGRESS_S
            due = due or now - slot.beaten_at > self._settings.lease_s / 3 or now - slot.asked_at > CANCEL_S
            if due:
                stop = self._ledger.beat(task, slot.progress)
                slot.progress, slot.beaten_at, slot.asked_at = None, now, now
                if stop:
                    slot.ask_to_stop()
        except queue.LeaseLost:
            log.warning("lease lost; dropping the work", task=str(task.id), attempt=task.attempt)
            slot.kill()
            slot.clear()
            self._told(task, is_ours=False)
            self._remove_output(task)
        except db.DatabaseUnavailable:
            raise
        except Exception:  # the resource did not follow: this task's fault, not the others'
            log.exception("could not write for a task", task=str(task.id))
            if slot.outcome is not None and slot.outcome.state is queue.TaskState.SUCCEEDED:
                reason = replace(UNWRITTEN, traceback=traceback.format_exc())
                slot.outcome = Outcome(state=queue.TaskState.FAILED, transient=True, reason=reason)
                self._remove_output(task)
            else:
                slot.kill()
                slot.clear()
                self._told(task, is_ours=False)
        return False

    def hand_back(self, slot: Slot) -> None:
        """Give the task in `slot` to the next worker, or write how it ended. Raises DatabaseUnavailable."""
        if slot.task is None:
            return
        task = slot.task
        try:
            if slot.outcome is not None:
                self._settle(task, slot.outcome, slot.progress)
            else:
                slot.kill()
                self._ledger.release(task, slot.progress)
                self._told(task)
                self._remove_output(task)
                log.info("task handed back", task=str(task.id), kind=task.kind)
        except queue.LeaseLost:
            log.warning("lease lost; nothing to hand back", task=str(task.id))
            slot.kill()
            self._remove_output(task)

    def _told(self, task: queue.Task, *, is_ours: bool = True) -> None:
        """Let its message go the way of the task: it is written, or no longer ours."""
        if self._transport is not None:
            (self._transport.done if is_ours else self._transport.dropped)(task.id)

    def _remove_output(self, task: queue.Task) -> None:
        """Remove what the task's present attempt has stored, as it is no success; its child must write no more."""
        output_prefix = queue.kind(task.kind).output_prefix
        if output_prefix is None:
            return
        try:
            for key in self._storage.keys(output_prefix(task)):
                self._storage.delete(key)
        except storage.StorageUnavailable as error:
            log.warning("could not remove what an attempt left", task=str(task.id), problem=error.problem)

    def _settle(self, task: queue.Task, outcome: Outcome, progress: dict[str, Any] | None) -> None:
        self._ledger.settle(task, outcome, progress)
        self._told(task)
        if outcome.state is not queue.TaskState.SUCCEEDED:
            self._remove_output(task)
        self._tell("task ended", task=str(task.id), kind=task.kind, outcome=outcome.state.lower())
