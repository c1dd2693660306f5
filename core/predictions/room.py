"""What predictions tell the rest of the house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db import DatabaseUnavailable
from core.db.tables.predictions import PredictionRow
from core.predictions import handler, states
from core.room import (
    AuditedAction,
    AuditedResource,
    DeletedWith,
    HandedOver,
    KeptBy,
    KeptFile,
    OwnedFiles,
    PendingWork,
    Room,
)
from core.sandboxes import SandboxDiskFull, SandboxLost
from core.storage import StorageUnavailable


def _is_scored(session: Session, upload_id: int) -> bool:
    pending = PredictionRow.upload_id == upload_id, PredictionRow.status.in_(states.PENDING)
    return session.execute(sa.select(PredictionRow.id).where(*pending).limit(1)).first() is not None


def _hold(session: Session, upload_id: int) -> Sequence[UUID]:
    of_upload = sa.select(PredictionRow.id).where(PredictionRow.upload_id == upload_id)
    return session.execute(of_upload.with_for_update()).scalars().all()


def _delete(session: Session, upload_id: int) -> None:
    session.execute(sa.delete(PredictionRow).where(PredictionRow.upload_id == upload_id))


def _n_made_with(session: Session, model_id: UUID) -> int:
    used = sa.select(sa.func.count()).select_from(PredictionRow).where(PredictionRow.model_id == model_id)
    return session.execute(used).scalar_one()


def _owned(session: Session, keys: Sequence[str]) -> Iterator[str]:
    """A result with what was made of it, and whatever an attempt stores while it goes on."""
    columns = PredictionRow.id, PredictionRow.status, PredictionRow.output_key
    others = [key for key in keys if not OWNED.ids([key])]
    known: sa.ColumnElement[bool] = PredictionRow.id.in_(OWNED.ids(keys))
    if others:  # which no index finds; there are none, unless somebody put them there
        known |= PredictionRow.output_key.in_(others)
    for prediction_id, status, output_key in session.execute(sa.select(*columns).where(known)):
        if status in states.PENDING:
            yield handler.result_folder(prediction_id)
        elif output_key is not None:
            yield output_key


OWNED = OwnedFiles("results/", _owned)

ROOM = Room(
    kinds=(
        queue.Kind(
            name=handler.KIND,
            label="Scoring",
            module=__name__,
            run="core.predictions.work:run",
            follow=states.follow,
            pool=queue.Pool.SCORING,
            output_prefix=handler.output_prefix,
            transient=(StorageUnavailable, DatabaseUnavailable, SandboxLost, SandboxDiskFull),
        ),
    ),
    actions=(
        AuditedAction("prediction.created", "requested"),
        AuditedAction("prediction.by_hand", "started by hand"),
        AuditedAction("prediction.retried", "retried"),
        AuditedAction("prediction.cancelled", "cancelled"),
        AuditedAction("prediction.downloaded", "downloaded the result of"),
        AuditedAction("prediction.deleted", "deleted"),
    ),
    audited=(AuditedResource("prediction", " the prediction of {}", "a prediction"),),
    dependants=(
        PendingWork("upload", "being scored", _is_scored),
        DeletedWith("upload", "prediction", hold=_hold, delete=_delete, prefix=handler.result_folder),
        KeptBy("model", "prediction", _n_made_with),
    ),
    handed_over=(HandedOver("predictions", PredictionRow),),
    kept_files=(
        KeptFile(
            "result",
            sa.select(PredictionRow.output_key)
            .where(PredictionRow.status == states.Status.COMPLETED, PredictionRow.output_key.is_not(None))
            .order_by(PredictionRow.created_at.desc()),
        ),
    ),
    owned_files=(OWNED,),
)
