"""What a training on its owner's own machine tells the app: that it has begun, is alive, its rows, how it ended.

Every call may come twice, late, or from a copy of its folder. So each row of `training_jobs` is held for the whole of
a call, a batch is known by its number and hash, and `attempt` counts up each time the folder is started: what an
earlier one still tells is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import db, queue
from core.access import audit, ownership
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.training_jobs import TrainingJobRow, TrainingPredictionRow
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from core.errors import Invalid, NotFound
from core.training import states
from core.training.local.errors import Cancelled, Ended, JobIdTaken, OtherToken, Superseded
from core.training.states import LOCAL_TRANSITIONS, Status

LOCAL: Final = "local"
ENDS: Final = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
AGAIN: Final = "It was started again in its folder."
BACK: Final = "It is heard of again."


@dataclass(frozen=True)
class Told:
    """What a training says of itself when it begins. environment: where it runs, and versions. warnings: sentences."""

    model_name: str
    target: str = ""
    attempt: int = 1
    upload_id: int | None = None
    data_name: str | None = None
    data_sha256: str = ""
    code_source: str | None = None
    code_sha256: str | None = None
    environment: Mapping[str, str] | None = None
    warnings: Sequence[str] = ()


def begin(
    session: Session, *, job_id: UUID | None, told: Told, token_id: UUID | None, now: datetime
) -> tuple[TrainingJobRow, bool]:
    """The training, and whether it is new.

    token_id: of a token of the scope `package`: the only one that may tell of it from then on.
    Raises JobIdTaken, OtherToken, Cancelled, Ended, Superseded.
    """
    job = _found(session, job_id) if job_id is not None else None
    if job is None:
        return _made(session, job_id or uuid4(), told, token_id), True
    if job.origin != LOCAL:
        raise JobIdTaken
    if job.token_id != token_id and token_id is not None:
        _require_over(session, job.token_id, now)
        job.token_id = token_id
    require_going_on(job)
    assert job.attempt is not None
    if told.attempt < job.attempt:
        raise Superseded(attempt=told.attempt, newest=job.attempt)
    if told.attempt > job.attempt:
        job.attempt = told.attempt
        session.execute(
            sa.delete(TrainingPredictionRow).where(TrainingPredictionRow.training_job_id == job.id)
        )
        session.flush()
        _move(session, job, Status.TRAINING, message=AGAIN)
    elif job.status == Status.LOST:
        hear(session, job)
    else:
        job.heard_at = now_plus()
    session.flush()
    return job, False


def hold(session: Session, *, job_id: UUID, token_id: UUID | None) -> TrainingJobRow:
    """One's own, as nobody else changes it meanwhile. Raises NotFound, for another token's too, OwnedByAnother."""
    job = _found(session, job_id)
    if job is None:
        seen = TrainingJobRow.id == job_id, ownership.seen(session, TrainingJobRow.user_id)
        if (owner_id := session.execute(sa.select(TrainingJobRow.user_id).where(*seen)).scalar()) is not None:
            ownership.require_own(session, owner_id, resource="training")
    if job is None or job.origin != LOCAL or (token_id is not None and job.token_id != token_id):
        raise NotFound(resource="training", id=job_id)
    return job


def require_begun_by(session: Session, *, job_id: UUID, token_id: UUID) -> None:
    """That one's own training was begun by this token. Raises NotFound."""
    this = TrainingJobRow.id == job_id, TrainingJobRow.user_id == db.owner(session)
    found = sa.select(TrainingJobRow.id).where(*this, TrainingJobRow.token_id == token_id)
    if session.execute(found).first() is None:
        raise NotFound(resource="training", id=job_id)


def require_going_on(job: TrainingJobRow) -> None:
    """Raises Cancelled, Ended."""
    if job.status == Status.CANCELLED:
        raise Cancelled
    if job.status in ENDS:
        raise Ended(status=job.status)


def require_newest(job: TrainingJobRow, attempt: int | None) -> int:
    """The attempt that tells something; the newest where it does not say. Raises Superseded, Invalid."""
    assert job.attempt is not None
    if attempt is None or attempt == job.attempt:
        return job.attempt
    if attempt < job.attempt:
        raise Superseded(attempt=attempt, newest=job.attempt)
    raise Invalid(
        problem=f"Attempt {attempt:,} has not begun.",
        remedy="Call POST /api/training/local/jobs with it first.",
    )


def hear(session: Session, job: TrainingJobRow) -> None:
    """Note that it is alive; from then on it trains."""
    if job.status == Status.TRAINING:
        job.heard_at = now_plus()
        session.flush()
    else:
        _move(session, job, Status.TRAINING, message=BACK if job.status == Status.LOST else "")


def beat(session: Session, *, job_id: UUID, token_id: UUID | None, attempt: int | None) -> None:
    """It is alive. Raises NotFound, Cancelled, Ended, Superseded, Invalid."""
    job = hold(session, job_id=job_id, token_id=token_id)
    require_going_on(job)
    require_newest(job, attempt)
    hear(session, job)


def end(
    session: Session, *, job_id: UUID, token_id: UUID | None, attempt: int | None, status: Status, reason: str
) -> None:
    """It has ended; told again, nothing changes. Raises NotFound, Cancelled, Ended, Superseded, Invalid."""
    job = hold(session, job_id=job_id, token_id=token_id)
    if job.status == status:
        return
    require_going_on(job)
    require_newest(job, attempt)
    hear(session, job)
    why = None if status is Status.SUCCEEDED else _reason(status, reason).to_json()
    _move(session, job, status, reason=why, finished_at=now_plus())
    audit.note(session, "training.ended", _subject(job), status=status.value)


def cancel(session: Session, job: TrainingJobRow) -> bool:
    """Let its machine know with its next call; False where it has ended. The caller has seen that it is one's own."""
    return states.move(
        session, training_job_id=job.id, to=Status.CANCELLED, attempt=job.attempt or 1,
        transitions=LOCAL_TRANSITIONS, reason=None, finished_at=now_plus(),
    )  # fmt: skip


def _reason(status: Status, said: str) -> queue.Reason:
    if status is Status.CANCELLED:
        return queue.Reason(code="cancelled", message=said or "It was stopped on its machine.")
    return queue.Reason(
        code="failed_locally",
        message=said or "It failed on its machine.",
        hint="What it printed stands on that machine. Mend it there, then run train.py again.",
    )


def _found(session: Session, job_id: UUID) -> TrainingJobRow | None:
    this = TrainingJobRow.id == job_id, TrainingJobRow.user_id == db.owner(session)
    return session.execute(sa.select(TrainingJobRow).where(*this).with_for_update()).scalar_one_or_none()


def _made(session: Session, job_id: UUID, told: Told, token_id: UUID | None) -> TrainingJobRow:
    """Raises JobIdTaken."""
    mine = UploadRow.id == told.upload_id, UploadRow.user_id == db.owner(session)
    job = TrainingJobRow(
        id=job_id,
        user_id=db.owner(session),
        upload_id=session.execute(sa.select(UploadRow.id).where(*mine)).scalar_one_or_none(),
        origin=LOCAL,
        name=told.model_name,
        target=told.target,
        data_sha256=told.data_sha256,
        data_name=told.data_name,
        code_source=told.code_source,
        code_sha256=told.code_sha256,
        environment=dict(told.environment or {}),
        warnings=list(told.warnings),
        token_id=token_id,
        attempt=told.attempt,
        heard_at=now_plus(),
    )
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError as error:
        raise JobIdTaken from error
    states.note(session, training_job_id=job.id, state=Status.QUEUED, attempt=told.attempt)
    audit.note(session, "training.begun", _subject(job))
    return job


def _require_over(session: Session, token_id: UUID | None, now: datetime) -> None:
    """That the token by which it reported lets nobody in any more. Raises OtherToken."""
    alive = ApiTokenRow.id == token_id, ApiTokenRow.revoked_at.is_(None), ApiTokenRow.expires_at > now
    if token_id is None or session.execute(sa.select(ApiTokenRow.id).where(*alive)).first() is not None:
        raise OtherToken


def _move(session: Session, job: TrainingJobRow, to: Status, *, message: str = "", **values: Any) -> None:
    """A move that its state allows, as the row is held."""
    moved = states.move(
        session, training_job_id=job.id, to=to, attempt=job.attempt or 1, message=message,
        transitions=LOCAL_TRANSITIONS, heard_at=now_plus(),
        **{"started_at": sa.func.coalesce(TrainingJobRow.started_at, now_plus()), **values},
    )  # fmt: skip
    if not moved:
        raise RuntimeError(f"training {job.id} is {job.status} and can't become {to}")
    session.refresh(job)


def _subject(job: TrainingJobRow) -> audit.Subject:
    return audit.Subject("training", job.id, job.name)
