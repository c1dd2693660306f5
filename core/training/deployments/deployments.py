"""Deployments: what a user can ask of a model's live app, and what others ask about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import db
from core.access import audit, ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow
from core.db.types import now_plus
from core.errors import Conflict, NotFound
from core.models import models
from core.training.deployments import expectation, local_keeper, states
from core.training.deployments.states import AWAKE, STOPPED_FROM, Status


def begin(session: Session, *, training_job_id: UUID, checks: Sequence[dict[str, Any]]) -> None:
    """Make the live app of a training that has just succeeded, in the transaction that says so."""
    columns = TrainingJobRow.user_id, TrainingJobRow.model_id
    user_id, model_id = session.execute(sa.select(*columns).where(TrainingJobRow.id == training_job_id)).one()
    session.add(
        DeploymentRow(
            user_id=user_id, model_id=model_id, training_job_id=training_job_id, checks=list(checks)
        )
    )
    session.flush()


def create(session: Session, *, model_id: UUID) -> DeploymentRow:
    """A ready model's live app; where it has one that is asleep, that is started again.

    Raises NotFound, OwnedByAnother, Conflict for a model that is not ready.
    """
    model = models.hold(session, model_id=model_id)
    if model.status != "ready":
        raise Conflict(resource="model", state=model.status, asked="deployed")
    found = of_model(session, model_id=model_id)
    if found is not None:
        return found if found.status in AWAKE else restart(session, deployment_id=found.id)
    deployment = DeploymentRow(user_id=model.user_id, model_id=model.id)
    deployment.task_id = expectation.request(session, model=model)
    session.add(deployment)
    session.flush()
    audit.note(
        session, "deployment.created", audit.Subject("deployment", deployment.id, models.subject(model).name)
    )
    local_keeper.after_commit(session)
    return get(session, deployment_id=deployment.id)


def get(session: Session, *, deployment_id: UUID) -> DeploymentRow:
    """One deployment with its model; an admin sees others' too. Raises NotFound."""
    this = DeploymentRow.id == deployment_id, ownership.seen(session, DeploymentRow.user_id)
    found = session.execute(whole().where(*this)).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="live app", id=deployment_id)
    return found


def of_model(session: Session, *, model_id: UUID) -> DeploymentRow | None:
    """The deployment of a model that may be seen."""
    this = DeploymentRow.model_id == model_id, ownership.seen(session, DeploymentRow.user_id)
    return session.execute(whole().where(*this)).scalar_one_or_none()


def page(
    session: Session,
    *,
    statuses: Sequence[str] = (),
    owner: OwnerFilter = ownership.MINE,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[DeploymentRow]:
    """Deployments, newest first. Raises BadCursor, NotAllowed."""
    rows = sa.select(DeploymentRow).where(ownership.listed(session, DeploymentRow.user_id, owner))
    if statuses:
        rows = rows.where(DeploymentRow.status.in_(statuses))
    return newest_first(
        session, rows, created_at=DeploymentRow.created_at, id=DeploymentRow.id, limit=limit, cursor=cursor,
        whole=whole(),
    )  # fmt: skip


def whole() -> sa.Select[DeploymentRow]:
    """Every deployment, joined with its model."""
    joined = sa.select(DeploymentRow).join(ModelRow, DeploymentRow.model_id == ModelRow.id)
    return joined.options(contains_eager(DeploymentRow.model))


def stop(session: Session, *, deployment_id: UUID) -> DeploymentRow:
    """End the live app; its address answers no more. Raises NotFound, OwnedByAnother, Conflict."""
    found = _own(session, deployment_id=deployment_id)
    if found.status not in STOPPED_FROM:
        raise Conflict(resource="live app", state=found.status, asked="stopped")
    return _moved(session, found, Status.STOPPED, "deployment.stopped", asked="stopped")


def restart(session: Session, *, deployment_id: UUID) -> DeploymentRow:
    """Start it anew, whatever state it is in. Raises NotFound, OwnedByAnother."""
    found = _own(session, deployment_id=deployment_id)
    # Elsewhere a new process has a new address; the old one is no longer shown.
    values = {"used_at": now_plus()} if found.backend == "local" else {"used_at": now_plus(), "url": None}
    return _moved(session, found, Status.STARTING, "deployment.restarted", asked="restarted", **values)


def extend(session: Session, *, deployment_id: UUID, ttl_s: float) -> DeploymentRow:
    """Count its times to live from now. Raises NotFound, OwnedByAnother, Conflict for one that is over."""
    found = _own(session, deployment_id=deployment_id)
    if found.status not in STOPPED_FROM:
        raise Conflict(resource="live app", state=found.status, asked="extended")
    this = sa.update(DeploymentRow).where(DeploymentRow.id == deployment_id)
    used = {"used_at": now_plus(), "expires_at": now_plus(ttl_s)}
    session.execute(this.values(used), execution_options={"synchronize_session": False})
    audit.note(session, "deployment.extended", subject(found))
    return _again(session, found)


def wake(session: Session, *, deployment_id: UUID) -> bool:
    """Start a paused one again, as somebody asks for it; False where it is not paused any more."""
    paused = DeploymentRow.status == Status.PAUSED
    woken = states.move(
        session, deployment_id=deployment_id, to=Status.STARTING, where=(paused,), used_at=now_plus()
    )
    local_keeper.after_commit(session)
    return woken


def n_awake(session: Session, model_id: UUID) -> int:
    """How many processes a model has: what keeps it from being deleted."""
    awake = DeploymentRow.model_id == model_id, DeploymentRow.status.in_(AWAKE)
    return session.execute(sa.select(sa.func.count()).where(*awake)).scalar_one()


def subject(deployment: DeploymentRow) -> audit.Subject:
    """A deployment, as the audit trail names it."""
    model = deployment.model
    return audit.Subject("deployment", deployment.id, f"{model.name} v{model.version}")


def _own(session: Session, *, deployment_id: UUID) -> DeploymentRow:
    """`get` for its owner alone, and nobody else changes it meanwhile."""
    mine = DeploymentRow.id == deployment_id, DeploymentRow.user_id == db.owner(session)
    session.execute(sa.select(DeploymentRow.id).where(*mine).with_for_update())
    found = get(session, deployment_id=deployment_id)
    ownership.require_own(session, found.user_id, resource="live app")
    return found


def _moved(
    session: Session, found: DeploymentRow, to: Status, action: str, *, asked: str, **values: Any
) -> DeploymentRow:
    if not states.move(session, deployment_id=found.id, to=to, **values):
        raise Conflict(resource="live app", state=found.status, asked=asked)
    audit.note(session, action, subject(found))
    local_keeper.after_commit(session)
    return _again(session, found)


def _again(session: Session, found: DeploymentRow) -> DeploymentRow:
    session.expire(found)
    return get(session, deployment_id=found.id)
