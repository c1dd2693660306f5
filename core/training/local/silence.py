"""Trainings on their owner's own machine that nobody has heard of for long."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from core import db
from core.db.tables.training_jobs import TrainingJobRow
from core.db.types import is_ahead, now_plus
from core.training import states
from core.training.local.reports import LOCAL
from core.training.states import LOCAL_TRANSITIONS, Status

LOST_AFTER_S: Final = 86_400.0
MESSAGE: Final = "Its machine was silent for a day. It goes on here as soon as it is heard of."


def note_lost() -> None:
    """As a worker: give up those that were silent for a day, by the database's clock. Raises DatabaseUnavailable.

    One heard of in the future, as a clock that was set back leaves it, counts as silent: it may come back.
    """
    silent = sa.or_(TrainingJobRow.heard_at < now_plus(-LOST_AFTER_S), is_ahead(TrainingJobRow.heard_at))
    pending = TrainingJobRow.status.in_((Status.QUEUED, Status.TRAINING)), TrainingJobRow.origin == LOCAL
    found = sa.select(TrainingJobRow.id, TrainingJobRow.attempt).where(*pending, silent)
    with db.session_scope(db.WORKER) as session:
        lost = session.execute(found).all()
    for training_job_id, attempt in lost:
        with db.session_scope(db.WORKER, write=True) as session:
            still = sa.select(TrainingJobRow.id).where(TrainingJobRow.id == training_job_id, *pending, silent)
            if session.execute(still.with_for_update()).first() is not None:
                states.move(
                    session, training_job_id=training_job_id, to=Status.LOST, attempt=attempt or 1,
                    message=MESSAGE, transitions=LOCAL_TRANSITIONS,
                )  # fmt: skip
