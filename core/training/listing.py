"""What is asked of all of a user's trainings and live apps at once: what failed, what was left, how many are up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from core import db, queue
from core.access import ownership
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.db.types import json_member
from core.training import jobs
from core.training.deployments import deployments
from core.training.deployments import states as deployment_states
from core.training.local.reports import LOCAL
from core.training.states import STAGES, Status

FAILURES: Final = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
CANCELLED: Final = "cancelled"  # the code of a model's error


def unmended(session: Session, *, since: datetime, limit: int) -> Sequence[TrainingJobRow]:
    """The user's trainings that failed since then, newest first, but for those after which another version of the
    model was begun, by a retry or in any other way; one that was cancelled mends nothing. One on the user's own machine
    makes no model: another of the same name there, begun later, mends it.
    """
    later = aliased(ModelRow)
    was_cancelled = sa.cast(json_member(later.error, "code"), sa.Text).contains(CANCELLED)
    another = sa.exists().where(
        later.user_id == ModelRow.user_id,
        later.name == ModelRow.name,
        later.version > ModelRow.version,
        sa.or_(later.status != "failed", sa.not_(sa.func.coalesce(was_cancelled, sa.false()))),
    )
    again = aliased(TrainingJobRow)
    another_there = sa.exists().where(
        TrainingJobRow.origin == LOCAL,
        again.user_id == TrainingJobRow.user_id,
        again.origin == LOCAL,
        again.name == TrainingJobRow.name,
        again.created_at > TrainingJobRow.created_at,
        again.status.not_in((*FAILURES, Status.CANCELLED)),
    )
    rows = jobs.whole().where(
        TrainingJobRow.user_id == db.owner(session),
        TrainingJobRow.status.in_(FAILURES),
        TrainingJobRow.updated_at > since,
        sa.not_(another),
        sa.not_(another_there),
    )
    newest = rows.order_by(TrainingJobRow.created_at.desc(), TrainingJobRow.id.desc())
    return session.execute(newest.limit(limit)).scalars().all()


def abandoned(session: Session, *, statuses: Collection[str]) -> set[UUID]:
    """The user's trainings in one of these states whose worker is gone: they wait like queued ones."""
    return {
        training_job_id
        for stage in STAGES
        if stage in statuses
        for training_job_id in queue.abandoned(session, TrainingJobRow, status=stage)
    }


def live_apps(session: Session) -> Mapping[deployment_states.Status, int]:
    """How many of the user's live apps are in each state."""
    rows = sa.select(DeploymentRow.status, sa.func.count()).where(DeploymentRow.user_id == db.owner(session))
    statuses = deployment_states.Status
    found = {statuses(status): n for status, n in session.execute(rows.group_by(DeploymentRow.status))}
    return {status: found.get(status, 0) for status in statuses}


def trainings_of(session: Session, *, model_ids: Sequence[UUID]) -> Mapping[UUID, TrainingJobRow]:
    """The trainings of these models, by the model, as far as they have one and it may be seen."""
    rows = jobs.whole().where(
        TrainingJobRow.model_id.in_(model_ids), ownership.seen(session, TrainingJobRow.user_id)
    )
    found = session.execute(rows).scalars() if model_ids else ()
    return {job.model_id: job for job in found if job.model_id is not None}


def apps_of(session: Session, *, model_ids: Sequence[UUID]) -> Mapping[UUID, DeploymentRow]:
    """The live apps of these models, by the model, as far as they have one and it may be seen."""
    rows = deployments.whole().where(
        DeploymentRow.model_id.in_(model_ids), ownership.seen(session, DeploymentRow.user_id)
    )
    return {app.model_id: app for app in session.execute(rows).scalars()} if model_ids else {}
