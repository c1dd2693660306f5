"""Predictions: what a user can ask for, from the first click to the deleted file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core import db, queue
from core.access import audit, ownership
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.models import models, readings
from core.predictions import cutting, listing, states
from core.predictions.handler import KIND, result_folder
from core.predictions.matching import mapping as mappings
from core.predictions.matching import reading
from core.predictions.matching.header import require_features
from core.predictions.scoring.pipeline import reasons
from core.predictions.states import PENDING, RETRIED_FROM, SETTLED, Status
from core.queue.turns import FIRST
from core.uploads import uploads
from core.uploads.csv.dialect import Dialect

Mode = Literal["queued", "sync"]


def create(
    session: Session,
    *,
    upload_id: int,
    model_id: UUID,
    mode: Mode = "queued",
    mapping: Mapping[str, str] | None = None,
    with_reasons: bool = False,
    choices: Mapping[str, str] | None = None,
    threshold: float | None = None,
) -> PredictionRow:
    """Make a prediction and its task, in the caller's transaction; `sync` is first in line.

    mapping: feature or target → the column of the file to read in its place; kept with the prediction.
    with_reasons: say of each row what moved its answer most. choices: for columns that can be read in two ways, as
    `reading.of` takes them; kept likewise, those of which nothing is asked left out. threshold: the probability from
    which on rows count as the positive outcome; None for the model's of now.
    Raises NotFound, Conflict for a model that is not ready, BadMapping, FeatureMissing when the file lacks a column,
    ReasonsUnknown for a model that can't give any, ThresholdUnusable.
    """
    upload = uploads.hold(session, upload_id=upload_id)
    model = models.hold(session, model_id=model_id)
    found = uploads.examination_of(upload)
    columns = [column.name for column in found.columns]
    schema = readings.schema_of(session, model)
    read_from = mappings.checked(mapping or {}, columns, schema)
    require_features(columns, schema, mapping=read_from)
    options: dict[str, Any] = {mappings.OPTION: read_from} if read_from else {}
    options |= cutting.option(model, schema, threshold)
    if choices and (kept := reading.of(found, schema, mapping=read_from, choices=choices).choices):
        options[reading.OPTION] = kept
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
        file_order=upload.file_name.casefold(),
        n_rows=upload.n_rows,
    )
    prediction.task_id = _enqueue(session, prediction, n_rows=upload.n_rows)
    session.add(prediction)
    session.flush()
    named = audit.Subject("prediction", prediction.id, upload.file_name)
    audit.note(session, "prediction.created", named, model=f"{model.name} v{model.version}", mode=mode)
    return prediction


def subject(prediction: PredictionRow) -> audit.Subject:
    """A prediction, loaded with its upload, as the audit trail names it."""
    return audit.Subject("prediction", prediction.id, prediction.upload.file_name)


def _enqueue(session: Session, prediction: PredictionRow, *, n_rows: int) -> UUID:
    return queue.enqueue(
        session,
        kind_name=KIND,
        user_id=prediction.user_id,
        payload={"prediction_id": str(prediction.id)},
        priority=FIRST if prediction.mode == "sync" else 0,
        size=n_rows,
        total=n_rows,
    )


def get(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """One prediction with its upload, model, task, metrics and receipt; an admin sees others' too. Raises NotFound."""
    rows = listing.whole().where(
        PredictionRow.id == prediction_id, ownership.seen(session, PredictionRow.user_id)
    )
    deferred = undefer(PredictionRow.metrics_json), undefer(PredictionRow.receipt)
    found = session.execute(rows.options(*deferred)).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="prediction", id=prediction_id)
    return found


def dialect_of(prediction: PredictionRow, upload: UploadRow) -> Dialect:
    """What a result is written in: the dialect its upload had when it was scored. upload: with its receipt."""
    written_in = (prediction.columns or {}).get("dialect")
    return (
        Dialect.from_json(written_in) if written_in else uploads.examination_of(upload).dialect.of_results()
    )


def prioritize(session: Session, *, prediction_id: UUID) -> UUID:
    """Put a prediction that waits first in line, to be done by hand; returns its task.

    Raises NotFound, OwnedByAnother, Conflict when it is not QUEUED, nor was left PROCESSING by a worker that is gone.
    """
    prediction = own(session, prediction_id=prediction_id)
    if queue.claimable_kind(session, task_id=prediction.task_id) is None:
        raise Conflict(resource="prediction", state=prediction.status, asked="started by hand")
    queue.prioritize(session, task_id=prediction.task_id)
    audit.note(session, "prediction.by_hand", subject(prediction))
    return prediction.task_id


def cancel(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """Cancel at once while it waits, else as soon as the worker sees it; as it is then.

    Raises NotFound, OwnedByAnother, Conflict.
    """
    prediction = own(session, prediction_id=prediction_id)
    if prediction.status not in PENDING:
        raise Conflict(resource="prediction", state=prediction.status, asked="cancelled")
    queue.cancel(session, task_id=prediction.task_id)
    audit.note(session, "prediction.cancelled", subject(prediction))
    session.refresh(prediction)
    return prediction


def retry(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """Queue a FAILED or CANCELLED prediction once more, as a new task.

    Raises NotFound, OwnedByAnother, Conflict.
    """
    status = _locked(session, prediction_id=prediction_id)
    if status not in RETRIED_FROM:
        raise Conflict(resource="prediction", state=status, asked="retried")
    prediction = get(session, prediction_id=prediction_id)
    task_id = _enqueue(session, prediction, n_rows=prediction.upload.n_rows)
    moved = states.move(
        session,
        PredictionRow.id == prediction_id,
        PredictionRow.status.in_(RETRIED_FROM),
        to=Status.QUEUED,
        task_id=task_id,
        n_rows=prediction.upload.n_rows,
        error_message=None,
        error_hint=None,
        started_at=None,
        finished_at=None,
        took_s=0.0,
    )
    assert moved, "the row is locked, so its status is still what was just read"
    audit.note(session, "prediction.retried", subject(prediction))
    session.expire(prediction)
    return get(session, prediction_id=prediction_id)


def delete(session: Session, *, prediction_id: UUID) -> Sequence[str]:
    """Delete a settled prediction; returns the storage prefixes to remove once committed.

    Raises NotFound, OwnedByAnother, Conflict while it is pending.
    """
    status = _locked(session, prediction_id=prediction_id)
    if status not in SETTLED:
        raise Conflict(resource="prediction", state=status, asked="deleted until it ends or is cancelled")
    audit.note(session, "prediction.deleted", subject(get(session, prediction_id=prediction_id)))
    session.execute(sa.delete(PredictionRow).where(PredictionRow.id == prediction_id))
    return [result_folder(prediction_id)]


def own(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """`get`, for what its owner alone may do. Raises NotFound, OwnedByAnother."""
    prediction = get(session, prediction_id=prediction_id)
    ownership.require_own(session, prediction.user_id, resource="prediction")
    return prediction


def _locked(session: Session, *, prediction_id: UUID) -> Status:
    """The prediction's status, which nobody else changes before this transaction ends.

    Raises NotFound, OwnedByAnother.
    """
    this = sa.select(PredictionRow.status).where(
        PredictionRow.id == prediction_id, PredictionRow.user_id == db.owner(session)
    )
    status = session.execute(this.with_for_update()).scalar_one_or_none()
    if status is None:
        own(session, prediction_id=prediction_id)  # says whether it is gone or another's
        raise NotFound(resource="prediction", id=prediction_id)
    return Status(status)
