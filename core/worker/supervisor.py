"""What is written for tasks that run: beats, progress, cancels, and how they ended."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core import db, logs, queue, storage
from core.settings import Settings
from core.worker.output_cleaner import OutputCleaner
from core.worker.slots import Outcome, Slot
from core.worker.sqs_transport import SqsTransport

PROGRESS_S = 0.5  # progress is written at most this often
CANCEL_S = 1.0  # a cancel is seen within this time
SETTLES_S = 0.5  # after a child's death, until all that it was starting can be seen
log = logs.get("worker")

UNWRITTEN = queue.Reason(
    code="internal_error",
    message="The task finished, but the app could not save the result.",
    hint="Your file may be fine. An admin can find the details on the System page.",
)
SILENT = queue.Reason(
    code="worker_silent",
    message="The process that ran this stopped responding.",
    hint="Check the worker's log and the machine's memory, then retry.",
)


class Supervisor:
    """Writes for the slots of one worker. tell: takes a line of what goes as it should, for whoever runs the app."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: SqsTransport | None,
        now: Callable[[], float],
        tell: Callable[..., Any],
    ) -> None:
        self._settings, self._transport = settings, transport
        self._now, self._tell = now, tell
        self._cleaner = OutputCleaner(storage.from_settings(settings), now=now)
        self.sweeps_at = math.inf  # when a child that died may have left something

    def write(self, slot: Slot) -> bool:
        """Write what is due for the task in `slot`: its outcome, its progress, a beat, a cancel.

        True when its end is written and the slot is free. Raises DatabaseUnavailable.
        """
        if slot.task is None:
            return False
        task = slot.task
        try:
            if slot.outcome is None:
                self._end_what_took_too_long(slot)
            if slot.outcome is not None:
                self._settle(slot, slot.outcome)
                if not slot.pid:
                    self._note_death()
                return True
            self._beat(slot)
        except queue.LeaseLost:
            log.warning("lease lost; discarding the work", task=str(task.id), attempt=task.attempt)
            self._drop(slot, is_lost=True)
        except db.DatabaseUnavailable:
            raise
        except Exception:  # the resource did not follow: this task's fault, not the others'
            log.exception("could not save the state of a task", task=str(task.id))
            if slot.outcome is not None and slot.outcome.state is queue.TaskState.SUCCEEDED:
                reason = replace(UNWRITTEN, traceback=traceback.format_exc())
                slot.outcome = Outcome(queue.TaskState.FAILED, reason=reason, transient=True)
                self._remove_output(task)
            else:
                self._drop(slot, is_lost=False)
        return False

    def hand_back(self, slot: Slot) -> None:
        """Give the task in `slot` to the next worker, or write how it ended. Raises DatabaseUnavailable."""
        if slot.task is not None and slot.outcome is None:
            slot.kill()
            slot.outcome = Outcome(queue.TaskState.QUEUED)
        self.write(slot)

    def sweep(self) -> None:
        """Remove, soon, what processes that are gone have staged, and their sandboxes."""
        self.sweeps_at = math.inf
        self._cleaner.sweep(self._settings)

    def renew_reserve(self) -> None:
        """Keep room for deletions, soon, where it was used up and there is some again."""
        self._cleaner.renew_reserve()

    def sweep_files(self) -> None:
        """Remove, soon, stored files that nothing refers to, once it is their time."""
        self._cleaner.sweep_files()

    def close(self) -> None:
        """Nothing is written any more."""
        self._cleaner.close()

    def _end_what_took_too_long(self, slot: Slot) -> None:
        """A child that is silent, and one whose grace after a cancel or a drain is over."""
        assert slot.task is not None
        now, grace_s = self._now(), queue.kind(slot.task.kind).grace_s
        if now - slot.heard_at > self._settings.silence_s:
            log.warning("child process stopped responding; replacing it", task=str(slot.task.id))
            slot.outcome = Outcome(queue.TaskState.FAILED, reason=SILENT, transient=True)
        elif slot.stop_sent_at is not None and now - slot.stop_sent_at > grace_s:
            slot.outcome = Outcome(queue.TaskState.CANCELLED)
        elif slot.drain_sent_at is not None and now - slot.drain_sent_at > grace_s:
            slot.outcome = Outcome(queue.TaskState.QUEUED)
        if slot.outcome is not None:
            slot.kill()

    def _beat(self, slot: Slot) -> None:
        """Renew the lease, note the progress and pass a cancel on, where one of them is due. Raises LeaseLost."""
        now, task = self._now(), slot.task
        assert task is not None
        is_due = slot.progress and now - slot.beaten_at > PROGRESS_S
        if not (
            is_due or now - slot.beaten_at > self._settings.lease_s / 3 or now - slot.asked_at > CANCEL_S
        ):
            return
        with db.session_scope(db.WORKER, write=True) as session:
            is_to_stop = queue.beat(
                session,
                task_id=task.id,
                attempt=task.attempt,
                lease_s=self._settings.lease_s,
                **slot.progress,
            )
        slot.progress, slot.beaten_at, slot.asked_at = {}, now, now
        if is_to_stop:
            slot.ask_to_stop()

    def _note_death(self) -> None:
        """A child that died or was killed may have left a sandbox, which may be a moment from its start."""
        self.sweeps_at = self._now() + SETTLES_S

    def _settle(self, slot: Slot, outcome: Outcome) -> None:
        """Write how the task ended, or queue it once more, and free the slot. Raises LeaseLost."""
        task = slot.task
        assert task is not None
        mine: dict[str, Any] = {
            "task_id": task.id,
            "attempt": task.attempt,
        } | slot.progress
        with db.session_scope(db.WORKER, write=True) as session:
            if outcome.state is queue.TaskState.QUEUED:
                queue.release(session, delay_s=outcome.delay_s, checkpoint=outcome.checkpoint, **mine)
            elif outcome.transient and outcome.reason is not None:
                queue.retry_later(session, reason=outcome.reason, **mine)
            else:
                queue.settle(
                    session, state=outcome.state, result=outcome.result, reason=outcome.reason, **mine
                )
        if self._transport is not None:
            self._transport.done(task.id)
        if outcome.state is not queue.TaskState.SUCCEEDED:
            self._remove_output(task)
        slot.clear()
        ended = "handed back" if outcome.state is queue.TaskState.QUEUED else "ended"
        self._tell(f"task {ended}", task=str(task.id), kind=task.kind, outcome=outcome.state.lower())

    def _drop(self, slot: Slot, *, is_lost: bool) -> None:
        """Write nothing more for the task in `slot`: it is another worker's, or (not is_lost) found by its lease."""
        task = slot.task
        assert task is not None
        slot.kill()
        self._note_death()
        if not is_lost:
            with db.session_scope(db.WORKER, write=True) as session:
                queue.let_go(session, task_id=task.id, attempt=task.attempt)
        slot.clear()
        if self._transport is not None:
            self._transport.dropped(task.id)
        if is_lost:
            self._remove_output(task)

    def _remove_output(self, task: queue.Task) -> None:
        """Remove what the task's present attempt has stored, as it is no success; its child must write no more."""
        if (output_prefix := queue.kind(task.kind).output_prefix) is not None:
            self._cleaner.remove(task.id, output_prefix(task))
