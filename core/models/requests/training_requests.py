"""What people ask to be trained: each training once, however often they ask, and not more than may wait."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.models import models, stated
from core.models.errors import TooManyWaiting
from core.models.fitting.questions import TargetChoices
from core.models.thresholds import Named
from core.models.validation import UNSTATED, Validation
from core.queue import TaskState


def request(
    session: Session,
    *,
    most_waiting: int,
    upload: UploadRow,
    target: str,
    name: str = "",
    choices: TargetChoices | None = None,
    threshold: float | Named | None = None,
    keep: Sequence[str] = (),
    validation: Validation = UNSTATED,
) -> ModelRow:
    """`models.request_training`; where the very same one waits for a worker already, that is the answer.

    Raises TooManyWaiting where `most_waiting` of the user's trainings wait, and what `request_training` raises.
    """
    owner_id = models.hold_owner(session)
    is_waiting = TaskRow.user_id == owner_id, TaskRow.kind == models.KIND, TaskRow.state == TaskState.QUEUED
    waiting = sa.select(ModelRow).join(ModelRow.task).where(*is_waiting)
    found = session.scalars(waiting.options(contains_eager(ModelRow.task))).all()
    asked = upload.id, target, models.tidied(name) or models.default_name(upload, target=target)
    wanted = stated.payload(choices, threshold=threshold, keep=keep, validation=validation)
    for model in found:
        is_same = (model.upload_id, model.target, model.name) == asked
        if is_same and stated.of_payload(model.task.payload) == wanted:
            return model
    if len(found) >= most_waiting:
        raise TooManyWaiting(n_waiting=len(found))
    return models.request_training(
        session,
        upload=upload,
        target=target,
        name=name,
        choices=choices,
        threshold=threshold,
        keep=keep,
        validation=validation,
    )
