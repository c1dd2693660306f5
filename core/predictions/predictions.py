"""Predictions: what a user can ask for, from the first click to the deleted file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVarTuple
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, undefer

from core import db, queue
from core.db.pages import Page, in_order, newest_first
from core.db.tables import ModelRow, PredictionRow, TaskRow, UploadRow
from core.db.types import seconds_between
from core.errors import Conflict, NotFound
from core.models import models
from core.predictions import mapping as mappings
from core.predictions import reasons, states
from core.predictions.handler import KIND
from core.predictions.header import require_features
from core.predictions.states import PENDING, RETRIED_FROM, SETTLED, Status
from core.queue.moves import FIRST
from core.uploads import uploads
from core.uploads.dialect import Dialect

Mode = Literal["queued", "sync"]
PACED_ROWS = 20_000  # fewer rows say more of the start than of the pace
Sort = Literal["newest", "oldest", "file", "rows", "took"]


def create(
    session: Session,
    *,
    upload_id: int,
    model_id: UUID,
    mode: Mode = "queued",
    mapping: Mapping[str, str] | None = None,
    with_reasons: bool = False,
) -> PredictionRow:
    """Make a prediction and its task, in the caller's transaction; `sync` is first in line.

    mapping: feature or target → the column of the file to read in its place; kept with the prediction.
    with_reasons: say of each row what moved its answer most.
    Raises NotFound, Conflict for a model that is not ready, BadMapping, FeatureMissing when the file lacks a column,
    ReasonsUnknown for a model that can't give any.
    """
    upload = uploads.hold(session, upload_id=upload_id)
    model = models.hold(session, model_id=model_id)
    columns = [column.name for column in uploads.examination_of(upload).columns]
    schema = models.schema_of(model)
    read_from = mappings.checked(mapping or {}, columns, schema)
    require_features(columns, schema, mapping=read_from)
    options: dict[str, Any] = {mappings.OPTION: read_from} if read_from else {}
    if with_reasons:
        reasons.require_references(schema)
        options[reasons.OPTION] = True
    return add(session, upload=upload, model=model, mode=mode, options=options)


def add(
    session: Session,
    *,
    upload: UploadRow,
    model: ModelRow,
    mode: Mode = "queued",
    options: Mapping[str, Any] = MappingProxyType({}),
) -> PredictionRow:
    """`create` of what is known to fit and is held."""
    prediction = PredictionRow(
        id=uuid4(),
        user_id=db.owner(session),
        upload_id=upload.id,
        model_id=model.id,
        mode=mode,
        options=dict(options),
    )
    prediction.task_id = _enqueue(session, prediction, n_rows=upload.n_rows)
    session.add(prediction)
    session.flush()
    return prediction


def _enqueue(session: Session, prediction: PredictionRow, *, n_rows: int) -> UUID:
    return queue.enqueue(
        session,
        kind_name=KIND,
        user_id=prediction.user_id,
        payload={"prediction_id": str(prediction.id)},
        priority=FIRST if prediction.mode == "sync" else 0,
        total=n_rows,
    )


def get(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """One prediction with its upload, model, task, metrics and receipt. Raises NotFound."""
    rows = _mine(session).where(PredictionRow.id == prediction_id)
    deferred = undefer(PredictionRow.metrics_json), undefer(PredictionRow.receipt)
    found = session.execute(rows.options(*deferred)).scalar_one_or_none()
    if found is None:
        raise NotFound(noun="prediction", id=prediction_id)
    return found


def dialect_of(prediction: PredictionRow, upload: UploadRow) -> Dialect:
    """What a result is written in: the dialect its upload had when it was scored. upload: with its receipt."""
    written_in = (prediction.columns or {}).get("dialect")
    return Dialect.from_json(written_in) if written_in else uploads.examination_of(upload).dialect


def page(
    session: Session,
    *,
    limit: int = 50,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    upload_id: int | None = None,
    model_id: UUID | None = None,
) -> Page[PredictionRow]:
    """The user's predictions, newest first, each with its upload, model and task. Raises BadCursor."""
    rows = _filtered(
        session, sa.select(PredictionRow), statuses=statuses, upload_id=upload_id, model_id=model_id
    )
    return newest_first(
        session, rows, created_at=PredictionRow.created_at, id=PredictionRow.id, limit=limit, cursor=cursor,
        whole=_listed(),
    )  # fmt: skip


def table(
    session: Session,
    *,
    offset: int,
    limit: int,
    sort: Sort = "newest",
    statuses: Sequence[str] = (),
    model_id: UUID | None = None,
    search: str = "",
) -> Sequence[PredictionRow]:
    """A page of results for the eye: filtered, sorted, from `offset` on."""
    ids = _filtered(session, sa.select(PredictionRow.id), statuses=statuses, model_id=model_id, search=search)
    newest = (PredictionRow.created_at.desc(), PredictionRow.id.desc())
    order: dict[Sort, tuple[Any, ...]] = {
        "newest": newest,
        "oldest": (PredictionRow.created_at, PredictionRow.id),
        "file": (sa.func.lower(UploadRow.file_name), *newest),
        "rows": (UploadRow.n_rows.desc(), *newest),
        "took": (_took().desc().nulls_last(), *newest),
    }
    if sort in ("file", "rows"):
        ids = ids.join(UploadRow, PredictionRow.upload_id == UploadRow.id)
    found = session.execute(ids.order_by(*order[sort]).offset(offset).limit(limit)).scalars().all()
    return in_order(session, _listed(), id=PredictionRow.id, ids=found)


def counts(
    session: Session, *, model_id: UUID | None = None, upload_id: int | None = None, search: str = ""
) -> dict[Status, int]:
    """How many of the user's predictions are in each state."""
    rows = _filtered(
        session,
        sa.select(PredictionRow.status, sa.func.count()),
        model_id=model_id,
        upload_id=upload_id,
        search=search,
    )
    found = {Status(status): n for status, n in session.execute(rows.group_by(PredictionRow.status))}
    return {status: found.get(status, 0) for status in Status}


def n_by_model(session: Session) -> dict[UUID, int]:
    """How many predictions the user has made with each model; models without any are absent."""
    rows = (
        sa.select(PredictionRow.model_id, sa.func.count().label("n"))
        .where(PredictionRow.user_id == db.owner(session))
        .group_by(PredictionRow.model_id)
    )
    return {row.model_id: row.n for row in session.execute(rows)}


def scored(session: Session) -> Sequence[tuple[datetime, int]]:
    """When each of the newest 1,000 completed predictions ended and how many rows it scored, oldest first."""
    rows = (
        sa.select(PredictionRow.finished_at, UploadRow.n_rows)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .where(PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED)
        .order_by(PredictionRow.finished_at.desc())
        .limit(1000)
    )
    return [(at, n) for at, n in session.execute(rows) if at is not None][::-1]


def n_rows_scored(session: Session) -> int:
    """The rows of all of the user's completed predictions together."""
    by_upload = (
        sa.select(PredictionRow.upload_id, sa.func.count().label("n"))
        .where(PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED)
        .group_by(PredictionRow.upload_id)
        .subquery()
    )
    total = sa.select(sa.func.coalesce(sa.func.sum(UploadRow.n_rows * by_upload.c.n), 0)).join(
        by_upload, by_upload.c.upload_id == UploadRow.id
    )
    return int(session.execute(total).scalar_one())


def pace(session: Session, *, model_id: UUID, with_reasons: bool = False) -> float | None:
    """Rows a second of the model's newest run, with reasons or without, over at least PACED_ROWS rows; None before
    there is one.
    """
    seconds = PredictionRow.metrics_json["seconds"].as_float()
    gave_reasons = sa.func.coalesce(PredictionRow.options[reasons.OPTION].as_boolean(), sa.false())
    newest = (
        sa.select(UploadRow.n_rows, seconds)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.model_id == model_id,
            PredictionRow.status == Status.COMPLETED,
            UploadRow.n_rows >= PACED_ROWS,
            gave_reasons == sa.literal(with_reasons),
            seconds > 0,
        )
        .order_by(PredictionRow.finished_at.desc())
        .limit(1)
    )
    found = session.execute(newest).one_or_none()
    return found[0] / found[1] if found else None


def hurry(session: Session, *, prediction_id: UUID) -> UUID:
    """Put a queued prediction first in line, to be done by hand; returns its task.

    Raises NotFound, Conflict when it is not QUEUED.
    """
    prediction = get(session, prediction_id=prediction_id)
    if prediction.status != Status.QUEUED:
        raise Conflict(noun="prediction", state=prediction.status, asked="processed by hand")
    queue.hurry(session, task_id=prediction.task_id)
    return prediction.task_id


def cancel(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """Cancel at once while it waits, else as soon as the worker sees it; as it is then.

    Raises NotFound, Conflict.
    """
    prediction = get(session, prediction_id=prediction_id)
    if prediction.status not in PENDING:
        raise Conflict(noun="prediction", state=prediction.status, asked="cancelled")
    queue.cancel(session, task_id=prediction.task_id)
    session.refresh(prediction)
    return prediction


def retry(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """Queue a FAILED or CANCELLED prediction once more, as a new task. Raises NotFound, Conflict."""
    status = _locked(session, prediction_id=prediction_id)
    if status not in RETRIED_FROM:
        raise Conflict(noun="prediction", state=status, asked="tried again")
    prediction = get(session, prediction_id=prediction_id)
    task_id = _enqueue(session, prediction, n_rows=prediction.upload.n_rows)
    moved = states.move(
        session,
        PredictionRow.id == prediction_id,
        PredictionRow.status.in_(RETRIED_FROM),
        to=Status.QUEUED,
        task_id=task_id,
        error_message=None,
        error_hint=None,
        started_at=None,
        finished_at=None,
    )
    assert moved, "the row is locked, so its status is still what was just read"
    session.expire(prediction)
    return get(session, prediction_id=prediction_id)


def delete(session: Session, *, prediction_id: UUID) -> Sequence[str]:
    """Delete a settled prediction; returns the storage prefixes to remove once committed.

    Raises NotFound, Conflict while it is pending.
    """
    status = _locked(session, prediction_id=prediction_id)
    if status not in SETTLED:
        raise Conflict(noun="prediction", state=status, asked="deleted before it ends or is cancelled")
    session.execute(sa.delete(PredictionRow).where(PredictionRow.id == prediction_id))
    return [f"results/{prediction_id}/"]


def _locked(session: Session, *, prediction_id: UUID) -> Status:
    """The prediction's status, which nobody else changes before this transaction ends. Raises NotFound."""
    this = sa.select(PredictionRow.status).where(
        PredictionRow.id == prediction_id, PredictionRow.user_id == db.owner(session)
    )
    status = session.execute(this.with_for_update()).scalar_one_or_none()
    if status is None:
        raise NotFound(noun="prediction", id=prediction_id)
    return Status(status)


def _mine(session: Session) -> sa.Select[PredictionRow]:
    return _whole().where(PredictionRow.user_id == db.owner(session))


def _whole() -> sa.Select[PredictionRow]:
    return (
        sa.select(PredictionRow)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .join(ModelRow, PredictionRow.model_id == ModelRow.id)
        .join(TaskRow, PredictionRow.task_id == TaskRow.id)
        .options(
            contains_eager(PredictionRow.upload),
            contains_eager(PredictionRow.model),
            contains_eager(PredictionRow.task),
        )
    )


def _listed() -> sa.Select[PredictionRow]:
    """`_whole` without what a list has no use for, and would spend most of its time on."""
    model, task = contains_eager(PredictionRow.model), contains_eager(PredictionRow.task)
    of_model = (ModelRow.schema, ModelRow.report, ModelRow.error)
    of_task = (TaskRow.payload, TaskRow.checkpoint, TaskRow.result, TaskRow.error)
    return _whole().options(
        *(model.defer(column, raiseload=True) for column in of_model),
        *(task.defer(column, raiseload=True) for column in of_task),
    )


Columns = TypeVarTuple("Columns")


def _filtered(
    session: Session,
    rows: sa.Select[*Columns],
    *,
    statuses: Sequence[str] = (),
    upload_id: int | None = None,
    model_id: UUID | None = None,
    search: str = "",
) -> sa.Select[*Columns]:
    """Those of the user that are all this, by columns of predictions alone, as their indexes hold them."""
    rows = rows.where(PredictionRow.user_id == db.owner(session))
    if statuses:
        rows = rows.where(PredictionRow.status.in_(statuses))
    if upload_id is not None:
        rows = rows.where(PredictionRow.upload_id == upload_id)
    if model_id is not None:
        rows = rows.where(PredictionRow.model_id == model_id)
    if search:
        found = sa.select(UploadRow.id).where(
            UploadRow.user_id == db.owner(session), UploadRow.file_name.icontains(search, autoescape=True)
        )
        rows = rows.where(PredictionRow.upload_id.in_(found))
    return rows


def _took() -> sa.ColumnElement[Any]:
    """Seconds that a settled prediction took."""
    return seconds_between(PredictionRow.started_at, PredictionRow.finished_at)
