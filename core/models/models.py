"""The registry of models: asking for a training, and finding what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, defer

from core import db, queue
from core.access import audit, ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.errors import Conflict, NotFound
from core.models import stated
from core.models.errors import (
    NameUnusable,
)
from core.models.fitting.questions import TargetChoices
from core.models.schema import Schema
from core.models.thresholds import Named
from core.models.validation import UNSTATED, Validation
from core.uploads import uploads

KIND = "models.train"
# What a list has no use for, and would spend most of its time on.
SLIM_TASK = tuple(
    contains_eager(ModelRow.task).defer(column, raiseload=True)
    for column in (TaskRow.payload, TaskRow.checkpoint, TaskRow.result, TaskRow.error)
)
MAX_NAME = 80


def request_training(
    session: Session,
    *,
    upload: UploadRow,
    target: str,
    name: str = "",
    choices: TargetChoices | None = None,
    threshold: float | Named | None = None,
    keep: Sequence[str] = (),
    validation: Validation = UNSTATED,
    is_sample: bool = False,
    dedupe_key: str | None = None,
) -> ModelRow:
    """Make a model's row and the task that trains it, in the caller's transaction.

    choices: what is stated of the target; the rest follows from its values. threshold: what the model is to have, if it
    is one of two classes. keep: columns to learn from even if they look like identifiers or give the answer away.
    validation: how it is to be measured. A name that exists gets its next version.
    Raises TargetMissing, TargetOfDates, ColumnsUnknown, SplitUnusable, NameUnusable, ThresholdUnusable, OwnedByAnother,
    NotFound where the upload is gone by now.
    """
    model = new_version(
        session,
        upload=upload,
        target=target,
        name=name,
        keep=keep,
        validation=validation,
        is_sample=is_sample,
    )
    model.task_id = queue.enqueue(
        session,
        kind_name=KIND,
        user_id=model.user_id,
        payload={
            "model_id": str(model.id),
            **stated.payload(choices, threshold=threshold, keep=keep, validation=validation),
        },
        size=upload.n_rows,
        dedupe_key=dedupe_key,
    )
    session.add(model)
    session.flush()
    audit.note(session, "model.trained", subject(model), upload_id=upload.id, target=target)
    return model


def new_version(
    session: Session,
    *,
    upload: UploadRow,
    target: str,
    name: str,
    keep: Sequence[str],
    validation: Validation,
    **values: Any,
) -> ModelRow:
    """The row of a model that is to be trained on an upload, not added yet: it needs a task. values: of other columns.

    Raises what `request_training` raises. Nobody else counts the name's versions before this transaction ends.
    """
    ownership.require_own(session, upload.user_id, resource="upload")
    stated.require_columns(upload, target=target, keep=keep, validation=validation)
    name = tidied(name) or default_name(upload, target=target)
    if len(name) > MAX_NAME or not name.isprintable():
        raise NameUnusable(longest=MAX_NAME)
    owner_id = hold_owner(session)  # nobody else counts the name's versions meanwhile, and the upload stays
    upload = uploads.hold(session, upload_id=upload.id)
    return ModelRow(
        id=uuid4(),
        user_id=owner_id,
        name=name,
        version=next_version(session, name=name),
        target=target,
        upload_id=upload.id,
        data_name=upload.file_name,
        data_sha256=upload.sha256,
        **values,
    )


def hold_owner(session: Session) -> UUID:
    """The user's id; no other transaction of theirs asks for a training before this one ends."""
    owner_id = db.owner(session)
    session.execute(sa.select(UserRow.id).where(UserRow.id == owner_id).with_for_update(key_share=True))
    return owner_id


def tidied(name: str) -> str:
    """A name as it is kept: without blanks around it, and with single ones in it."""
    return " ".join(name.split())


def default_name(upload: UploadRow, *, target: str) -> str:
    """What a model is called that nobody gave a name."""
    return f"{target} from {upload.file_name}"[:MAX_NAME].strip()


def next_version(session: Session, *, name: str) -> int:
    """The version that the user's next model of this name gets, from 1."""
    newest = sa.select(sa.func.max(ModelRow.version)).where(
        ModelRow.user_id == db.owner(session), ModelRow.name == name
    )
    return (session.execute(newest).scalar_one() or 0) + 1


def subject(model: ModelRow) -> audit.Subject:
    """A model as the audit trail names it."""
    return audit.Subject("model", model.id, f"{model.name} v{model.version}")


def get(session: Session, *, model_id: UUID) -> ModelRow:
    """One model with its task; an admin sees others' too. Raises NotFound."""
    this = ModelRow.id == model_id, ownership.seen(session, ModelRow.user_id)
    model = session.execute(_whole().where(*this)).scalar_one_or_none()
    if model is None:
        raise NotFound(resource="model", id=model_id)
    return model


def hold(session: Session, *, model_id: UUID, to_delete: bool = False) -> ModelRow:
    """`get`, and nobody deletes the model before this transaction ends; `to_delete`: but itself.

    Raises NotFound, OwnedByAnother.
    """
    this = sa.select(ModelRow.id).where(ModelRow.id == model_id, ModelRow.user_id == db.owner(session))
    session.execute(this.with_for_update(read=not to_delete, key_share=not to_delete))
    return own(session, model_id=model_id)


def own(session: Session, *, model_id: UUID) -> ModelRow:
    """`get`, for what its owner alone may do. Raises NotFound, OwnedByAnother."""
    model = get(session, model_id=model_id)
    ownership.require_own(session, model.user_id, resource="model")
    return model


def page(
    session: Session,
    *,
    limit: int = 50,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    name: str | None = None,
    upload_id: int | None = None,
    owner: OwnerFilter = ownership.MINE,
) -> Page[ModelRow]:
    """Models, newest first. owner: whose. Raises BadCursor, NotAllowed."""
    rows = sa.select(ModelRow).where(ownership.listed(session, ModelRow.user_id, owner))
    if statuses:
        rows = rows.where(ModelRow.status.in_(statuses))
    if name is not None:
        rows = rows.where(ModelRow.name == name)
    if upload_id is not None:
        rows = rows.where(ModelRow.upload_id == upload_id)
    return newest_first(
        session, rows, created_at=ModelRow.created_at, id=ModelRow.id, limit=limit, cursor=cursor,
        whole=_whole().options(*SLIM_TASK, defer(ModelRow.schema, raiseload=True)),
    )  # fmt: skip


def ready(session: Session) -> Sequence[ModelRow]:
    """Every model that can score, newest first, without its report and its task."""
    rows = sa.select(ModelRow).options(defer(ModelRow.report, raiseload=True))
    rows = rows.where(ModelRow.user_id == db.owner(session), ModelRow.status == "ready")
    return session.execute(rows.order_by(ModelRow.created_at.desc())).scalars().all()


def names(session: Session, *, owner: OwnerFilter = ownership.MINE) -> Sequence[tuple[UUID, UUID, str, int]]:
    """Id, owner, name and version of every model that can score, newest first. owner: whose. Raises NotAllowed."""
    rows = sa.select(ModelRow.id, ModelRow.user_id, ModelRow.name, ModelRow.version).where(
        ownership.listed(session, ModelRow.user_id, owner), ModelRow.status == "ready"
    )
    found = session.execute(rows.order_by(ModelRow.created_at.desc()))
    return [(model_id, user_id, name, version) for model_id, user_id, name, version in found]


def abandoned(session: Session) -> Sequence[UUID]:
    """The user's models that were in training when their worker went, oldest first: they wait like queued ones."""
    return queue.abandoned(session, ModelRow, status="training")


def schema_of(model: ModelRow) -> Schema:
    """What a ready model reads and answers. Raises Conflict for one that is not ready."""
    if model.schema is None:
        raise Conflict(resource="model", state=model.status, asked="used to score")
    return Schema.from_json(model.schema)


def _whole() -> sa.Select[ModelRow]:
    return (
        sa.select(ModelRow)
        .join(TaskRow, ModelRow.task_id == TaskRow.id)
        .options(contains_eager(ModelRow.task))
    )
