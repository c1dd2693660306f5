"""The answers that a built-in model's live app must give: made by a short task, as only a worker loads such a model.

A model of a sandbox has brought them from its training. Of others, three rows of our own are asked: a usual one, one of
the least and one of the most that training has seen.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.models.schema import Feature, Schema
from core.queue import TaskState
from core.training.deployments import states
from core.training.deployments.states import Status

KIND: Final = "deployments.expect"
CANCELLED: Final = queue.Reason("cancelled", "Its check was cancelled.", "Restart it.")


def request(session: Session, *, model: ModelRow) -> UUID:
    """The task that makes them, in the caller's transaction."""
    payload = {"model_id": str(model.id)}
    return queue.enqueue(session, kind_name=KIND, user_id=model.user_id, payload=payload, priority=-1)


def is_over(session: Session, *, task_id: UUID | None) -> bool:
    """Whether nobody makes them any more."""
    state = session.execute(sa.select(TaskRow.state).where(TaskRow.id == task_id)).scalar_one_or_none()
    return state is None or state in queue.SETTLED


def follow(session: Session, task: queue.Task) -> None:
    """Write the answers beside the deployment, or why there are none."""
    of_task = sa.select(DeploymentRow.id).where(DeploymentRow.task_id == task.id)
    deployment_id = session.execute(of_task).scalar_one_or_none()
    if deployment_id is None or task.state not in queue.SETTLED:
        return
    if task.state is TaskState.SUCCEEDED:
        assert task.result is not None
        this = sa.update(DeploymentRow).where(DeploymentRow.id == deployment_id)
        session.execute(this.values(checks=task.result["checks"]))
        return
    states.move(session, deployment_id=deployment_id, to=Status.FAILED, reason=task.reason or CANCELLED)


def rows(schema: Schema) -> list[dict[str, Any]]:
    """Three rows that any model of this schema can answer."""
    return [
        {feature.name: feature.reference for feature in schema.inputs},
        {feature.name: _least(feature) for feature in schema.inputs},
        {feature.name: _most(feature) for feature in schema.inputs},
    ]


def _least(feature: Feature) -> float | str | None:
    return feature.minimum if feature.is_measured else next(iter(reversed(feature.categories)), None)


def _most(feature: Feature) -> float | str | None:
    return feature.maximum if feature.is_measured else None
