"""What E2B has of this installation, against what rows want: ends what none wants, tells rows what became of theirs.

E2B pauses a live app and wakes it up by itself, and a sandbox may outlive the app that made it. So every few seconds
all of them are listed, paused ones too. One that was just made may not stand in its row yet: it gets some time from
when it is first seen here, as E2B's clock need not be ours. What a list lacks is asked for before it counts as gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, logs, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.tasks import TaskRow
from core.db.tables.training_jobs import TrainingJobRow
from core.sandboxes import E2BBackend, SandboxLost, SandboxUnavailable, SandboxUnreachable
from core.sandboxes.e2b.backend import Found
from core.training import states as training_states
from core.training.deployments import states
from core.training.deployments.states import AWAKE, Status

EVERY_S: Final = 15.0
UNNAMED_S: Final = 30.0  # from when it is first seen: until then its row may not name it yet
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
    """Of one process. now: seconds of a steady clock."""

    def __init__(
        self, backend: E2BBackend, *, every_s: float = EVERY_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._backend, self._every_s, self._now = backend.with_patience(0), every_s, now
        self._is_busy = threading.Lock()
        self._due_at = -every_s
        self._first_seen: dict[str, float] = {}
        self._seen_awake: set[UUID] = set()  # whose rows sleep

    def is_due(self) -> bool:
        return self._now() >= self._due_at

    def look(self) -> int:
        """Once; how many were ended. One look at a time: another one that is asked for meanwhile does nothing."""
        if not self._is_busy.acquire(blocking=False):
            return 0
        try:
            self._due_at = self._now() + self._every_s
            try:
                found = self._backend.list()
            except (SandboxUnavailable, SandboxUnreachable) as error:
                log.warning("the sandboxes at E2B can't be listed", problem=error.message)
                tell(Alive(_seen.at, _seen.sandboxes, error.message))
                return 0
            self._first_seen = {one.ref: self._first_seen.get(one.ref, self._now()) for one in found}
            with db.session_scope(db.WORKER) as session:
                unwanted = [one for one in found if not self._is_wanted(session, one)]
                asleep = _asleep(session)
            self._agree(asleep, {one.ref: one for one in found})
            ended = [one for one in unwanted if self._end(one)]
            tell(Alive(datetime.now(UTC), [one for one in found if one not in ended]))
            return len(ended)
        finally:
            self._is_busy.release()

    def _end(self, one: Found) -> bool:
        log.info("a sandbox at E2B that nothing wants is ended", sandbox=one.ref, labels=dict(one.labels))
        return self._backend.end(one.ref)

    def _is_wanted(self, session: Session, one: Found) -> bool:
        is_new = self._now() - self._first_seen[one.ref] < UNNAMED_S
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

    def _agree(self, asleep: Mapping[UUID, str | None], alive: Mapping[str, Found]) -> None:
        """Rows of live apps that sleep follow: one that was woken up by a visitor, one that is gone.

        Falling asleep takes E2B some seconds: awake is what two looks have found so.
        """
        before, self._seen_awake = self._seen_awake, set()
        for deployment_id, ref in asleep.items():
            if ref is None or ref not in alive:
                to = Status.EXPIRED if ref is None or self._is_gone(ref) else None
            elif alive[ref].is_paused:
                to = None
            else:
                to = Status.STARTING if deployment_id in before else None
                self._seen_awake.add(deployment_id)
            if to is None:
                continue
            same = DeploymentRow.sandbox_ref == ref if ref else DeploymentRow.sandbox_ref.is_(None)
            where = same, DeploymentRow.status == Status.PAUSED
            reason = GONE if to is Status.EXPIRED else None
            with db.session_scope(db.WORKER, write=True) as session:
                states.move(session, deployment_id=deployment_id, to=to, reason=reason, where=where)

    def _is_gone(self, ref: str) -> bool:
        """Of one that no list has: it may be on its way to sleep, or have lost our mark."""
        try:
            self._backend.state(ref)
        except SandboxLost:
            return True
        except (SandboxUnavailable, SandboxUnreachable) as error:
            log.warning("a live app's sandbox can't be asked for", sandbox=ref, problem=error.message)
        return False


def _asleep(session: Session) -> dict[UUID, str | None]:
    """The live apps at E2B that sleep, and their sandboxes."""
    columns = DeploymentRow.id, DeploymentRow.sandbox_ref
    of_e2b = DeploymentRow.backend == "e2b", DeploymentRow.status == Status.PAUSED
    found = session.execute(sa.select(*columns).where(*of_e2b)).all()
    return {one.id: one.sandbox_ref for one in found}


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


def tell(alive: Alive) -> None:
    """Have `seen` say this from now on."""
    global _seen
    _seen = alive
