"""What models tell the rest of the house."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db import DatabaseUnavailable
from core.db.tables.models import ModelRow
from core.models import handler
from core.models.models import KIND
from core.room import (
    AuditedAction,
    AuditedResource,
    HandedOver,
    KeptFile,
    OwnedFiles,
    PendingWork,
    Room,
)
from core.storage import StorageUnavailable


def _is_trained_on(session: Session, upload_id: int) -> bool:
    pending = ModelRow.upload_id == upload_id, ModelRow.status == "training"
    return session.execute(sa.select(ModelRow.id).where(*pending).limit(1)).first() is not None


def _owned(session: Session, keys: Sequence[str]) -> Iterator[str]:
    """The file of a model, and whatever an attempt at its training stores meanwhile."""
    columns = ModelRow.id, ModelRow.status, ModelRow.artifact_key
    known = ModelRow.id.in_(OWNED.ids(keys)) | ModelRow.artifact_key.in_(keys)
    for model_id, status, artifact_key in session.execute(sa.select(*columns).where(known)):
        if status == "training":
            yield handler.folder(model_id)
        elif artifact_key is not None:
            yield artifact_key


OWNED = OwnedFiles("models/", _owned)


def _count_on(session: Session, from_id: UUID, to_id: UUID) -> None:
    """Count the versions of the one user's models on from those of the same name that the other has."""
    newest = sa.select(ModelRow.name, sa.func.max(ModelRow.version)).where(ModelRow.user_id == to_id)
    for name, version in session.execute(newest.group_by(ModelRow.name)).all():
        same = (ModelRow.user_id == from_id, ModelRow.name == name)
        moved = session.execute(sa.select(ModelRow).where(*same).order_by(ModelRow.version.desc())).scalars()
        for model in moved.all():
            model.version += version
            session.flush()  # from the highest down, so that none meets another on its way


ROOM = Room(
    kinds=(
        queue.Kind(
            name=KIND,
            label="Training",
            module=__name__,
            run="core.models.work:run",
            follow=handler.follow,
            pool=queue.Pool.TRAINING,
            output_prefix=handler.output_prefix,
            transient=(StorageUnavailable, DatabaseUnavailable),
        ),
    ),
    actions=(
        AuditedAction("model.trained", "started training"),
        AuditedAction("model.threshold", "changed the threshold of"),
        AuditedAction("model.cancelled", "cancelled the training of"),
        AuditedAction("model.deleted", "deleted"),
    ),
    audited=(AuditedResource("model", " the model {}", "a model"),),
    dependants=(PendingWork("upload", "being trained on", _is_trained_on),),
    handed_over=(HandedOver("models", ModelRow, make_room=_count_on),),
    kept_files=(
        KeptFile(
            "model",
            sa.select(ModelRow.artifact_key)
            .where(ModelRow.status == "ready", ModelRow.artifact_key.is_not(None))
            .order_by(ModelRow.created_at.desc()),
        ),
    ),
    owned_files=(OWNED,),
)
