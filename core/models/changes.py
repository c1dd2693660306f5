"""What an owner does to a model that is there: its training first in line or cancelled, its threshold, its end."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, dependants, queue
from core.access import audit
from core.db.tables.models import ModelRow
from core.errors import Clash, Conflict
from core.models import handler, models, thresholds
from core.models.errors import ThresholdUnusable
from core.models.thresholds import Named


class ModelInUse(Clash):
    """Something was made with the model, such as predictions, and a result must stay explainable."""

    code = "model_in_use"
    message = "{name} has {dependants}, so it can't be deleted."
    hint = "Delete those first."
    name: str
    dependants: str


class TrainingEnded(Conflict):
    """There is no training left to cancel."""

    message = "The training of {name} has ended."
    hint = "Reload to see the result. You can delete a model that you don't need."
    resource: str = "training"
    state: str = "ended"
    asked: str = "cancelled"
    name: str


def delete(session: Session, *, model_id: UUID) -> Sequence[str]:
    """Delete a model; returns the storage prefixes to remove once committed.

    Raises NotFound, OwnedByAnother, Conflict while it trains, ModelInUse.
    """
    model = models.hold(session, model_id=model_id, to_delete=True)
    if model.status == "training":
        raise Conflict(resource="model", state="in training", asked="deleted until that ends or is cancelled")
    if kept_by := dependants.kept_by(session, on="model", resource_id=model_id):
        raise ModelInUse(name=f"{model.name} v{model.version}", dependants=kept_by)
    session.delete(model)
    audit.note(session, "model.deleted", models.subject(model))
    session.flush()
    return [handler.folder(model_id)]


def cancel_training(session: Session, *, model_id: UUID) -> None:
    """Stop a training. Raises NotFound, OwnedByAnother, Conflict when it has ended."""
    model = models.hold(session, model_id=model_id)
    if model.status != "training":
        raise TrainingEnded(name=f"{model.name} v{model.version}")
    queue.cancel(session, task_id=model.task_id)
    audit.note(session, "model.cancelled", models.subject(model))


def set_threshold(session: Session, *, model_id: UUID, wanted: float | Named) -> ModelRow:
    """Give a ready model another threshold, for predictions that are asked for from now on.

    Raises NotFound, OwnedByAnother, Conflict for a model that is not ready, ThresholdUnusable.
    """
    this = sa.select(ModelRow.id).where(ModelRow.id == model_id, ModelRow.user_id == db.owner(session))
    session.execute(this.with_for_update(key_share=True))  # so that each change knows the one before it
    model = models.own(session, model_id=model_id)
    if models.schema_of(model).positive_label is None:
        raise ThresholdUnusable(problem=f"{model.name} v{model.version} has no two classes")
    before = thresholds.of_model(model)
    now, rule = thresholds.settled(wanted, thresholds.known(model.report))
    model.threshold, model.threshold_rule = now, rule
    session.flush()
    audit.note(session, "model.threshold", models.subject(model), before=before, threshold=now, rule=rule)
    return model


def prioritize(session: Session, *, model_id: UUID) -> UUID:
    """Put a training first in line; returns its task. Raises NotFound, OwnedByAnother."""
    model = models.own(session, model_id=model_id)
    queue.prioritize(session, task_id=model.task_id)
    return model.task_id
