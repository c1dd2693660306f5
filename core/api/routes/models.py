"""Routes of models."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import ownership
from core.api.dependencies import (
    Config,
    Cursor,
    Files,
    IdempotencyKey,
    Limit,
    ModelId,
    Owner,
    Reader,
    Text,
    Trainer,
    UploadIdInBody,
    Writer,
    upload_id_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas import work
from core.api.schemas.models import Model, ModelDetail
from core.api.schemas.targets import NewThreshold, StatedRows, StatedTarget
from core.db.tables.models import ModelRow
from core.models import changes, models
from core.models.requests import proposals, training_requests
from core.settings import Settings
from core.storage import Storage
from core.uploads import stored, uploads

router = APIRouter(prefix="/models", tags=["models"])


class Training(StatedTarget, StatedRows):
    """A model to train."""

    model_config = ConfigDict(extra="forbid", strict=True)
    upload_id: UploadIdInBody
    target: Text = Field(description="The column to predict.")
    name: Text = Field(default="", description="An existing name gets a new version.")


class ThresholdChange(NewThreshold):
    """A change of a model."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TrainingBegun(BaseModel):
    """The model being trained."""

    model_id: str
    task_id: str


@router.post(
    "/train",
    status_code=202,
    response_description="Training has started.",
    response_model=TrainingBegun,
    responses=documented(400, 403, 404, 409, 413, 415, 422, 429, 503),
)
async def train_model(
    user: Trainer, config: Config, files: Files, wanted: Training, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Train a model on an upload. `GET /api/models/{id}` shows when it is ready.

    Where the very same training of yours is in the queue, that is the answer.
    """
    upload_id = upload_id_of(wanted.upload_id)
    made_of = {"call": "train", **wanted.model_dump(), "upload_id": upload_id}
    async with once(user, idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        model = await anyio.to_thread.run_sync(_request, user, config, files, call, upload_id, wanted)
        return await call.answer(202, _begun(model))


def _request(
    user: db.User, config: Settings, files: Storage, call: Call, upload_id: int, wanted: Training
) -> ModelRow:
    proposals.require_positive_label(
        user, storage=files, upload_id=upload_id, target=wanted.target, choices=wanted.choices
    )
    with db.session_scope(user, write=True) as session:
        model = training_requests.request(
            session,
            most_waiting=config.max_waiting_trainings,
            upload=uploads.get(session, upload_id=upload_id),
            target=wanted.target,
            name=wanted.name,
            choices=wanted.choices,
            threshold=wanted.threshold,
            keep=wanted.keep,
            validation=wanted.validation,
        )
        call.made(session, 202, _begun(model))
    return model


def _begun(model: ModelRow) -> TrainingBegun:
    return TrainingBegun(model_id=str(model.id), task_id=str(model.task_id))


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_models(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[
        list[Literal["training", "ready", "failed"]] | None,
        Query(description="Only these; repeat it for several."),
    ] = None,
    upload_id: str | None = None,
    owner: Owner = ownership.MINE,
) -> work.Listed[Model]:
    """Your models, newest first."""
    with db.session_scope(user) as session:
        page = models.page(
            session,
            limit=limit,
            cursor=cursor,
            statuses=status or (),
            upload_id=None if upload_id is None else upload_id_of(upload_id),
            owner=owner,
        )
    return work.Listed[Model].of(page, Model.of)


@router.get("/{model_id}", responses=documented(403, 404, 503))
def get_model(user: Reader, model_id: ModelId) -> ModelDetail:
    """One model, with its schema and training report."""
    return _detail(user, model_id)


@router.patch("/{model_id}", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def change_model(user: Trainer, model_id: ModelId, wanted: ThresholdChange) -> ModelDetail:
    """Give a model of two classes another threshold. Predictions that exist keep theirs."""
    with db.session_scope(user, write=True) as session:
        changes.set_threshold(session, model_id=model_id, wanted=wanted.threshold)
    return _detail(user, model_id)


@router.post("/{model_id}/cancel", responses=documented(403, 404, 409, 503))
def cancel_training(user: Trainer, model_id: ModelId) -> ModelDetail:
    """Stop a training: at once if it is waiting, otherwise as soon as its worker notices."""
    with db.session_scope(user, write=True) as session:
        changes.cancel_training(session, model_id=model_id)
    return _detail(user, model_id)


@router.delete("/{model_id}", responses=documented(403, 404, 409, 503))
def delete_model(user: Writer, files: Files, model_id: ModelId) -> work.Deleted:
    """Delete a model that has no predictions."""
    stored.delete(user, files, partial(changes.delete, model_id=model_id))
    return work.Deleted(id=str(model_id))


def _detail(user: db.User, model_id: UUID) -> ModelDetail:
    with db.session_scope(user) as session:
        return ModelDetail.of(models.get(session, model_id=model_id))
