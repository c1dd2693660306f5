"""Routes of live apps: list, start, stop, and ask for predictions."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core import db, sandboxes
from core.access import ownership
from core.api.dependencies import (
    TEXT_KEYS,
    Config,
    Cursor,
    IdempotencyKey,
    Limit,
    Owner,
    Reader,
    Text,
    Trainer,
    Writer,
    model_id_of,
    uuid_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas import work
from core.api.schemas.trainings import Deployment
from core.settings import Settings, part
from core.settings.parts.training import DeploymentSettings
from core.training.deployments import deployments
from core.training.deployments.states import Status

router = APIRouter(prefix="/deployments", tags=["live apps"])


def _deployment_in_path(deployment_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return uuid_of(deployment_id, resource="live app")


DeploymentId = Annotated[UUID, Depends(_deployment_in_path)]


class DeploymentRequest(BaseModel):
    """A model whose app is to go live."""

    model_config = ConfigDict(extra="forbid", strict=True)
    model_id: Text


class RowsToPredict(BaseModel):
    """Rows as objects of the model's columns; what is absent or null is not known."""

    model_config = ConfigDict(extra="forbid")
    rows: list[Annotated[dict[Text, Any], TEXT_KEYS]] = Field(min_length=1)


class PredictedRow(BaseModel):
    """What the model says of a row. probabilities: by class; null for a number."""

    prediction: str | float
    probabilities: dict[str, float] | None = None


class PredictedRows(BaseModel):
    """One answer a row, in their order."""

    predictions: list[PredictedRow]


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_deployments(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[list[Status] | None, Query(description="Only these; repeat it for several.")] = None,
    owner: Owner = ownership.MINE,
) -> work.Listed[Deployment]:
    """Live apps, newest first."""
    with db.session_scope(user) as session:
        page = deployments.page(session, statuses=status or (), owner=owner, limit=limit, cursor=cursor)
        return work.Listed[Deployment].of(page, Deployment.of)


@router.post(
    "",
    status_code=202,
    response_model=Deployment,
    response_description="Starting.",
    responses=documented(400, 403, 404, 409, 413, 415, 422, 503),
)
async def create_deployment(
    user: Trainer, config: Config, wanted: DeploymentRequest, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Have a ready model's app go live. A model has one; where it is stopped, this starts it again."""
    model_id = model_id_of(wanted.model_id)
    async with once(user, idempotency_key, {"call": "deployments", **wanted.model_dump()}) as call:
        if call.replay is not None:
            return call.replay
        created = await anyio.to_thread.run_sync(partial(_create, user, config, call, model_id))
        return await call.answer(202, created)


def _create(user: db.User, config: Settings, call: Call, model_id: UUID) -> Deployment:
    sandboxes.configured(config).probe()
    with db.session_scope(user, write=True) as session:
        created = Deployment.of(deployments.create(session, model_id=model_id))
        call.made(session, 202, created)
    return created


@router.get("/{deployment_id}", responses=documented(403, 404, 503))
def get_deployment(user: Reader, deployment_id: DeploymentId) -> Deployment:
    """One live app."""
    with db.session_scope(user) as session:
        return Deployment.of(deployments.get(session, deployment_id=deployment_id))


@router.post("/{deployment_id}/stop", responses=documented(403, 404, 409, 503))
def stop_deployment(user: Trainer, deployment_id: DeploymentId) -> Deployment:
    """End a live app; its address answers no more."""
    with db.session_scope(user, write=True) as session:
        return Deployment.of(deployments.stop(session, deployment_id=deployment_id))


@router.post(
    "/{deployment_id}/restart",
    status_code=202,
    response_description="Starting.",
    responses=documented(403, 404, 409, 503),
)
def restart_deployment(user: Trainer, deployment_id: DeploymentId) -> Deployment:
    """Start a live app anew, whatever state it is in."""
    with db.session_scope(user, write=True) as session:
        return Deployment.of(deployments.restart(session, deployment_id=deployment_id))


@router.post("/{deployment_id}/extend", responses=documented(403, 404, 409, 503))
def extend_deployment(user: Trainer, config: Config, deployment_id: DeploymentId) -> Deployment:
    """Count the time until it expires from now."""
    ttl_s = part(config, DeploymentSettings).deployment_ttl_s
    with db.session_scope(user, write=True) as session:
        return Deployment.of(deployments.extend(session, deployment_id=deployment_id, ttl_s=ttl_s))


@router.post(
    "/{deployment_id}/predict",
    response_model=PredictedRows,
    responses=documented(400, 403, 404, 409, 413, 415, 422, 503),
)
async def predict_rows(
    request: Request, user: Writer, deployment_id: DeploymentId, wanted: RowsToPredict
) -> PredictedRows:
    """Predict rows. A live app that is asleep wakes up for it, which takes some seconds."""
    answers = await request.app.state.asking.predict(user, deployment_id=deployment_id, given=wanted.rows)
    return PredictedRows(
        predictions=[
            PredictedRow(prediction=one.prediction, probabilities=one.probabilities) for one in answers
        ]
    )
