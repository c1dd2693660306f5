"""What E2B has of this installation, against what rows want: ends what none wants, tells rows what became of theirs.

E2B pauses a live app and wakes it up by itself, and a sandbox may outlive the app that made it. So every few seconds
all of them are listed, paused ones too. One that was just made may not stand in its row yet: it gets some time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, logs, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.tasks import TaskRow
from core.db.tables.training_jobs import TrainingJobRow
from core.sandboxes import E2BBackend, SandboxUnavailable, SandboxUnreachable
from core.sandboxes.e2b.backend import Found
from core.training import states as training_states
from core.training.deployments import states
from core.training.deployments.states import AWAKE, Status

EVERY_S: Final = 15.0
UNNAMED_S: Final = 45.0  # after its making: until then its row may not name it yet
KEPT: Final = AWAKE | {Status.PAUSED}
GONE: Final = queue.Reason(
    "gone", "Its sandbox at E2B is gone.", "Restart it: a new one is made, at a new address."
)
log = logs.get("training")


@dataclass(frozen=True)
class Alive:
    """What this process last saw. problem: why the last look failed; empty where it did not."""

    at: datetime | None = None
    sandboxes: Sequence[Found] = ()
    problem: str = ""


class Rounds:
    """Of one process. now: the wall clock, by which E2B dates its sandboxes."""

    def __init__(
        self,
        backend: E2BBackend,
        *,
        every_s: float = EVERY_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._backend, self._every_s, self._now = backend, every_s, now
        self._is_busy = threading.Lock()
        self._due_at = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._due_at

    def look(self) -> int:
        """Once; how many were ended. One look at a time: another one that is asked for meanwhile does nothing."""
        if not self._is_busy.acquire(blocking=False):
            return 0
        try:
            self._due_at = time.monotonic() + self._every_s
            try:
                found = self._backend.list()
            except (SandboxUnavailable, SandboxUnreachable) as error:
                log.warning("the sandboxes at E2B can't be listed", problem=error.message)
                _tell(Alive(_seen.at, _seen.sandboxes, error.message))
                return 0
            with db.session_scope(db.WORKER, write=True) as session:
                unwanted = [one for one in found if not self._is_wanted(session, one)]
                self._agree(session, {one.ref: one for one in found})
            for one in unwanted:
                log.info(
                    "a sandbox at E2B that nothing wants is ended", sandbox=one.ref, labels=dict(one.labels)
                )
                self._backend.stop_ref(one.ref)
            _tell(Alive(self._now(), [one for one in found if one not in unwanted]))
            return len(unwanted)
        finally:
            self._is_busy.release()

    def _is_wanted(self, session: Session, one: Found) -> bool:
        is_new = self._now() - one.since < timedelta(seconds=UNNAMED_S)
        for label, wants in (
            ("training_job", _job_wants),
            ("deployment", _deployment_wants),
            ("task", _task_wants),
        ):
            if label in one.labels:
                try:
                    wanted, named = wants(session, UUID(one.labels[label]))
                except ValueError:
                    return False
                return wanted and (named is None or named == one.ref or is_new)
        return is_new

    def _agree(self, session: Session, alive: Mapping[str, Found]) -> None:
        """Rows of live apps follow: one that was woken up by a visitor, one that sleeps, one that is gone."""
        columns = DeploymentRow.id, DeploymentRow.status, DeploymentRow.sandbox_ref
        of_e2b = DeploymentRow.backend == "e2b", DeploymentRow.status == Status.PAUSED
        for deployment_id, _, ref in session.execute(sa.select(*columns).where(*of_e2b)).all():
            if ref is None or ref not in alive:
                states.move(session, deployment_id=deployment_id, to=Status.EXPIRED, reason=GONE)
            elif not alive[ref].is_paused:
                states.move(session, deployment_id=deployment_id, to=Status.STARTING)


def _job_wants(session: Session, training_job_id: UUID) -> tuple[bool, str | None]:
    """Whether it goes on, and the sandbox that it names."""
    this = sa.select(TrainingJobRow.status, TrainingJobRow.sandbox_ref)
    found = session.execute(this.where(TrainingJobRow.id == training_job_id)).one_or_none()
    return (found.status in training_states.PENDING, found.sandbox_ref) if found else (False, None)


def _deployment_wants(session: Session, deployment_id: UUID) -> tuple[bool, str | None]:
    this = sa.select(DeploymentRow.status, DeploymentRow.sandbox_ref)
    found = session.execute(this.where(DeploymentRow.id == deployment_id)).one_or_none()
    return (found.status in KEPT, found.sandbox_ref or "") if found else (False, None)


def _task_wants(session: Session, task_id: UUID) -> tuple[bool, str | None]:
    state = session.execute(sa.select(TaskRow.state).where(TaskRow.id == task_id)).scalar_one_or_none()
    return state == queue.TaskState.RUNNING, None


_seen = Alive()


def seen() -> Alive:
    """What the rounds of this process last saw."""
    return _seen


def _tell(alive: Alive) -> None:
    global _seen
    _seen = alive
