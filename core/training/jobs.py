"""Trainings: what a user can ask for, from Trigger to retry, and what is there to be seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import db, queue
from core.access import audit, ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.messages import MessageRow
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.models import models, stated
from core.models.fitting.questions import TargetChoices
from core.models.thresholds import Named
from core.models.validation import UNSTATED, Validation
from core.training import states
from core.training.errors import GoalUnusable, TooManyTrainings
from core.training.follow import KIND
from core.training.local import reports
from core.training.local.reports import LOCAL
from core.training.sources import addresses
from core.training.states import PENDING, RETRIED_FROM, Status
from core.uploads import uploads

MAX_GOAL: Final = 4_000


@dataclass(frozen=True)
class Wanted:
    """What a model is to learn. choices: what is stated of the target. keep: columns that stay. threshold: what the
    model is to have, if it is one of two classes. validation: what is known of the rows.

    resources: addresses of web pages that its code should know of. shares_values: whether Claude, who writes it, may
    be told values of the file beside the names, kinds and counts of its columns.
    """

    target: str
    name: str = ""
    goal: str = ""
    choices: TargetChoices = field(default_factory=TargetChoices)
    keep: tuple[str, ...] = ()
    threshold: float | Named | None = None
    validation: Validation = UNSTATED
    resources: tuple[str, ...] = ()
    shares_values: bool = False


def trigger(
    session: Session, *, upload: UploadRow, wanted: Wanted, most_waiting: int, app_url: str = ""
) -> TrainingJobRow:
    """Make model version, job and task, in the caller's transaction. app_url: by which people reach this app.

    Where the very same training of the user waits or runs, that is the answer: a click may come twice. Raises
    TooManyTrainings, GoalUnusable, TooManyResources, ResourceRefused, and what `models.new_version` raises.
    """
    goal = tidied_goal(wanted.goal)
    wanted = replace(wanted, resources=addresses.tidied(wanted.resources, app_url=app_url))
    models.hold_owner(session)
    pending = _pending(session)
    asked = (upload.id, wanted.target, models.tidied(wanted.name), goal)
    default = models.default_name(upload, target=wanted.target)
    wanted_now = _stated(wanted)
    for job in pending:
        known = (job.upload_id, job.target, "" if job.name == default else job.name, job.goal)
        same = stated.of_payload(_task(job).payload) == wanted_now
        same = same and (tuple(job.resources), job.shares_values) == (wanted.resources, wanted.shares_values)
        if same and known in (asked, (*asked[:2], "" if asked[2] == default else asked[2], goal)):
            return job
    _require_room(pending, most_waiting)
    job = _made(session, upload=upload, wanted=wanted, goal=goal)
    audit.note(
        session,
        "training.triggered",
        subject(job),
        upload_id=upload.id,
        target=job.target,
        n_pages=len(job.resources),
        shares_values=job.shares_values,
    )
    return get(session, training_job_id=job.id)


def retry(session: Session, *, training_job_id: UUID, most_waiting: int) -> TrainingJobRow:
    """A new job and model version with the same inputs and code.

    Raises NotFound, OwnedByAnother, Conflict where it has not ended or its upload is gone, TooManyTrainings.
    """
    before = own(session, training_job_id=training_job_id)
    if before.origin == LOCAL:
        raise Conflict(resource="training", state="one on your own machine", asked="retried here")
    if before.status not in RETRIED_FROM:
        raise Conflict(resource="training", state=before.status, asked="retried")
    if before.upload_id is None:
        raise Conflict(resource="training", state="without its upload, which was deleted", asked="retried")
    models.hold_owner(session)
    pending = _pending(session)
    if again := next((job for job in pending if job.retry_of == before.id), None):
        return again
    _require_room(pending, most_waiting)
    payload = _task(before).payload
    wanted = Wanted(
        target=before.target,
        name=before.name,
        goal=before.goal,
        choices=TargetChoices.from_json(payload),
        keep=tuple(payload["keep"]),
        threshold=payload.get("threshold"),
        validation=stated.validation_of(payload),
        resources=tuple(before.resources),
        shares_values=before.shares_values,
    )
    upload = uploads.get(session, upload_id=before.upload_id)
    job = _made(session, upload=upload, wanted=wanted, goal=before.goal, before=before)
    audit.note(session, "training.retried", subject(job), retry_of=str(before.id))
    return get(session, training_job_id=job.id)


def cancel(session: Session, *, training_job_id: UUID) -> TrainingJobRow:
    """At once while nobody runs it, else as soon as its worker sees it; one on its owner's machine with its next call.

    Raises NotFound, OwnedByAnother, Conflict.
    """
    job = own(session, training_job_id=training_job_id)
    if job.origin == LOCAL:
        if not reports.cancel(session, job):
            raise Conflict(resource="training", state=job.status, asked="cancelled")
    elif job.status not in PENDING:
        raise Conflict(resource="training", state=job.status, asked="cancelled")
    else:
        queue.cancel(session, task_id=_task(job).id)
    audit.note(session, "training.cancelled", subject(job))
    session.expire(job)
    return get(session, training_job_id=training_job_id)


def prioritize(session: Session, *, training_job_id: UUID) -> UUID:
    """Put a training first in line; returns its task. Raises NotFound, OwnedByAnother."""
    job = own(session, training_job_id=training_job_id)
    task_id = _task(job).id
    queue.prioritize(session, task_id=task_id)
    return task_id


def get(session: Session, *, training_job_id: UUID) -> TrainingJobRow:
    """One training with its model and task; an admin sees others' too. Raises NotFound."""
    this = TrainingJobRow.id == training_job_id, ownership.seen(session, TrainingJobRow.user_id)
    found = session.execute(whole().where(*this)).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="training", id=training_job_id)
    return found


def own(session: Session, *, training_job_id: UUID) -> TrainingJobRow:
    """`get`, for what its owner alone may do. Raises NotFound, OwnedByAnother."""
    found = get(session, training_job_id=training_job_id)
    ownership.require_own(session, found.user_id, resource="training")
    return found


def of_model(session: Session, *, model_id: UUID) -> TrainingJobRow | None:
    """The training of a model that may be seen; None for one of the built-in recipes."""
    this = TrainingJobRow.model_id == model_id, ownership.seen(session, TrainingJobRow.user_id)
    return session.execute(whole().where(*this)).scalar_one_or_none()


def page(
    session: Session,
    *,
    statuses: Sequence[str] = (),
    origin: str | None = None,
    owner: OwnerFilter = ownership.MINE,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[TrainingJobRow]:
    """Trainings, newest first. origin: None for all. Raises BadCursor, NotAllowed."""
    rows = sa.select(TrainingJobRow).where(ownership.listed(session, TrainingJobRow.user_id, owner))
    if statuses:
        rows = rows.where(TrainingJobRow.status.in_(statuses))
    if origin is not None:
        rows = rows.where(TrainingJobRow.origin == origin)
    return newest_first(
        session, rows, created_at=TrainingJobRow.created_at, id=TrainingJobRow.id, limit=limit, cursor=cursor,
        whole=whole(),
    )  # fmt: skip


def whole() -> sa.Select[TrainingJobRow]:
    """Every training, joined with its model and task where it has them."""
    return (
        sa.select(TrainingJobRow)
        .outerjoin(ModelRow, TrainingJobRow.model_id == ModelRow.id)
        .outerjoin(TaskRow, TrainingJobRow.task_id == TaskRow.id)
        .options(contains_eager(TrainingJobRow.model), contains_eager(TrainingJobRow.task))
    )


def subject(job: TrainingJobRow) -> audit.Subject:
    """A training, as the audit trail names it."""
    return audit.Subject("training", job.id, job.name)


def tidied_goal(goal: str) -> str:
    """A goal as it is kept. Raises GoalUnusable for one that is too long or holds control characters."""
    goal = goal.replace("\r\n", "\n").strip()
    if len(goal) > MAX_GOAL:
        raise GoalUnusable(problem=f"has {len(goal):,} characters, and {MAX_GOAL:,} at most are read")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in goal):
        raise GoalUnusable(problem="holds control characters")
    return goal


def _pending(session: Session) -> Sequence[TrainingJobRow]:
    """The user's trainings that wait or run here."""
    is_mine = TrainingJobRow.user_id == db.owner(session), TrainingJobRow.origin != LOCAL
    mine = *is_mine, TrainingJobRow.status.in_(PENDING)
    return session.execute(whole().where(*mine)).scalars().all()


def _task(job: TrainingJobRow) -> TaskRow:
    """Of one that runs here."""
    assert job.task is not None, job.id
    return job.task


def _require_room(pending: Sequence[TrainingJobRow], most_waiting: int) -> None:
    n_waiting = sum(job.status == Status.QUEUED for job in pending)
    if n_waiting >= most_waiting:
        raise TooManyTrainings(n_waiting=n_waiting)


def _made(
    session: Session, *, upload: UploadRow, wanted: Wanted, goal: str, before: TrainingJobRow | None = None
) -> TrainingJobRow:
    """Model, task, job, first event and what was asked. before: the job that this is to repeat."""
    model = models.new_version(
        session,
        upload=upload,
        target=wanted.target,
        name=wanted.name,
        keep=wanted.keep,
        validation=wanted.validation,
        origin="sandbox",
        format="bytes",
    )
    training_job_id = uuid4()
    payload = {"training_job_id": str(training_job_id), "model_id": str(model.id), **_stated(wanted)}
    model.task_id = queue.enqueue(
        session, kind_name=KIND, user_id=model.user_id, payload=payload, size=upload.n_rows
    )
    session.add(model)
    session.flush()
    job = TrainingJobRow(
        id=training_job_id,
        user_id=model.user_id,
        model_id=model.id,
        task_id=model.task_id,
        upload_id=upload.id,
        name=model.name,
        goal=goal,
        target=model.target,
        data_sha256=upload.sha256,
        resources=list(wanted.resources),
        shares_values=wanted.shares_values,
    )
    if before is not None:
        job.retry_of = before.id
        job.code, job.predict_code, job.code_source, job.code_sha256 = _code(session, before.id)
    session.add(job)
    session.flush()
    states.note(session, training_job_id=job.id, state=Status.QUEUED, attempt=0)
    if goal:
        session.add(MessageRow(chat_id=model.id, user_id=model.user_id, role="user", content=goal))
        session.flush()
    return job


def _stated(wanted: Wanted) -> dict[str, Any]:
    return stated.payload(
        wanted.choices, threshold=wanted.threshold, keep=wanted.keep, validation=wanted.validation
    )


def _code(session: Session, training_job_id: UUID) -> tuple[str | None, ...]:
    """train.py, predict.py, their author and the hash of train.py."""
    row = TrainingJobRow
    columns = sa.select(row.code, row.predict_code, row.code_source, row.code_sha256)
    return tuple(session.execute(columns.where(row.id == training_job_id)).one())
