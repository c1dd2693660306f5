"""What is written about a training: events, log, curve, held-out rows. The caller has seen the job itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import (
    TrainingEventRow,
    TrainingJobRow,
    TrainingLogRow,
    TrainingMetricRow,
    TrainingPageRow,
    TrainingPredictionRow,
)
from core.training.bargain.metric_lines import OWN_SPLITS


def events(session: Session, *, training_job_id: UUID) -> Sequence[TrainingEventRow]:
    """Its moves from state to state, oldest first."""
    rows = sa.select(TrainingEventRow).where(TrainingEventRow.training_job_id == training_job_id)
    return session.execute(rows.order_by(TrainingEventRow.n)).scalars().all()


def lines(
    session: Session, *, training_job_id: UUID, after: int = 0, limit: int = 1_000
) -> Sequence[TrainingLogRow]:
    """The log behind the line `after`, oldest first."""
    this = TrainingLogRow.training_job_id == training_job_id, TrainingLogRow.n > after
    rows = sa.select(TrainingLogRow).where(*this).order_by(TrainingLogRow.n)
    return session.execute(rows.limit(limit)).scalars().all()


def last_lines(session: Session, *, training_job_id: UUID, n: int) -> Sequence[TrainingLogRow]:
    """The last n lines of the log, oldest first."""
    rows = sa.select(TrainingLogRow).where(TrainingLogRow.training_job_id == training_job_id)
    return session.execute(rows.order_by(TrainingLogRow.n.desc()).limit(n)).scalars().all()[::-1]


def curve(session: Session, *, training_job_id: UUID) -> Sequence[TrainingMetricRow]:
    """What the code of the last attempt reported of itself, in the order of steps."""
    return _metrics(session, training_job_id, TrainingMetricRow.split.not_in(OWN_SPLITS))


def headline(session: Session, *, training_job_id: UUID) -> Sequence[TrainingMetricRow]:
    """What the app measured on the held-out rows, and the baseline's."""
    return _metrics(session, training_job_id, TrainingMetricRow.split.in_(OWN_SPLITS))


def _metrics(
    session: Session, training_job_id: UUID, which: sa.ColumnElement[bool]
) -> Sequence[TrainingMetricRow]:
    of_job = TrainingMetricRow.training_job_id == training_job_id
    last = sa.select(sa.func.max(TrainingMetricRow.attempt)).where(of_job).scalar_subquery()
    rows = sa.select(TrainingMetricRow).where(of_job, which, TrainingMetricRow.attempt == last)
    ordered = rows.order_by(TrainingMetricRow.name, TrainingMetricRow.split, TrainingMetricRow.step)
    return session.execute(ordered).scalars().all()


def predictions(
    session: Session, *, training_job_id: UUID, after: int = 0, limit: int = 1_000
) -> Sequence[TrainingPredictionRow]:
    """The held-out rows behind the upload's row `after`."""
    this = (
        TrainingPredictionRow.training_job_id == training_job_id,
        TrainingPredictionRow.row > after,
    )
    rows = sa.select(TrainingPredictionRow).where(*this).order_by(TrainingPredictionRow.row)
    return session.execute(rows.limit(limit)).scalars().all()


def pages(session: Session, *, training_job_id: UUID) -> Sequence[TrainingPageRow]:
    """The web pages that were read for it or could not be, in the order in which they were named."""
    rows = sa.select(TrainingPageRow).where(TrainingPageRow.training_job_id == training_job_id)
    return session.execute(rows.order_by(TrainingPageRow.n)).scalars().all()


def code(session: Session, *, training_job_id: UUID) -> tuple[str | None, str | None]:
    """What ran in the sandbox: train.py, and the predict.py beside it where its author wrote one."""
    columns = sa.select(TrainingJobRow.code, TrainingJobRow.predict_code)
    found = session.execute(columns.where(TrainingJobRow.id == training_job_id)).one_or_none()
    return (found.code, found.predict_code) if found else (None, None)


@dataclass(frozen=True)
class EarlierCode:
    """What ran in the sandbox for an earlier version of a model's name."""

    version: int
    code: str


def code_before(session: Session, *, job: TrainingJobRow) -> EarlierCode | None:
    """Of the newest version before this one that ran code; None for the first, and for one without a model here."""
    if job.model is None:
        return None
    earlier = (
        sa.select(ModelRow.version, TrainingJobRow.code)
        .join(ModelRow, TrainingJobRow.model_id == ModelRow.id)
        .where(
            TrainingJobRow.user_id == job.user_id,
            ModelRow.name == job.model.name,
            ModelRow.version < job.model.version,
            TrainingJobRow.code.is_not(None),
        )
    )
    found = session.execute(earlier.order_by(ModelRow.version.desc()).limit(1)).one_or_none()
    return EarlierCode(found.version, found.code) if found else None
