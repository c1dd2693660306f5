"""A deployment's states, the allowed moves between them, and the one function that makes them.

starting → checking → live ↔ unhealthy, while a process is wanted; paused and expired once nobody asks, stopped once
somebody says so, failed once it can't be made to work. Each leads back to starting.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.tables.training_jobs import TrainingJobRow


class Status(StrEnum):
    """starting → checking → live ↔ unhealthy → paused | expired | stopped | failed."""

    STARTING = "starting"
    CHECKING = "checking"
    LIVE = "live"
    UNHEALTHY = "unhealthy"
    PAUSED = "paused"
    EXPIRED = "expired"
    STOPPED = "stopped"
    FAILED = "failed"


AWAKE: Final = frozenset({Status.STARTING, Status.CHECKING, Status.LIVE, Status.UNHEALTHY})
ASLEEP: Final = frozenset({Status.PAUSED, Status.EXPIRED, Status.STOPPED, Status.FAILED})
WITHOUT_URL: Final = frozenset({Status.EXPIRED, Status.STOPPED, Status.FAILED})
STOPPED_FROM: Final = AWAKE | {Status.PAUSED}

_ENDS = {Status.STARTING, Status.PAUSED, Status.EXPIRED, Status.STOPPED, Status.FAILED}
TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.STARTING: frozenset({Status.CHECKING} | _ENDS),
    Status.CHECKING: frozenset({Status.LIVE} | _ENDS),
    Status.LIVE: frozenset({Status.UNHEALTHY} | _ENDS),
    Status.UNHEALTHY: frozenset({Status.LIVE} | _ENDS),
    Status.PAUSED: frozenset({Status.STARTING, Status.EXPIRED, Status.STOPPED}),
    Status.EXPIRED: frozenset({Status.STARTING}),
    Status.STOPPED: frozenset({Status.STARTING}),
    Status.FAILED: frozenset({Status.STARTING}),
}


def move(
    session: Session,
    *,
    deployment_id: UUID,
    to: Status,
    reason: queue.Reason | None = None,
    where: tuple[sa.ColumnElement[bool], ...] = (),
    **values: Any,
) -> bool:
    """Move a deployment, if its present state and what `where` adds allow it; False if not.

    The address that model and training show follows: it is the deployment's `url`, and none where it has none.
    """
    if to in WITHOUT_URL:
        values["url"] = None
    moved = queue.move(
        session,
        DeploymentRow,
        DeploymentRow.id == deployment_id,
        *where,
        to=to,
        transitions=TRANSITIONS,
        reason=reason.to_json() if reason else None,
        **values,
    )
    if moved and "url" in values:
        show_url(session, deployment_id=deployment_id, url=values["url"])
    return moved


def show_url(session: Session, *, deployment_id: UUID, url: str | None) -> None:
    """Write the address beside the model and its training."""
    this = sa.select(DeploymentRow.model_id, DeploymentRow.training_job_id)
    model_id, training_job_id = session.execute(this.where(DeploymentRow.id == deployment_id)).one()
    session.execute(sa.update(ModelRow).where(ModelRow.id == model_id).values(deployed_url=url))
    if training_job_id is not None:
        of_job = TrainingJobRow.id == training_job_id
        session.execute(sa.update(TrainingJobRow).where(of_job).values(deployment_url=url))
