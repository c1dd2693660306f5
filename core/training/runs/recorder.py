"""What a run writes about itself: stages, lines of the log, points of the curve; all behind its task's fence."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.training_jobs import TrainingJobRow, TrainingLogRow, TrainingMetricRow
from core.db.types import now_plus
from core.errors import counted
from core.sandboxes import SandboxLost
from core.training import states
from core.training.bargain.metric_lines import Point
from core.training.errors import SandboxGoneAgain
from core.training.states import Status

FLUSH_S: Final = 0.5
# Of the log: the first lines as they come, and the last ones once the code has ended.
MOST_FIRST_LINES, MOST_FIRST_CHARS = 4_000, 800_000
MOST_LAST_LINES, MOST_LAST_CHARS = 1_000, 200_000
LONGEST_LINE: Final = 2_000
MOST_WARNINGS: Final = 20
BACK: Final = "The sandbox is reached again."
CUT: Final = "More is printed than is kept. The last lines follow at the end."


class Recorder:
    """Of one attempt. now: seconds of a steady clock. warnings: what was noted of lost contact."""

    def __init__(
        self,
        task: queue.Task,
        *,
        training_job_id: UUID,
        lease_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task, self.training_job_id, self._lease_s, self._now = task, training_job_id, lease_s, now
        self._lines: list[tuple[str, str]] = []
        self._points: list[Point] = []
        self._last: deque[tuple[str, str]] = deque()
        self._notes: deque[str] = deque()
        self.warnings: list[str] = []
        self._unreachable_since: datetime | None = None
        self._away_from: float | None = None
        self._away_s = 0.0
        self._gone_at: str | None = (task.checkpoint or {}).get("gone_at")
        self._n_lines = self._n_chars = self._n_last_chars = self._n_cut = 0
        self._n: int | None = None
        self._flushed_at = now()

    def stage(
        self,
        to: Status,
        *,
        checkpoint: dict[str, Any],
        outcome: str = "",
        write: Callable[[Session], None] | None = None,
        **values: Any,
    ) -> None:
        """Move the job on, and write what was not written yet.

        outcome: of the stage that ends. write: what else belongs into that transaction. Raises LeaseLost.
        """
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session, checkpoint | ({"gone_at": self._gone_at} if self._gone_at else {}))
            self._write(session)
            moved = states.move(
                session,
                training_job_id=self.training_job_id,
                to=to,
                attempt=self._task.attempt,
                outcome=outcome,
                heard_at=now_plus(),
                **values,
            )
            if not moved:
                raise queue.LeaseLost(task_id=self._task.id, attempt=self._task.attempt)
            if write is not None:
                write(session)

    def write(self, write: Callable[[Session], None]) -> None:
        """Have something written in a transaction of this attempt. Raises LeaseLost."""
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session)
            write(session)

    def warn(self, session: Session, sentences: Sequence[str]) -> None:
        """Add to what is to be known before the model is trusted, each sentence once; in a transaction of `write`."""
        this = TrainingJobRow.id == self.training_job_id
        known = session.execute(sa.select(TrainingJobRow.warnings).where(this)).scalar_one()
        told = list(dict.fromkeys([*known, *sentences]))
        session.execute(sa.update(TrainingJobRow).where(this).values(warnings=told))

    def sandbox(self, backend: str, ref: str, *, message: str = "") -> None:
        """Note which sandbox it has. message: an event that says so. Raises LeaseLost."""
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session)
            this = sa.update(TrainingJobRow).where(TrainingJobRow.id == self.training_job_id)
            session.execute(this.values(backend=backend, sandbox_ref=ref, unreachable_since=None))
            if message:
                provisioning, attempt = Status.PROVISIONING, self._task.attempt
                states.note(
                    session,
                    training_job_id=self.training_job_id,
                    state=provisioning,
                    attempt=attempt,
                    message=message,
                )

    def contact(self, since: datetime | None) -> None:
        """Note that its sandbox is out of reach since then, or is reached again; from any thread. Raises LeaseLost."""
        if since == self._unreachable_since:
            return
        self._unreachable_since = since
        if since is None:
            self._away_s, self._away_from = self._away(), None
        elif self._away_from is None:
            self._away_from = self._now()
        sentence = BACK if since is None else f"No contact with the sandbox since {since:%H:%M:%S} UTC."
        self._notes.append(sentence)
        before = self.warnings
        if since is not None:
            self.warnings = [*before, sentence][-MOST_WARNINGS:]
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session)
            this = TrainingJobRow.id == self.training_job_id
            known = session.execute(sa.select(TrainingJobRow.warnings).where(this)).scalar_one()
            told = [*(one for one in known if one not in before), *self.warnings]
            session.execute(
                sa.update(TrainingJobRow).where(this).values(unreachable_since=since, warnings=told)
            )

    def in_contact_s(self) -> float:
        """A steady clock that stands still while the sandbox is out of reach: no limit counts that time."""
        return self._now() - self._away()

    def _away(self) -> float:
        return self._away_s + (0.0 if self._away_from is None else self._now() - self._away_from)

    def once_more(self, lost: SandboxLost) -> None:
        """Begin with provisioning again, as the sandbox is gone: once in a job's life, whichever attempt it is in.

        Raises SandboxGoneAgain the second time, LeaseLost.
        """
        at = f"{datetime.now(UTC):%H:%M:%S}"
        if self._gone_at is not None:
            raise SandboxGoneAgain(before=self._gone_at, at=at) from lost
        self._gone_at = at
        self._points.clear()
        said = f"The sandbox {lost.ref} was gone at {at} UTC. A new one is made, once."
        self._notes.append(said)
        self.warnings = [*self.warnings, said][-MOST_WARNINGS:]

        def write(session: Session) -> None:
            of_job = TrainingMetricRow.training_job_id == self.training_job_id
            session.execute(sa.delete(TrainingMetricRow).where(of_job))
            self.warn(session, self.warnings)

        checkpoint = {"done": Status.GENERATING.value}
        self.stage(
            Status.PROVISIONING, checkpoint=checkpoint, outcome=said, write=write, unreachable_since=None
        )

    @property
    def n_gone(self) -> int:
        """How many sandboxes it has lost."""
        return int(self._gone_at is not None)

    def line(self, source: str, text: str) -> None:
        """One line of the log; written some time later."""
        text = text.replace("\0", "\ufffd")
        if len(text) > LONGEST_LINE:
            text = f"{text[:LONGEST_LINE]}…"
        self._n_lines += 1
        self._n_chars += len(text)
        if self._n_lines <= MOST_FIRST_LINES and self._n_chars <= MOST_FIRST_CHARS:
            self._lines.append((source, text))
            return
        if not self._last:
            self._lines.append(("app", CUT))
        self._last.append((source, text))
        self._n_last_chars += len(text)
        while len(self._last) > MOST_LAST_LINES or self._n_last_chars > MOST_LAST_CHARS:
            self._n_last_chars -= len(self._last.popleft()[1])
            self._n_cut += 1

    def point(self, point: Point) -> None:
        """One point of the curve; written some time later."""
        self._points.append(point)

    def flush_when_due(self) -> None:
        """Write, where the last time is long enough ago. Raises LeaseLost."""
        if self._now() - self._flushed_at > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what was not written yet. Raises LeaseLost."""
        self._flushed_at = self._now()
        if not self._lines and not self._points and not self._notes:
            return
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session)
            self._write(session)
            heard = sa.update(TrainingJobRow).where(TrainingJobRow.id == self.training_job_id)
            session.execute(heard.values(heard_at=now_plus()))

    def close(self, write: Callable[[Session], None] | None = None) -> None:
        """Write all that is left, and in the same transaction what `write` does. Raises LeaseLost."""
        if self._n_cut:
            self._lines.append(("app", f"{counted(self._n_cut, 'line')} cut."))
        self._lines += self._last
        self._last.clear()
        self._n_cut = 0
        with db.session_scope(db.WORKER, write=True) as session:
            self._fence(session)
            self._write(session)
            if write is not None:
                write(session)

    def _fence(self, session: Session, checkpoint: dict[str, Any] | None = None) -> None:
        queue.beat(
            session,
            task_id=self._task.id,
            attempt=self._task.attempt,
            lease_s=self._lease_s,
            checkpoint=checkpoint,
        )

    def _write(self, session: Session) -> None:
        self._take_notes()
        lines, self._lines = self._lines, []
        points, self._points = self._points, []
        if lines:
            self._write_lines(session, lines)
        if points:
            self.write_points(session, points)

    def _take_notes(self) -> None:
        """Add to the log what was noted beside it."""
        while self._notes:
            self._lines.append(("app", self._notes.popleft()))

    def _write_lines(self, session: Session, lines: Sequence[tuple[str, str]]) -> None:
        if self._n is None:  # an attempt's log takes the place of the one before, and counts on
            of_job = TrainingLogRow.training_job_id == self.training_job_id
            last = sa.select(sa.func.coalesce(sa.func.max(TrainingLogRow.n), 0)).where(of_job)
            self._n = session.execute(last).scalar_one()
            session.execute(sa.delete(TrainingLogRow).where(of_job))
        rows = [
            {"training_job_id": self.training_job_id, "n": n, "source": source, "text": text}
            for n, (source, text) in enumerate(lines, start=self._n + 1)
        ]
        self._n += len(rows)
        session.execute(sa.insert(TrainingLogRow), rows)

    def write_points(self, session: Session, points: Sequence[Point]) -> None:
        """Write points of this attempt, in the caller's transaction."""
        rows = [
            {
                "training_job_id": self.training_job_id,
                "attempt": self._task.attempt,
                "name": point.name,
                "split": point.split,
                "step": point.step,
                "value": point.value,
            }
            for point in points
        ]
        session.execute(sa.insert(TrainingMetricRow), rows)
